#include "core/safe_text.h"

namespace aigw {
namespace {

bool is_control(unsigned char c) {
    return c < 0x20 || c == 0x7f;
}

// Inside a UTF-8 character, not at its start.
bool is_continuation(unsigned char c) {
    return (c & 0xc0) == 0x80;
}

}  // namespace

std::string safe_text(std::string_view text) {
    constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size() < kMaxSafeText ? text.size() : kMaxSafeText);
    for (size_t i = 0; i < text.size(); i++) {
        auto c = static_cast<unsigned char>(text[i]);
        if (out.size() + (is_control(c) ? 3 : 1) > kMaxSafeText) {
            while (!out.empty() && is_continuation(c)) {
                c = static_cast<unsigned char>(out.back());
                out.pop_back();
            }
            break;
        }
        if (is_control(c)) {
            out += '%';
            out += kHex[c >> 4];
            out += kHex[c & 15];
        } else {
            out += static_cast<char>(c);
        }
    }
    return out;
}

}  // namespace aigw
