#include "core/safe_text.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

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

bool has_control(std::string_view text) {
    constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
    uint64_t found = 0;
    size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        uint64_t word;
        std::memcpy(&word, text.data() + at, 8);
        uint64_t del = word ^ (kOnes * 0x7f);
        found |= ((word - kOnes * 0x20) & ~word) | ((del - kOnes) & ~del);
    }
    return (found & kHighs) != 0 ||
           std::any_of(text.begin() + static_cast<ptrdiff_t>(at), text.end(), [](char c) { return is_control(static_cast<unsigned char>(c)); });
}

std::string safe_text(std::string_view text) {
    constexpr char kHex[] = "0123456789ABCDEF";
    if (text.size() <= kMaxSafeText && !has_control(text)) {
        return std::string(text);
    }
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
