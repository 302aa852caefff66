#include "core/json_fault.h"

#include "core/utf8.h"

namespace aigw {

namespace {

size_t first_invalid_utf8(std::string_view text) {
    size_t at = 0;
    while (at < text.size()) {
        size_t length = utf8_length(text.substr(at));
        if (length == 0) {
            return at;
        }
        at += length;
    }
    return std::string_view::npos;
}

size_t first_broken_string(std::string_view text) {
    size_t quote = std::string_view::npos;
    for (size_t at = 0; at < text.size(); ++at) {
        bool inside = quote != std::string_view::npos;
        if (text[at] == '"') {
            quote = inside ? std::string_view::npos : at;
        } else if (text[at] == '\\') {
            ++at;
        } else if (inside && static_cast<unsigned char>(text[at]) < 0x20) {
            return at;
        }
    }
    return quote;
}

}  // namespace

JsonError locate_json_fault(std::string_view text, JsonError otherwise) {
    size_t at = first_invalid_utf8(text);
    if (at != std::string_view::npos) {
        return {JsonFault::Utf8, at, {}};
    }
    at = first_broken_string(text);
    if (at != std::string_view::npos) {
        return {JsonFault::Syntax, at, {}};
    }
    return otherwise;
}

}  // namespace aigw
