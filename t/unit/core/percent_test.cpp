#include "core/percent.h"

#include <gtest/gtest.h>

namespace aigw {
namespace {

std::string encoded(std::string_view plain) {
    std::string out = "x";
    append_percent_encoded(out, plain);
    return out;
}

TEST(Percent, KeepsUnreservedCharactersOnly) {
    EXPECT_EQ(encoded("aZ09-._~"), "xaZ09-._~");
    EXPECT_EQ(encoded("a/b:c d%?#"), "xa%2Fb%3Ac%20d%25%3F%23");
    EXPECT_EQ(encoded("\xc3\xa9"), "x%C3%A9");
    EXPECT_EQ(encoded(std::string_view("\0\x7f", 2)), "x%00%7F");
    EXPECT_EQ(encoded(""), "x");
}

}  // namespace
}  // namespace aigw
