#include "core/digest.h"

#include <gtest/gtest.h>

using namespace aigw;

TEST(Sha256, KnownAnswers) {
    EXPECT_EQ(hex_encode(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex_encode(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex_encode(sha256(std::string(1'000'000, 'a'))), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, BytesNotCStrings) { EXPECT_NE(sha256(std::string_view("a\0b", 3)), sha256("a")); }

TEST(Sha256, PiecesAreOneText) {
    const std::string_view pieces[] = {"a", "", "bc"};
    EXPECT_EQ(sha256(pieces), sha256("abc"));
    EXPECT_EQ(sha256(std::span<const std::string_view>()), sha256(""));
}

// RFC 4231, cases 1, 2 and 6.
TEST(HmacSha256, KnownAnswers) {
    EXPECT_EQ(hex_encode(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hex_encode(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hex_encode(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Sha256FromHex, ReadsBack) {
    Sha256 digest = sha256("x");
    std::string hex = hex_encode(digest);
    EXPECT_EQ(sha256_from_hex(hex), digest);
    for (char &c : hex) {
        c = static_cast<char>(std::toupper(c));
    }
    EXPECT_EQ(sha256_from_hex(hex), digest);
}

TEST(Sha256FromHex, RefusesWhatIsNotOne) {
    std::string hex(64, '0');
    EXPECT_TRUE(sha256_from_hex(hex));
    EXPECT_FALSE(sha256_from_hex(""));
    EXPECT_FALSE(sha256_from_hex(hex.substr(1)));
    EXPECT_FALSE(sha256_from_hex(hex + "0"));
    for (char c : {'g', 'G', '/', ':', '@', '`', ' ', '\x10', '\0'}) {
        for (size_t at : {0, 1, 63}) {
            std::string bad = hex;
            bad[at] = c;
            EXPECT_FALSE(sha256_from_hex(bad)) << int(c) << " at " << at;
        }
    }
}

TEST(HexEncode, AnyBytes) {
    const uint8_t bytes[] = {0x00, 0x0F, 0xA0, 0xFF};
    EXPECT_EQ(hex_encode(bytes), "000fa0ff");
    EXPECT_EQ(hex_encode({}), "");
}

TEST(ConstantTimeEqual, Compares) {
    EXPECT_TRUE(constant_time_equal("", ""));
    EXPECT_TRUE(constant_time_equal("sk-1", std::string("sk-1")));
    EXPECT_FALSE(constant_time_equal("sk-1", "sk-2"));
    EXPECT_FALSE(constant_time_equal("sk-1", "sk-11"));
    EXPECT_FALSE(constant_time_equal("", "a"));
    EXPECT_TRUE(constant_time_equal(sha256("a"), sha256("a")));
    EXPECT_FALSE(constant_time_equal(sha256("a"), sha256("b")));
}
