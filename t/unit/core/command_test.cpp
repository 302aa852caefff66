#include "core/command.h"

#include <gtest/gtest.h>

namespace aigw {
namespace {

TEST(Command, KeepsItsWords) {
    std::string binary("a\0\r\n", 4);
    const uint8_t bytes[] = {0x00, 0x0f, 0xa5};
    Command command{"SET", "", binary};
    command.add(int64_t{-9223372036854775807 - 1}).add(int64_t{0}).add_hex(bytes).add("end");
    ASSERT_EQ(command.size(), 7u);
    EXPECT_EQ(command[0], "SET");
    EXPECT_EQ(command[1], "");
    EXPECT_EQ(command[2], binary);
    EXPECT_EQ(command[3], "-9223372036854775808");
    EXPECT_EQ(command[4], "0");
    EXPECT_EQ(command[5], "000fa5");
    EXPECT_EQ(command.back(), "end");
    EXPECT_EQ(command.tail(5), (Command{"000fa5", "end"}));
    EXPECT_TRUE(command.tail(7).empty());
    EXPECT_EQ(command.bytes(), 3u + 4 + 20 + 1 + 6 + 3);
}

TEST(Command, WordsAreNotTheirText) { EXPECT_NE((Command{"ab", "c"}), (Command{"a", "bc"})); }

}  // namespace
}  // namespace aigw
