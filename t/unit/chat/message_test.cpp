#include "chat/message.h"

#include <gtest/gtest.h>

using aigw::chat::Origin;

TEST(Origin, PathOfEveryDepth) {
    EXPECT_EQ((Origin{}).path(), "messages");
    EXPECT_EQ((Origin{}).path("role"), "messages.role");
    EXPECT_EQ((Origin{"messages", 2}).path(), "messages[2]");
    EXPECT_EQ((Origin{"messages", 2, 1}).path("type"), "messages[2].content[1].type");
    EXPECT_EQ((Origin{"messages", 0, 1, 3}).path(), "messages[0].content[1].content[3]");
    EXPECT_EQ((Origin{"tools", 4}).path("cache_control"), "tools[4].cache_control");
    EXPECT_EQ((Origin{"messages", 2, -1, -1, "reasoning"}).path(), "messages[2].reasoning");
    EXPECT_EQ((Origin{"messages", 2, 0, -1, "tool_calls"}).path("id"), "messages[2].tool_calls[0].id");
}
