#include "core/json_repair.h"

#include "core/json_escape.h"
#include "core/utf8.h"

namespace aigw {

std::string repair_json_text(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 16);
    for (size_t at = 0; at < text.size();) {
        size_t length = utf8_length(text.substr(at));
        bool valid = length != 0;
        if (text[at] == '\\') {
            DecodedEscape escape = decode_json_escape(text.substr(at));
            valid = escape.verdict != DecodedEscape::Verdict::LoneSurrogate;
            length = escape.consumed;
        }
        if (valid) {
            out.append(text.substr(at, length));
        } else {
            out.append(kReplacementCharacter);
        }
        at += length == 0 ? 1 : length;
    }
    return out;
}

}  // namespace aigw
