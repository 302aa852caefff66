#include "core/json.h"

#include <gtest/gtest.h>
#include <simdjson.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <limits>
#include <memory>

using namespace aigw;

namespace {

struct Parsed {
    // Exactly as large as the text, so that reading past it is seen by the sanitizer.
    std::unique_ptr<char[]> bytes;
    JsonDoc doc;
    Result<void, JsonError> result;
};

std::unique_ptr<Parsed> parse(std::string_view text, JsonOptions options = {}) {
    auto out = std::make_unique<Parsed>();
    out->bytes = std::make_unique<char[]>(text.size());
    std::memcpy(out->bytes.get(), text.data(), text.size());
    JsonParser parser;
    out->result = parser.parse({out->bytes.get(), text.size()}, out->doc, options);
    return out;
}

void expect_fault(std::string_view text, JsonFault fault, size_t offset, JsonOptions options = {}) {
    auto parsed = parse(text, options);
    ASSERT_FALSE(parsed->result) << text;
    EXPECT_EQ(parsed->result.error().fault, fault) << text;
    EXPECT_EQ(parsed->result.error().offset, offset) << text;
    EXPECT_FALSE(parsed->doc.root()) << text;
}

void expect_syntax_error(std::string_view text, size_t offset) { expect_fault(text, JsonFault::Syntax, offset); }

}  // namespace

TEST(JsonParser, EveryTypeAtTheTop) {
    EXPECT_TRUE(parse("null")->doc.root().is_null());
    EXPECT_TRUE(parse(" true ")->doc.root().is_true());
    EXPECT_TRUE(parse("false\n")->doc.root().is_false());
    EXPECT_TRUE(parse("\t-0.5e+3")->doc.root().is_number());
    EXPECT_TRUE(parse("\"\"")->doc.root().is_string());
    EXPECT_TRUE(parse("[]")->doc.root().is_array());
    EXPECT_TRUE(parse("{}")->doc.root().is_object());
}

TEST(JsonValue, PicksWhatFindFinds) {
    constexpr JsonNames kNames{"a", "id", "finish_reason", "", "an unusually long name that has more than sixty-four bytes in it ......", "none"};
    for (std::string text : {R"({"a":1,"id":"x","finish_reason":null,"":[],"b":{"a":2}})", R"({"\u0061":1,"a":2,"i\u0064":3,"none!":4})",
                             R"({"a":1,"a":2,"an unusually long name that has more than sixty-four bytes in it ......":true})", "{}", "[1]", "1"}) {
        JsonParser parser;
        JsonDoc doc;
        ASSERT_TRUE(parser.parse(text, doc)) << text;
        std::array<JsonValue, 6> found = doc.root().pick(kNames);
        for (size_t i = 0; i < found.size(); ++i) {
            EXPECT_EQ(found[i].raw(), doc.root().find(kNames.names[i]).raw()) << text << " " << kNames.names[i];
        }
    }
    EXPECT_FALSE(JsonValue().pick(kNames)[0]);
    EXPECT_TRUE(kNames.contains("id") && kNames.contains(""));
    EXPECT_FALSE(kNames.contains("di") || kNames.contains("idx") || kNames.contains("i"));
}

TEST(JsonParser, FindsMembersAndElements) {
    auto parsed = parse(R"( {"a":1, "b" : [true,{"c":"x"} ,null], "d":{}, "e":[[]]} )");
    ASSERT_TRUE(parsed->result);
    JsonValue root = parsed->doc.root();
    EXPECT_EQ(root.size(), 4u);
    EXPECT_EQ(root["a"].as_int64(), 1);
    EXPECT_EQ(root["b"].size(), 3u);
    EXPECT_EQ(root["b"].raw(), R"([true,{"c":"x"} ,null])");
    EXPECT_EQ(root["d"].raw(), "{}");
    EXPECT_FALSE(root["c"]);
    EXPECT_FALSE(root["b"]["c"]);
    EXPECT_EQ(root["c"].raw(), "");
    std::string seen;
    for (JsonValue element : root["b"].elements()) {
        seen += std::string(element.raw()) + ";";
    }
    EXPECT_EQ(seen, "true;{\"c\":\"x\"};null;");
    seen.clear();
    for (JsonValue::Member member : root.members()) {
        seen += member.key.decode() + "=" + std::string(member.value.raw()) + "@" + std::to_string(member.key_begin) + ";";
    }
    EXPECT_EQ(seen, "a=1@2;b=[true,{\"c\":\"x\"} ,null]@9;d={}@39;e=[[]]@47;");
    EXPECT_EQ(root["e"].elements().begin().operator*().size(), 0u);
}

TEST(JsonParser, LastDuplicateWins) {
    auto parsed = parse(R"({"a":1,"\u0061":2,"b":3})");
    EXPECT_EQ(parsed->doc.root()["a"].as_int64(), 2);
    EXPECT_EQ(parse(R"({"\u0061":1,"a":2})")->doc.root()["a"].as_int64(), 2);
}

TEST(JsonParser, RefusesBrokenGrammar) {
    expect_syntax_error("", 0);
    expect_syntax_error("  \n", 3);
    expect_syntax_error("{", 1);
    expect_syntax_error("[1", 2);
    expect_syntax_error("[1,]", 3);
    expect_syntax_error("[,1]", 1);
    expect_syntax_error("[1 2]", 3);
    expect_syntax_error("[1}", 2);
    expect_syntax_error("{]", 1);
    expect_syntax_error(R"({"a"})", 4);
    expect_syntax_error(R"({"a":})", 5);
    expect_syntax_error(R"({"a":1,})", 7);
    expect_syntax_error(R"({"a" 1})", 5);
    expect_syntax_error(R"({1:1})", 1);
    expect_syntax_error(R"({"a"::1})", 5);
    expect_syntax_error(R"({"a":1:2})", 6);
    expect_syntax_error(R"(["a":1])", 4);
    expect_syntax_error("{} {}", 3);
    expect_syntax_error("1 2", 2);
    expect_syntax_error("{}x", 2);
    expect_syntax_error("]", 0);
    expect_syntax_error(",", 0);
    expect_syntax_error(":", 0);
    expect_syntax_error("'a'", 0);
    expect_syntax_error("\\n", 0);
    expect_syntax_error("[1]/*x*/", 3);
    expect_syntax_error("\xEF\xBB\xBF{}", 0);
}

TEST(JsonParser, ControlCharactersAreNoOperators) {
    // The first stage takes 0x0C for a comma and 0x1A for a colon.
    expect_syntax_error("[1\x0C"
                        "2]",
                        2);
    expect_syntax_error("{\"a\"\x1A"
                        "2}",
                        4);
    expect_syntax_error(std::string_view("[1\0]", 4), 2);
    expect_syntax_error("[\x0B"
                        "1]",
                        1);
    expect_syntax_error("[1\x7F]", 2);
}

TEST(JsonParser, LiteralsAreExact) {
    for (const char *text : {"nul", "nulll", "null1", "tru", "True", "truefalse", "fals", "falsey", "null\"a\"", "NaN", "Infinity",
                             "-Infinity", "undefined"}) {
        EXPECT_FALSE(parse(text)->result) << text;
        EXPECT_FALSE(parse("[" + std::string(text) + "]")->result) << text;
    }
}

TEST(JsonParser, NumberGrammar) {
    for (const char *text : {"0", "-0", "10", "0.0", "1.5", "1e5", "1E5", "1e+5", "1e-05", "-1.25E-3", "123456789012345678901234567890"}) {
        EXPECT_TRUE(parse(text)->result) << text;
        EXPECT_EQ(parse("[" + std::string(text) + "]")->doc.root().elements().begin().operator*().raw(), text);
    }
    for (const char *text : {"-", "+1", "01", "-01", "00", "1.", ".5", "1.e5", "1e", "1e+", "1e5.5", "0x10", "1_000", "1-1", "--1", "1a",
                             "1\"a\"", "1[", "1{", "-a", "1.5.5", "1:"}) {
        EXPECT_FALSE(parse(text)->result) << text;
        EXPECT_FALSE(parse("[" + std::string(text) + "]")->result) << text;
    }
}

TEST(JsonParser, StringsAndEscapes) {
    auto parsed = parse(R"(["plain", "\"\\\/\b\f\n\r\t", "\u0041\u00e9\u20AC", "\uD83D\uDE00", "a\\", ""])");
    ASSERT_TRUE(parsed->result);
    std::vector<std::string> decoded;
    for (JsonValue element : parsed->doc.root().elements()) {
        decoded.push_back(element.text().decode());
    }
    EXPECT_EQ(decoded, (std::vector<std::string>{"plain", "\"\\/\b\f\n\r\t", "A\xC3\xA9\xE2\x82\xAC", "\xF0\x9F\x98\x80", "a\\", ""}));
    EXPECT_TRUE(parse(R"("a\n")")->doc.root().equals("a\n"));
    EXPECT_FALSE(parse(R"("a\n")")->doc.root().equals("a\\n"));
    EXPECT_FALSE(parse("1")->doc.root().equals("1"));
}

TEST(JsonParser, RefusesBrokenStrings) {
    expect_syntax_error(R"("abc)", 0);
    expect_syntax_error(R"(["a", "b\"])", 6);
    expect_syntax_error("\"a\nb\"", 2);
    expect_syntax_error(std::string_view("\"a\0b\"", 5), 2);
    expect_syntax_error(R"("\x")", 1);
    expect_syntax_error(R"("ab\u12g4")", 3);
    expect_syntax_error(R"("ab\u12")", 3);
    expect_syntax_error(R"("a""b")", 3);
    expect_syntax_error(R"("a"b)", 3);
    expect_syntax_error(R"({"\q":1})", 2);
}

TEST(JsonParser, RefusesWhatIsNotUnicode) {
    expect_fault("\"\x80\"", JsonFault::Utf8, 1);
    expect_fault("[1,\"ab\xC3\"]", JsonFault::Utf8, 6);
    expect_fault("\"\xED\xA0\x80\"", JsonFault::Utf8, 1);
    expect_fault("\"\xC0\xAF\"", JsonFault::Utf8, 1);
    expect_fault("\"\xF4\x90\x80\x80\"", JsonFault::Utf8, 1);
    expect_fault("\"\xF0\x9F\x98", JsonFault::Utf8, 1);
    expect_fault(R"("x\ud83d")", JsonFault::Utf8, 2);
    expect_fault(R"("\ude00\ud83d")", JsonFault::Utf8, 1);
    expect_fault(R"("\ud83d\u0041")", JsonFault::Utf8, 1);
    expect_fault(R"("\ud83d\n")", JsonFault::Utf8, 1);
}

TEST(JsonParser, DepthAtTheLimit) {
    auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_TRUE(parse(nested(200))->result);
    expect_fault(nested(201), JsonFault::Depth, 200);
    JsonOptions three{3, false};
    EXPECT_TRUE(parse(R"([{"a":[]},{"a":[1]}])", three)->result);
    expect_fault(R"([{"a":[[]]}])", JsonFault::Depth, 7, three);
    expect_fault(std::string(1 << 20, '['), JsonFault::Depth, 200);
    EXPECT_TRUE(parse("1", JsonOptions{0, false})->result);
}

TEST(JsonParser, TooLargeIsNotRead) {
    JsonParser parser;
    JsonDoc doc;
    char byte = '1';
    auto result = parser.parse({&byte, size_t(1) << 32}, doc);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, JsonFault::TooLarge);
}

TEST(JsonParser, RefusesDuplicatesWhenAsked) {
    JsonOptions strict{200, true};
    auto expect_duplicate = [&](std::string_view text, size_t offset, std::string_view member) {
        expect_fault(text, JsonFault::DuplicateMember, offset, strict);
        EXPECT_EQ(parse(text, strict)->result.error().member, member);
        EXPECT_TRUE(parse(text)->result) << text;
    };
    expect_duplicate(R"({"a":1,"a":2})", 7, "a");
    expect_duplicate(R"({"a":1,"\u0061":2})", 7, "a");
    expect_duplicate(R"({"\u0061":1,"a":2})", 12, "a");
    expect_duplicate(R"([{"a\n":{"b":1,"c":2,"b":3}}])", 21, "b");
    expect_duplicate(R"({"":1,"":2})", 6, "");
    EXPECT_TRUE(parse(R"({"a":{"a":1},"b":{"a":1}})", strict)->result);
    EXPECT_TRUE(parse(R"([{"a":1},{"a":1}])", strict)->result);
}

TEST(JsonParser, DuplicatesAmongFewAndMany) {
    JsonOptions strict{200, true};
    for (size_t count : {2, 15, 16, 17, 18, 1000}) {
        std::string text = "{";
        for (size_t i = 0; i < count; ++i) {
            text += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
        }
        EXPECT_TRUE(parse(text + "\"z\":0}", strict)->result) << count;
        expect_fault(text + "\"k1\":0,\"k0\":1}", JsonFault::DuplicateMember, text.size(), strict);
    }
}

TEST(JsonParser, EveryCutOfAValidTextFails) {
    std::string text = R"({"id":"x","choices":[{"index":0,"delta":{"content":"h\u00e9\"llo"}}],"n":-1.5e3,"t":true,"z":null})";
    ASSERT_TRUE(parse(text)->result);
    for (size_t cut = 0; cut < text.size(); ++cut) {
        EXPECT_FALSE(parse(text.substr(0, cut))->result) << cut;
    }
}

TEST(JsonParser, EveryLengthAroundTheBlocks) {
    for (size_t length = 0; length < 400; ++length) {
        std::string text = "\"" + std::string(length, 'a') + "\"";
        auto parsed = parse(text);
        ASSERT_TRUE(parsed->result) << length;
        EXPECT_EQ(parsed->doc.root().text().escaped.size(), length);
        auto escaped = parse("\"" + std::string(length, 'a') + "\\n" + std::string(length, 'b') + "\"");
        ASSERT_TRUE(escaped->result) << length;
        EXPECT_EQ(escaped->doc.root().text().decode(), std::string(length, 'a') + "\n" + std::string(length, 'b'));
        EXPECT_FALSE(parse("\"" + std::string(length, 'a') + "\\q" + std::string(length, 'b') + "\"")->result);
    }
}

// The library's own code carries no sanitizer; pages without access around the text see what it reads.
TEST(JsonParser, ReadsNoByteBesideTheText) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    char *pages = static_cast<char *>(mmap(nullptr, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(pages, MAP_FAILED);
    ASSERT_EQ(mprotect(pages + page, page, PROT_READ | PROT_WRITE), 0);
    auto *chosen = simdjson::get_active_implementation().operator->();
    for (auto *implementation : simdjson::get_available_implementations()) {
        if (!implementation->supported_by_runtime_system()) {
            continue;
        }
        simdjson::get_active_implementation() = implementation;
        JsonParser parser;
        for (size_t length = 2; length < 600; ++length) {
            std::string text = "\"" + std::string(length - 2, 'a') + "\"";
            for (char *at : {pages + page, pages + 2 * page - length}) {
                std::memcpy(at, text.data(), length);
                JsonDoc doc;
                EXPECT_TRUE(parser.parse({at, length}, doc)) << implementation->name() << " " << length;
                EXPECT_FALSE(parser.parse({at + 1, length - 1}, doc));
                EXPECT_FALSE(parser.parse({at, length - 1}, doc));
            }
        }
    }
    simdjson::get_active_implementation() = chosen;
    munmap(pages, 3 * page);
}

TEST(JsonParser, OneParserForLargeAndSmall) {
    JsonParser parser;
    JsonDoc doc;
    std::string large = "[\"" + std::string(2 * JsonParser::kKeepCapacity, 'x') + "\"]";
    for (int round = 0; round < 3; ++round) {
        ASSERT_TRUE(parser.parse(large, doc));
        EXPECT_EQ(doc.root().elements().begin().operator*().text().escaped.size(), 2 * JsonParser::kKeepCapacity);
        ASSERT_TRUE(parser.parse("[1]", doc));
        EXPECT_EQ(doc.root().size(), 1u);
        ASSERT_FALSE(parser.parse("[1", doc));
        EXPECT_FALSE(doc.root());
    }
}

TEST(JsonParser, TakesSoManyMarksAndNoMore) {
    auto zeros = [](std::string text, size_t count) {
        for (size_t i = 0; i < count; ++i) {
            text += i + 1 < count ? "0," : "0]";
        }
        return text;
    };
    JsonParser parser;
    JsonDoc doc;
    std::string most = zeros("[[],", JsonParser::kMaxMarks / 2 - 2);
    ASSERT_TRUE(parser.parse(most, doc));
    EXPECT_EQ(doc.root().size(), JsonParser::kMaxMarks / 2 - 1);
    std::string more = zeros("[", JsonParser::kMaxMarks / 2);
    auto parsed = parser.parse(more, doc);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().fault, JsonFault::TooLarge);
    EXPECT_EQ(parsed.error().offset, more.size() - 1);
    EXPECT_FALSE(doc.root());
    EXPECT_TRUE(parser.parse("[]", doc));
}

TEST(JsonValue, Integers) {
    auto integer = [](const char *text) { return parse(text)->doc.root().as_int64(); };
    EXPECT_EQ(integer("0"), 0);
    EXPECT_EQ(integer("-0"), 0);
    EXPECT_EQ(integer("42"), 42);
    EXPECT_EQ(integer("1.0"), 1);
    EXPECT_EQ(integer("1e2"), 100);
    EXPECT_EQ(integer("-1.50e1"), -15);
    EXPECT_EQ(integer("1200e-2"), 12);
    EXPECT_EQ(integer("0.000e99999999999999999999"), 0);
    EXPECT_EQ(integer("0.0012e4"), 12);
    EXPECT_EQ(integer("9223372036854775807"), std::numeric_limits<int64_t>::max());
    EXPECT_EQ(integer("-9223372036854775808"), std::numeric_limits<int64_t>::min());
    EXPECT_EQ(integer("9223372036854775807.0"), std::numeric_limits<int64_t>::max());
    EXPECT_EQ(integer("-922337203685477580.8e1"), std::numeric_limits<int64_t>::min());
    EXPECT_EQ(integer("1000000000000000000000e-18"), 1000);
    for (const char *text : {"1.5", "1e-1", "12e-3", "9223372036854775808", "-9223372036854775809", "9223372036854775808.0", "1e19", "1e400",
                             "99999999999999999999", "1e99999999999999999999", "0.00000000000000000000001", "1.00000000000000000000001",
                             "\"1\"", "null", "[1]"}) {
        EXPECT_EQ(integer(text), std::nullopt) << text;
    }
    EXPECT_EQ(JsonValue().as_int64(), std::nullopt);
}

TEST(JsonValue, Doubles) {
    auto real = [](const char *text) { return parse(text)->doc.root().as_double(); };
    EXPECT_EQ(real("0.1"), 0.1);
    EXPECT_EQ(real("-2e3"), -2000.0);
    EXPECT_EQ(real("1e308"), 1e308);
    EXPECT_EQ(real("1e400"), std::nullopt);
    EXPECT_EQ(real("-1e400"), std::nullopt);
    EXPECT_EQ(real("1e-400"), 0.0);
    EXPECT_EQ(real("true"), std::nullopt);
}

TEST(JsonText, DecodesBrokenEscapesToReplacement) {
    const std::string replaced = "\xEF\xBF\xBD";
    EXPECT_EQ(JsonText{"a\\"}.decode(), "a" + replaced);
    EXPECT_EQ(JsonText{"\\u12"}.decode(), replaced + "12");
    EXPECT_EQ(JsonText{"\\ud83d"}.decode(), replaced);
    EXPECT_EQ(JsonText{"\\ud83d\\ud83d\\ude00"}.decode(), replaced + "\xF0\x9F\x98\x80");
    EXPECT_EQ(JsonText{"\\ude00x"}.decode(), replaced + "x");
}

TEST(JsonText, ComparesDecoded) {
    EXPECT_TRUE(JsonText{"a\\u0062c"} == "abc");
    EXPECT_TRUE(JsonText{"\\uD83D\\uDE00"} == "\xF0\x9F\x98\x80");
    EXPECT_FALSE(JsonText{"a\\u0062c"} == "abcd");
    EXPECT_FALSE(JsonText{"a\\u0062c"} == "ab");
    EXPECT_FALSE(JsonText{"a\\u0062c"} == "a");
    EXPECT_FALSE(JsonText{"a\\u0062"} == "abc");
    EXPECT_TRUE(JsonText{""} == "");
    EXPECT_FALSE(JsonText{""} == "a");
}
