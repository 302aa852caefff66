// SHA-256, hex, and comparison that takes the same time whatever differs. For key hashes, not for passwords: no salt,
// no stretching.
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

// Lower case, two digits for each byte.
std::string hex_encode(std::span<const uint8_t> bytes);
// Either case; nullopt unless `hex` is exactly 64 hex digits.
std::optional<Sha256> sha256_from_hex(std::string_view hex);

// Time depends on the lengths alone; texts of different lengths are unequal.
bool constant_time_equal(std::string_view a, std::string_view b);
bool constant_time_equal(const Sha256 &a, const Sha256 &b);

}  // namespace aigw
