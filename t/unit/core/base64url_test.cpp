#include "core/base64url.h"

#include <gtest/gtest.h>

namespace aigw {
namespace {

std::string encoded(std::string_view bytes) {
    std::string out;
    append_base64url(out, bytes);
    return out;
}

// RFC 4648, section 10, without padding.
TEST(Base64Url, RfcVectors) {
    EXPECT_EQ(encoded(""), "");
    EXPECT_EQ(encoded("f"), "Zg");
    EXPECT_EQ(encoded("fo"), "Zm8");
    EXPECT_EQ(encoded("foo"), "Zm9v");
    EXPECT_EQ(encoded("foob"), "Zm9vYg");
    EXPECT_EQ(encoded("fooba"), "Zm9vYmE");
    EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
}

TEST(Base64Url, HasTheAlphabetForUrls) {
    EXPECT_EQ(encoded("\xfb\xff\xfe"), "-__-");
    EXPECT_EQ(encoded(std::string_view("\0\0", 2)), "AAA");
}

}  // namespace
}  // namespace aigw
