#include "gateway/json_array.h"

#include <gtest/gtest.h>

namespace aigw::gateway {
namespace {

TEST(JsonArray, EventsBecomeElements) {
    JsonArray array;
    std::string out = "data: {\"a\":1}\n\ndata: {\"b\":2}\n\n";
    array.frame(out, false);
    EXPECT_EQ(out, "[{\"a\":1},\r\n{\"b\":2}");
    out.clear();
    array.frame(out, false);
    EXPECT_EQ(out, "");
    out = "data: {\"c\":\ndata: 3}\n\n";
    array.frame(out, false);
    EXPECT_EQ(out, ",\r\n{\"c\":\n3}");
    array.frame(out, true);  // not taken yet
    EXPECT_EQ(out, ",\r\n{\"c\":\n3}]\n");
    out.clear();
    array.frame(out, true);
    EXPECT_EQ(out, "");
}

TEST(JsonArray, AnEmptyOneIsOneToo) {
    std::string out;
    JsonArray().frame(out, true);
    EXPECT_EQ(out, "[]\n");
}

TEST(JsonArray, AskedForIsWhatTheQuerySays) {
    for (const char *query : {"alt=sse", "key=1&alt=sse", "$alt=sse&a", "%24alt=sse"}) EXPECT_TRUE(asks_events(query)) << query;
    for (const char *query : {"", "alt=json", "xalt=sse", "alt=sse2", "a=alt=sse", "&&"}) EXPECT_FALSE(asks_events(query)) << query;
}

}  // namespace
}  // namespace aigw::gateway
