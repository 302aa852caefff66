#include "core/crc32.h"

#include <gtest/gtest.h>

#include <string>

namespace aigw {
namespace {

// The definition, a bit at a time.
uint32_t slowly(std::string_view bytes) {
    uint32_t crc = 0xFFFFFFFF;
    for (unsigned char byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
        }
    }
    return ~crc;
}

TEST(Crc32, KnownValues) {
    EXPECT_EQ(crc32(""), 0u);
    EXPECT_EQ(crc32("123456789"), 0xCBF43926u);  // the check value of the catalogues
    EXPECT_EQ(crc32(std::string_view("\0\0\0\x10\0\0\0\0", 8)), 0x05c248ebu);  // of an empty frame's prelude
}

TEST(Crc32, IsTheSameInAnyPieces) {
    std::string bytes;
    for (int i = 0; i < 100; ++i) {
        bytes += static_cast<char>(i * 37 + 11);
        EXPECT_EQ(crc32(bytes), slowly(bytes)) << bytes.size();
    }
    for (size_t at = 0; at <= bytes.size(); ++at) {
        EXPECT_EQ(crc32(bytes.substr(at), crc32(bytes.substr(0, at))), slowly(bytes)) << at;
    }
}

}  // namespace
}  // namespace aigw
