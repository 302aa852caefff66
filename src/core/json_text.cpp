// The inside of JSON strings: one escape at a time, and whole strings run by run between backslashes.
#include <cstring>

#include "core/json.h"
#include "core/json_escape.h"

namespace aigw {

void JsonText::decode_to(std::string &out) const {
    std::string_view rest = escaped;
    while (!rest.empty()) {
        size_t plain = rest.find('\\');
        if (plain == std::string_view::npos) {
            plain = rest.size();
        }
        out.append(rest.substr(0, plain));
        rest.remove_prefix(plain);
        if (!rest.empty()) {
            DecodedEscape escape = decode_json_escape(rest);
            out.append(escape.utf8());
            rest.remove_prefix(escape.consumed);
        }
    }
}

std::string JsonText::decode() const {
    std::string out;
    out.reserve(escaped.size());
    decode_to(out);
    return out;
}

bool JsonText::operator==(std::string_view plain) const {
    std::string_view rest = escaped;
    while (!rest.empty()) {
        size_t run = rest.find('\\');
        if (run == std::string_view::npos) {
            return rest == plain;
        }
        if (plain.substr(0, run) != rest.substr(0, run)) {
            return false;
        }
        plain.remove_prefix(run);
        rest.remove_prefix(run);
        DecodedEscape escape = decode_json_escape(rest);
        if (plain.substr(0, escape.size) != escape.utf8()) {
            return false;
        }
        plain.remove_prefix(escape.size);
        rest.remove_prefix(escape.consumed);
    }
    return plain.empty();
}

}  // namespace aigw
