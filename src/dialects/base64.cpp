#include "dialects/base64.h"

#include <algorithm>
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

void append_base64(std::string &out, std::string_view bytes) {
    constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (; !bytes.empty(); bytes.remove_prefix(std::min<size_t>(3, bytes.size()))) {
        const auto byte = [&](size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u; };
        const uint32_t bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        out += kAlphabet[bits >> 18];
        out += kAlphabet[bits >> 12 & 63];
        out += bytes.size() > 1 ? kAlphabet[bits >> 6 & 63] : '=';
        out += bytes.size() > 2 ? kAlphabet[bits & 63] : '=';
    }
}

std::string standard_base64(std::string_view encoded) {
    std::string out(encoded);
    for (char &c : out)
        c = c == '-' ? '+' : c == '_' ? '/' : c;
    return out;
}

}  // namespace aigw::dialects
