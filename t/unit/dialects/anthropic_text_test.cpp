#include "dialects/anthropic_text.h"

#include <gtest/gtest.h>

#include "dialects/anthropic_model.h"
#include "dialects/base64.h"

using namespace aigw;
using namespace aigw::dialects;
using namespace aigw::dialects::anthropic;

TEST(AnthropicText, SeesBlankTextBehindEscapes) {
    for (const char *blank : {"", " ", "\\n", " \\t\\r\\n\\u0020\\u000A\\f"})
        EXPECT_TRUE(is_blank({blank})) << blank;
    for (const char *full : {"a", " \\n.", "\\\\n", "\\u00e9", "\\\"", "é", "\\u00a0"})
        EXPECT_FALSE(is_blank({full})) << full;
}

TEST(AnthropicText, TrimsTheEndOnly) {
    EXPECT_EQ(trim_end({" a b \\n\\u0020 "}).escaped, " a b");
    EXPECT_EQ(trim_end({"a\\\\n"}).escaped, "a\\\\n");  // a backslash and an n
    EXPECT_EQ(trim_end({"a\\\\\\n"}).escaped, "a\\\\");
    EXPECT_EQ(trim_end({"é \\ud83d\\ude00 "}).escaped, "é \\ud83d\\ude00");
    EXPECT_EQ(trim_end({" \\n"}).escaped, "");
}

TEST(AnthropicText, CompactsOutsideStringsOnly) {
    std::string out;
    append_compact_escaped(out, "{ \"a\" : \"x y\\\" \\\\\" ,\n\t\"b\": [1, {\"c\" :null}] }");
    EXPECT_EQ(out, R"({\"a\":\"x y\\\" \\\\\",\"b\":[1,{\"c\":null}]})");
    EXPECT_EQ(JsonText{out}.decode(), "{\"a\":\"x y\\\" \\\\\",\"b\":[1,{\"c\":null}]}");
}

TEST(AnthropicText, MapsForeignIds) {
    const auto id = [](std::string_view text) {
        std::string out;
        append_tool_id(out, {text});
        return out;
    };
    EXPECT_EQ(id("call_A-9z"), "call_A-9z");
    EXPECT_EQ(id("functions.f:0"), "functions_f_0");
    EXPECT_EQ(id("x\\u0020é\\n"), "x____");
}

TEST(AnthropicText, KnowsWhenAnObjectIsClosed) {
    const std::string json = R"({"a":"}\\\"{","b":[{}],"c":{}})";
    std::string escaped;
    append_compact_escaped(escaped, json);
    JsonProgress whole;
    whole.feed({escaped});
    EXPECT_TRUE(whole.complete());
    JsonProgress cut;
    cut.feed({std::string_view(escaped).substr(0, escaped.size() - 1)});
    EXPECT_FALSE(cut.complete());
    cut.feed({"}"});
    EXPECT_TRUE(cut.complete());
    JsonProgress none;
    none.feed({"  }] 1"});
    EXPECT_FALSE(none.complete());
}

TEST(AnthropicModel, ReadsTheVersionFromTheName) {
    for (const char *model : {"claude-opus-4-7", "claude-opus-4-8-20260401", "claude-sonnet-5", "claude-opus-4.7",
                              "us.anthropic.claude-opus-4-7-v1:0", "anthropic/claude-sonnet-5"})
        EXPECT_TRUE(traits_of(model).adaptive_only) << model;
    for (const char *model : {"claude-sonnet-4-20250514", "claude-3-5-haiku-20241022", "claude-sonnet-4-6", "claude-2.1",
                              "claude-haiku-4-5@20251001", "claude-instant-v1", "gpt-5", "", "claude", "opus-9"})
        EXPECT_FALSE(traits_of(model).adaptive_only) << model;
}

TEST(Base64, DecodesWithAndWithoutPadding) {
    EXPECT_EQ(decode_base64(""), "");
    EXPECT_EQ(decode_base64("aGVsbG8="), "hello");
    EXPECT_EQ(decode_base64("aGVsbG8"), "hello");
    EXPECT_EQ(decode_base64("+/+/"), "\xfb\xff\xbf");
    for (const char *bad : {"a", "a===", "a b=", "aGVs\n", "=", "a=b="})
        EXPECT_EQ(decode_base64(bad), std::nullopt) << bad;
}
