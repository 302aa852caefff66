#include "tokens/estimate.h"

#include <gtest/gtest.h>

#include "core/json_writer.h"

using namespace aigw;
using namespace aigw::tokens;

namespace {

const std::string kMixed =
    "The quick brown fox, HTTPServer(42);\n\n    return \"x\\y\"; // caf\xC3\xA9 \xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 "
    "\xE4\xBD\xA0\xE5\xA5\xBD \xE2\x80\x94 \xF0\x9F\x98\x80\xF0\x9F\x98\x80\t\r\n\x01 end";

Tokens escaped_tokens(std::string_view escaped) {
    TextEstimator estimator;
    estimator.add({escaped});
    return estimator.tokens();
}

Tokens schema_tokens(std::string_view json) {
    JsonParser parser;
    JsonDoc doc;
    EXPECT_TRUE(parser.parse(json, doc)) << json;
    TextEstimator estimator;
    estimator.add_schema(doc.root());
    return estimator.tokens();
}

void expect_between(std::string_view text, Tokens low, Tokens high) {
    EXPECT_GE(estimate_text(text), low) << text;
    EXPECT_LE(estimate_text(text), high) << text;
}

// Every character beyond ASCII, and some within, as \uXXXX.
std::string escape_all(std::string_view utf8) {
    std::string out;
    for (size_t at = 0; at < utf8.size();) {
        auto byte = [&](size_t i) { return static_cast<unsigned char>(utf8[at + i]); };
        size_t length = byte(0) < 0x80 ? 1 : byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
        uint32_t code = length == 1 ? byte(0) : byte(0) & (0x7F >> length);
        for (size_t i = 1; i < length; ++i) {
            code = code << 6 | (byte(i) & 0x3F);
        }
        char text[16];
        if (code >= 0x10000) {
            std::snprintf(text, sizeof text, "\\u%04x\\u%04X", 0xD800 + ((code - 0x10000) >> 10), 0xDC00 + (code & 0x3FF));
        } else {
            std::snprintf(text, sizeof text, "\\u%04x", code);
        }
        out += text;
        at += length;
    }
    return out;
}

}  // namespace

TEST(EstimateText, NothingAndLittle) {
    EXPECT_EQ(estimate_text(""), 0);
    EXPECT_EQ(estimate_text("a"), 1);
    EXPECT_EQ(estimate_text("."), 1);
    EXPECT_EQ(estimate_text(" "), 1);
}

// Bounds are a half and twice of what common tokenizers say.
TEST(EstimateText, KindsOfText) {
    expect_between("The capital of France is Paris, and the weather there is mild today.", 8, 30);
    expect_between("12345678901234567890", 4, 14);
    expect_between("{\"location\":\"Paris\",\"unit\":\"celsius\"}", 6, 22);
    expect_between("\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C\xE4\xBB\x8A\xE5\xA4\xA9", 3, 12);
    expect_between("\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 \xD0\xBC\xD0\xB8\xD1\x80", 2, 8);
    expect_between("\xF0\x9F\x98\x80\xF0\x9F\x98\x81\xF0\x9F\x98\x82", 3, 12);
    expect_between("        if (x) {\n            return;\n        }\n", 6, 24);
    expect_between("getHTTPResponseCode", 2, 9);
}

TEST(EstimateText, GrowsWithTheText) {
    std::string text;
    Tokens before = 0;
    for (int i = 0; i < 20; ++i) {
        text += kMixed;
        EXPECT_GT(estimate_text(text), before);
        before = estimate_text(text);
    }
}

TEST(TextEstimator, AnyCutGivesTheSame) {
    std::string escaped;
    append_json_escaped(escaped, kMixed);
    for (const std::string &form : {kMixed, escaped, escape_all(kMixed)}) {
        bool plain = form == kMixed;
        auto count = [&](std::string_view a, std::string_view b) {
            TextEstimator estimator;
            for (std::string_view piece : {a, b}) {
                plain ? estimator.add_plain(piece) : estimator.add({piece});
            }
            return estimator.tokens();
        };
        TextEstimator bytewise;
        for (size_t cut = 0; cut < form.size(); ++cut) {
            std::string_view view = form;
            EXPECT_EQ(count(view.substr(0, cut), view.substr(cut)), estimate_text(kMixed)) << cut;
            plain ? bytewise.add_plain(view.substr(cut, 1)) : bytewise.add({view.substr(cut, 1)});
        }
        EXPECT_EQ(bytewise.tokens(), estimate_text(kMixed));
    }
}

TEST(TextEstimator, EscapedCountsAsPlain) {
    EXPECT_EQ(escaped_tokens("a\\nb\\tc\\\"d\\\\e\\/f"), estimate_text("a\nb\tc\"d\\e/f"));
    EXPECT_EQ(escaped_tokens("\\u4f60\\u597D"), estimate_text("\xE4\xBD\xA0\xE5\xA5\xBD"));
    EXPECT_EQ(escaped_tokens("\\ud83d\\ude00x"), estimate_text("\xF0\x9F\x98\x80x"));
}

TEST(TextEstimator, EndTextSeparates) {
    TextEstimator joined, separate;
    for (int i = 0; i < 10; ++i) {
        joined.add_plain("word");
        separate.add_plain("word");
        separate.end_text();
    }
    EXPECT_LT(joined.tokens(), separate.tokens());
    EXPECT_EQ(separate.tokens(), estimate_text("word word word word word word word word word word"));
}

TEST(TextEstimator, SchemaCountsNamesAndStrings) {
    EXPECT_EQ(schema_tokens(R"({"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":)"
                            R"({"city":{"type":"string","title":"City"}},"required":["city"],"additionalProperties":false}}})"),
              estimate_text("function get_weather object city string"));
    EXPECT_EQ(schema_tokens(R"({"properties":{"mode":{"enum":["fast","slow"]}}})"), estimate_text("mode fast slow"));
    EXPECT_EQ(schema_tokens("{}"), 0);
}

TEST(TextEstimator, SchemaDepthAtTheLimit) {
    auto nested = [](int depth) { return std::string(static_cast<size_t>(depth), '[') + "\"word\"" + std::string(static_cast<size_t>(depth), ']'); };
    EXPECT_GT(schema_tokens(nested(TextEstimator::kMaxSchemaDepth)), 0);
    EXPECT_EQ(schema_tokens(nested(TextEstimator::kMaxSchemaDepth + 1)), 0);
}
