#include "core/json_repair.h"

#include <gtest/gtest.h>

#include "core/json.h"

namespace aigw {
namespace {

constexpr std::string_view kMark = "\xEF\xBF\xBD";

std::string with_marks(std::string text) {
    for (size_t at; (at = text.find('#')) != std::string::npos;) {
        text.replace(at, 1, kMark);
    }
    return text;
}

TEST(JsonRepair, WhatIsSoundStays) {
    for (std::string_view text : {R"({"a":"\n\"\\ud800\u00e9"})", "\"\xC3\xA9\xF0\x9F\xA6\x80\"", R"("\ud83e\udd80")", "{", R"("\q)", "\\", ""}) {
        EXPECT_EQ(repair_json_text(text), text);
    }
}

TEST(JsonRepair, BrokenTextIsMarked) {
    EXPECT_EQ(repair_json_text("\"a\xFF\xC3(\x80\""), with_marks("\"a##(#\""));
    EXPECT_EQ(repair_json_text("\"\xF0\x9F\xA6\""), with_marks("\"###\""));
    EXPECT_EQ(repair_json_text("\"\xED\xA0\x80\""), with_marks("\"###\""));
    EXPECT_EQ(repair_json_text(R"("a\ud800b\udd80\ud83e")"), with_marks(R"("a#b##")"));
    EXPECT_EQ(repair_json_text("\"\\\xFF\""), with_marks("\"\\#\""));
}

TEST(JsonRepair, TheResultIsReadable) {
    JsonParser parser;
    JsonDoc doc;
    std::string broken = "{\"a\":\"x\\ud800\xC3\"}";
    ASSERT_FALSE(parser.parse(broken, doc));
    std::string whole = repair_json_text(broken);
    ASSERT_TRUE(parser.parse(whole, doc));
    EXPECT_EQ(doc.root()["a"].text().decode(), with_marks("x##"));
}

}  // namespace
}  // namespace aigw
