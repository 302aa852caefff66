#include "dialects/base64.h"

#include <cstdint>

namespace aigw::dialects {

namespace {

int value_of(char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view encoded) {
    if (encoded.ends_with('=') && encoded.size() % 4 != 0)
        return std::nullopt;
    for (int padding = 0; padding < 2 && encoded.ends_with('='); ++padding)
        encoded.remove_suffix(1);
    if (encoded.size() % 4 == 1)
        return std::nullopt;
    std::string out;
    out.reserve(encoded.size() / 4 * 3 + 2);
    uint32_t bits = 0;
    int held = 0;  // bits not yet written
    for (const char c : encoded) {
        const int value = value_of(c);
        if (value < 0)
            return std::nullopt;
        bits = (bits << 6 | static_cast<uint32_t>(value)) & 0xffffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out += static_cast<char>(bits >> held & 0xff);
        }
    }
    return out;
}

}  // namespace aigw::dialects
