#include "core/digest.h"

// OpenSSL 3's own interface looks its algorithm up anew for every digest, which costs ten times the digest of a key; the
// one of 1.1 is still there and does not.
#define OPENSSL_API_COMPAT 0x10100000L
#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace aigw {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

Sha256 sha256(std::span<const std::string_view> pieces) {
    Sha256 out;
    SHA256_CTX state;
    SHA256_Init(&state);
    for (std::string_view piece : pieces) {
        SHA256_Update(&state, piece.data(), piece.size());
    }
    SHA256_Final(out.data(), &state);
    return out;
}

Sha256 sha256(std::string_view bytes) { return sha256(std::span(&bytes, 1)); }

Sha256 hmac_sha256(std::string_view key, std::string_view text) {
    constexpr size_t kBlock = SHA256_CBLOCK;
    Sha256 shorter;
    if (key.size() > kBlock) {
        shorter = sha256(key);
        key = bytes_of(shorter);
    }
    char inner[kBlock], outer[kBlock];
    for (size_t i = 0; i < kBlock; ++i) {
        char byte = i < key.size() ? key[i] : '\0';
        inner[i] = static_cast<char>(byte ^ 0x36);
        outer[i] = static_cast<char>(byte ^ 0x5c);
    }
    const std::string_view first[] = {{inner, kBlock}, text};
    Sha256 digest = sha256(first);
    const std::string_view second[] = {{outer, kBlock}, bytes_of(digest)};
    return sha256(second);
}

std::string hex_encode(std::span<const uint8_t> bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out(2 * bytes.size(), '\0');
    char *at = out.data();
    for (uint8_t byte : bytes) {
        *at++ = kDigits[byte >> 4];
        *at++ = kDigits[byte & 0xF];
    }
    return out;
}

std::optional<Sha256> sha256_from_hex(std::string_view hex) {
    Sha256 out;
    if (hex.size() != 2 * out.size()) {
        return std::nullopt;
    }
    for (size_t i = 0; i < out.size(); ++i) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        out[i] = static_cast<uint8_t>(high << 4 | low);
    }
    return out;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

bool constant_time_equal(const Sha256 &a, const Sha256 &b) { return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

}  // namespace aigw
