#include "guards/unescape.h"

#include "core/json_escape.h"

namespace aigw::guards {

namespace {

// The escape at the head of `text` reads the same whatever follows.
bool is_whole(std::string_view text) {
    if (text.size() < 2) {
        return false;
    }
    if (text[1] != 'u') {
        return true;
    }
    int32_t code = parse_hex4(text.substr(2));
    if (code < 0) {
        return text.size() >= 6;
    }
    if (code < 0xD800 || code >= 0xDC00 || (text.size() > 6 && text[6] != '\\') || (text.size() > 7 && text[7] != 'u')) {
        return true;
    }
    return text.size() >= 12;
}

// Returns what is left: the beginning of an escape, if not `final`.
std::string_view decode(std::string_view text, bool final, std::string &plain) {
    while (!text.empty()) {
        size_t run = text.find('\\');
        plain.append(text.substr(0, run));
        text = run == std::string_view::npos ? std::string_view() : text.substr(run);
        if (text.empty() || (!final && !is_whole(text))) {
            break;
        }
        DecodedEscape escape = decode_json_escape(text);
        plain.append(escape.utf8());
        text.remove_prefix(escape.consumed);
    }
    return text;
}

}  // namespace

void Unescape::feed(std::string_view escaped, std::string &plain) {
    if (pending_.empty()) {
        pending_.assign(decode(escaped, false, plain));
        return;
    }
    std::string joined = std::move(pending_);
    joined.append(escaped);
    pending_.assign(decode(joined, false, plain));
}

void Unescape::finish(std::string &plain) {
    std::string last = std::move(pending_);
    pending_.clear();
    decode(last, true, plain);
}

}  // namespace aigw::guards
