#include "core/percent.h"

namespace aigw {

namespace {

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

}  // namespace

void append_percent_encoded(std::string &out, std::string_view plain) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    for (char c : plain) {
        auto byte = static_cast<unsigned char>(c);
        if (is_unreserved(c)) {
            out += c;
        } else {
            out.append(1, '%').append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
        }
    }
}

}  // namespace aigw
