#include "core/json_writer.h"

#include <gtest/gtest.h>

#include <limits>

using namespace aigw;

TEST(JsonWriter, PlacesCommas) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("a").number(1).key("b").begin_array().number(1).string("x").begin_object().end_object();
    json.begin_array().end_array().null().boolean(true).raw("[0]").boolean(false).end_array();
    json.key("c").text({"\\n"}).key("d").begin_object().key("e").null().end_object().end_object();
    EXPECT_EQ(out, R"({"a":1,"b":[1,"x",{},[],null,true,[0],false],"c":"\n","d":{"e":null}})");
}

TEST(JsonWriter, StringsInPieces) {
    std::string out;
    JsonWriter json(out);
    json.begin_array().begin_string().append("a\"").append(JsonText{"\\u0041"}).append("").end_string().string("z").end_array();
    EXPECT_EQ(out, R"(["a\"\u0041","z"])");
}

TEST(JsonWriter, Numbers) {
    std::string out;
    JsonWriter(out).begin_array().number(std::numeric_limits<int64_t>::min()).number(std::numeric_limits<int64_t>::max()).number(0).end_array();
    EXPECT_EQ(out, "[-9223372036854775808,9223372036854775807,0]");
}

TEST(JsonWriter, EscapesWhereverItStands) {
    for (size_t size = 1; size <= 20; size++) {
        for (size_t at = 0; at < size; at++) {
            for (int c = 0; c < 256; c++) {
                std::string plain(size, 'a'), expected = plain;
                plain[at] = static_cast<char>(c);
                std::string one;
                append_json_escaped(one, plain.substr(at, 1));
                expected.replace(at, 1, one);
                std::string got;
                append_json_escaped(got, plain);
                ASSERT_EQ(got, expected) << size << " " << at << " " << c;
                bool escaped = c < 0x20 || c == '"' || c == '\\' || c >= 0x80;
                ASSERT_EQ(one.size() > 1, escaped) << c;
            }
        }
    }
}

TEST(JsonWriter, EscapesOnlyWhatItMust) {
    std::string out;
    append_json_escaped(out, std::string_view("\"\\\b\f\n\r\t\0\x1F\x7F/ \xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80", 21));
    EXPECT_EQ(out, "\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\x7F/ \xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80");
}

TEST(JsonWriter, InvalidBytesAreReplaced) {
    auto escaped = [](std::string_view plain) {
        std::string out;
        append_json_escaped(out, plain);
        return out;
    };
    const std::string replaced = "\xEF\xBF\xBD";
    EXPECT_EQ(escaped("a\x80z"), "a" + replaced + "z");
    EXPECT_EQ(escaped("\xC3"), replaced);
    EXPECT_EQ(escaped("\xE2\x82"), replaced + replaced);
    EXPECT_EQ(escaped("\xC3\""), replaced + "\\\"");
    EXPECT_EQ(escaped("\xF8\xFF"), replaced + replaced);
}

TEST(JsonWriter, WhatItWritesReadsBackEqual) {
    std::string every;
    for (uint32_t code = 0; code < 0x300; ++code) {
        if (code < 0x80) {
            every += static_cast<char>(code);
        } else {
            every += static_cast<char>(0xC0 | code >> 6);
            every += static_cast<char>(0x80 | (code & 0x3F));
        }
    }
    std::string out;
    JsonWriter(out).string(every);
    JsonDoc doc;
    JsonParser parser;
    ASSERT_TRUE(parser.parse(out, doc));
    EXPECT_EQ(doc.root().text().decode(), every);
    EXPECT_TRUE(doc.root().equals(every));
}
