#include "chat/error.h"

#include <gtest/gtest.h>

using namespace aigw::chat;

TEST(ChatError, InvalidRequestIsA400) {
    ApiError e = invalid_request("missing_field", "Missing 'model'.", "model");
    EXPECT_EQ(e.status, 400);
    EXPECT_EQ(e.kind, ErrorKind::InvalidRequest);
    EXPECT_EQ(e.code, "missing_field");
    EXPECT_EQ(e.message, "Missing 'model'.");
    EXPECT_EQ(e.param, "model");
    EXPECT_FALSE(e.retry_after_ms);
}

TEST(ChatError, UnsupportedNamesTheField) {
    ApiError e = unsupported("messages[0].content[1].type");
    EXPECT_EQ(e.status, 400);
    EXPECT_EQ(e.code, "unsupported_value");
    EXPECT_EQ(e.param, "messages[0].content[1].type");
    EXPECT_NE(e.message.find("messages[0].content[1].type"), std::string::npos);
    EXPECT_NE(unsupported("n", "one answer only").message.find(": one answer only."), std::string::npos);
}
