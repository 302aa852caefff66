#include "core/base64url.h"

#include <algorithm>
#include <cstdint>

namespace aigw {

void append_base64url(std::string &out, std::string_view bytes) {
    constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (; !bytes.empty(); bytes.remove_prefix(std::min<size_t>(3, bytes.size()))) {
        const size_t taken = std::min<size_t>(3, bytes.size());
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; ++i) {
            bits = bits << 8 | (i < taken ? static_cast<uint8_t>(bytes[i]) : 0);
        }
        for (size_t i = 0; i <= taken; ++i) {
            out += kAlphabet[bits >> (18 - 6 * i) & 63];
        }
    }
}

}  // namespace aigw
