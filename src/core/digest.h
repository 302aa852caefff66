// SHA-256, HMAC, hex, and comparison that takes the same time whatever differs. For key hashes and signatures, not for
// passwords: no salt, no stretching.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace aigw {

inline constexpr size_t kSha256Bytes = 32;
using Sha256 = std::array<uint8_t, kSha256Bytes>;

Sha256 sha256(std::string_view bytes);
Sha256 sha256(std::span<const std::string_view> pieces);
// RFC 2104 over SHA-256. `key` is bytes of any length.
Sha256 hmac_sha256(std::string_view key, std::string_view text);
inline std::string_view bytes_of(const Sha256 &digest) {
    return {reinterpret_cast<const char *>(digest.data()), digest.size()};
}

// Lower case, two digits for each byte.
std::string hex_encode(std::span<const uint8_t> bytes);
// Either case; nullopt unless `hex` is exactly 64 hex digits.
std::optional<Sha256> sha256_from_hex(std::string_view hex);

// Time depends on the lengths alone; texts of different lengths are unequal.
bool constant_time_equal(std::string_view a, std::string_view b);
bool constant_time_equal(const Sha256 &a, const Sha256 &b);

}  // namespace aigw
