#include "dialects/base64.h"

#include <gtest/gtest.h>

namespace aigw::dialects {
namespace {

std::string encoded(std::string_view bytes) {
    std::string out;
    append_base64(out, bytes);
    return out;
}

// RFC 4648, section 10.
TEST(Base64, KnownAnswers) {
    EXPECT_EQ(encoded(""), "");
    EXPECT_EQ(encoded("f"), "Zg==");
    EXPECT_EQ(encoded("fo"), "Zm8=");
    EXPECT_EQ(encoded("foo"), "Zm9v");
    EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
    EXPECT_EQ(encoded("\xFB\xFF\xBF"), "+/+/");
}

TEST(Base64, ReadsBackAnyBytes) {
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(decode_base64(encoded(bytes)), bytes);
        bytes += static_cast<char>(i * 7);
    }
}

}  // namespace
}  // namespace aigw::dialects
