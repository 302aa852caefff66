#include "dialects/path_segment.h"

namespace aigw::dialects {

void append_path_segment(std::string &out, std::string_view plain) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    const bool folder = plain == "." || plain == "..";
    for (const unsigned char c : plain) {
        const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (alphanumeric || c == '-' || c == '_' || c == '~' || (c == '.' && !folder)) {
            out += static_cast<char>(c);
        } else {
            out += '%';
            out += kDigits[c >> 4];
            out += kDigits[c & 0xF];
        }
    }
}

}  // namespace aigw::dialects
