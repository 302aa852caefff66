#include "core/json_splice.h"

#include <gtest/gtest.h>

#include <functional>

using namespace aigw;

namespace {

std::string edited(const std::string &text, const std::function<void(JsonSplice &, JsonValue)> &edit) {
    JsonParser parser;
    JsonDoc doc;
    EXPECT_TRUE(parser.parse(text, doc)) << text;
    JsonSplice splice(text);
    edit(splice, doc.root());
    std::string out, joined;
    splice.append_to(out);
    for (std::string_view piece : splice.pieces()) {
        joined += piece;
    }
    EXPECT_EQ(out, joined);
    JsonDoc again;
    EXPECT_TRUE(parser.parse(out, again)) << out;
    return out;
}

std::string without(const std::string &text, const std::vector<std::string> &keys) {
    return edited(text, [&](JsonSplice &splice, JsonValue root) {
        for (const std::string &key : keys) {
            splice.remove(root, key);
        }
    });
}

}  // namespace

TEST(JsonSplice, NoEditIsTheText) {
    std::string text = R"( {"a" : 1} )";
    JsonSplice splice(text);
    EXPECT_TRUE(splice.empty());
    ASSERT_EQ(splice.pieces().size(), 1u);
    EXPECT_EQ(splice.pieces()[0].data(), text.data());
    EXPECT_EQ(splice.pieces()[0], text);
}

TEST(JsonSplice, ReplacesInAnyOrder) {
    EXPECT_EQ(edited(R"([1, {"a":"b"} ,null])",
                     [](JsonSplice &splice, JsonValue root) {
                         auto third = root.elements().begin();
                         auto first = *third;
                         auto second = *++third;
                         splice.replace(*++third, "3");
                         splice.replace(first, "[]");
                         splice.replace(second["a"], "{}");
                     }),
              R"([[], {"a":{}} ,3])");
}

TEST(JsonSplice, ReplacesTheRoot) {
    EXPECT_EQ(edited(" 1 ", [](JsonSplice &splice, JsonValue root) { splice.replace(root, "[2]"); }), " [2] ");
}

TEST(JsonSplice, LaterReplacementCounts) {
    EXPECT_EQ(edited("[1]",
                     [](JsonSplice &splice, JsonValue root) {
                         splice.replace(*root.elements().begin(), "2");
                         splice.replace(*root.elements().begin(), "3");
                     }),
              "[3]");
}

TEST(JsonSplice, AdjacentValues) {
    EXPECT_EQ(edited(R"({"a":1,"b":2})",
                     [](JsonSplice &splice, JsonValue root) {
                         splice.set(root, "b", "\"y\"");
                         splice.set(root, "a", "\"x\"");
                     }),
              R"({"a":"x","b":"y"})");
}

TEST(JsonSplice, SetAddsAtTheEnd) {
    auto add_two = [](JsonSplice &splice, JsonValue root) {
        splice.set(root, "x", "1");
        splice.set(root, "y\"", "2");
    };
    EXPECT_EQ(edited("{}", add_two), R"({"x":1,"y\"":2})");
    EXPECT_EQ(edited("{ \n }", add_two), "{\"x\":1,\"y\\\"\":2 \n }");
    EXPECT_EQ(edited(R"({ "a" : [1] })", add_two), R"({ "a" : [1],"x":1,"y\"":2 })");
}

TEST(JsonSplice, SetTwiceKeepsTheLater) {
    auto twice = [](JsonSplice &splice, JsonValue root) {
        splice.set(root, "x", "1");
        splice.set(root, "x", "2");
    };
    EXPECT_EQ(edited("{}", twice), R"({"x":2})");
    EXPECT_EQ(edited(R"({"x":0})", twice), R"({"x":2})");
    EXPECT_EQ(edited(R"({"\u0078":0})", twice), R"({"\u0078":2})");
}

TEST(JsonSplice, SetLeavesOneOfTwins) {
    auto set = [](JsonSplice &splice, JsonValue root) { splice.set(root, "x", "9"); };
    EXPECT_EQ(edited(R"({"x":1,"a":2,"x":3})", set), R"({"a":2,"x":9})");
    EXPECT_EQ(edited(R"({"a":2,"x":1,"x":3})", set), R"({"a":2,"x":9})");
}

TEST(JsonSplice, RemovesWithItsComma) {
    const std::string text = R"({ "a":1, "b":[2] ,"c":{} })";
    EXPECT_EQ(without(text, {"a"}), R"({ "b":[2] ,"c":{} })");
    EXPECT_EQ(without(text, {"b"}), R"({ "a":1 ,"c":{} })");
    EXPECT_EQ(without(text, {"c"}), R"({ "a":1, "b":[2] })");
    EXPECT_EQ(without(text, {"a", "b"}), R"({ "c":{} })");
    EXPECT_EQ(without(text, {"b", "c"}), R"({ "a":1 })");
    EXPECT_EQ(without(text, {"c", "b"}), R"({ "a":1 })");
    EXPECT_EQ(without(text, {"a", "c"}), R"({ "b":[2] })");
    EXPECT_EQ(without(text, {"c", "a", "b"}), R"({  })");
    EXPECT_EQ(without(R"({"a":1})", {"a"}), "{}");
    EXPECT_EQ(without(text, {"z"}), text);
    EXPECT_EQ(without(R"({"a":1,"b":2,"\u0061":3})", {"a"}), R"({"b":2})");
}

TEST(JsonSplice, RemovingNothingIsNoEdit) {
    JsonParser parser;
    JsonDoc doc;
    std::string text = R"({"a":[1]})";
    ASSERT_TRUE(parser.parse(text, doc));
    JsonSplice splice(text);
    splice.remove(doc.root(), "z");
    splice.remove(doc.root()["a"], "z");
    splice.set(doc.root()["a"], "z", "1");
    splice.replace(doc.root()["z"], "1");
    EXPECT_TRUE(splice.empty());
}

TEST(JsonSplice, AddsWhereAllWasRemoved) {
    EXPECT_EQ(edited(R"({"a":1,"b":2})",
                     [](JsonSplice &splice, JsonValue root) {
                         splice.set(root, "c", "3");
                         splice.remove(root, "a");
                         splice.remove(root, "b");
                         splice.set(root, "d", "4");
                     }),
              R"({"c":3,"d":4})");
    EXPECT_EQ(edited(R"({"a":1,"b":2})",
                     [](JsonSplice &splice, JsonValue root) {
                         splice.remove(root, "b");
                         splice.set(root, "c", "3");
                     }),
              R"({"a":1,"c":3})");
}

TEST(JsonSplice, TheLaterOfSetAndRemoveCounts) {
    EXPECT_EQ(edited(R"({"a":1,"b":2})",
                     [](JsonSplice &splice, JsonValue root) {
                         splice.remove(root, "b");
                         splice.set(root, "b", "3");
                         splice.set(root, "a", "4");
                         splice.remove(root, "a");
                         splice.set(root, "n", "5");
                         splice.remove(root, "n");
                     }),
              R"({"b":3})");
}

TEST(JsonSplice, EditsInsideWhatGoesAreForgotten) {
    EXPECT_EQ(edited(R"({"a":{"x":1},"b":{"x":1}})",
                     [](JsonSplice &splice, JsonValue root) {
                         splice.set(root["a"], "x", "2");
                         splice.set(root["b"], "y", "2");
                         splice.remove(root, "b");
                         splice.replace(root["a"], "0");
                     }),
              R"({"a":0})");
}

TEST(JsonSplice, NestedObjectsAtOneEnd) {
    EXPECT_EQ(edited(R"({"a":{"b":{}}})",
                     [](JsonSplice &splice, JsonValue root) {
                         splice.set(root, "z", "1");
                         splice.set(root["a"], "z", "2");
                         splice.set(root["a"]["b"], "z", "3");
                     }),
              R"({"a":{"b":{"z":3},"z":2},"z":1})");
}

TEST(JsonSplice, LargePartsAreNotCopied) {
    std::string text = R"({"model":"x","prompt":")" + std::string(1 << 20, 'p') + R"(","n":1})";
    JsonParser parser;
    JsonDoc doc;
    ASSERT_TRUE(parser.parse(text, doc));
    JsonSplice splice(text);
    splice.set(doc.root(), "model", "\"y\"");
    splice.set(doc.root(), "stream", "true");
    size_t foreign = 0;
    for (std::string_view piece : splice.pieces()) {
        foreign += piece.data() < text.data() || piece.data() >= text.data() + text.size() ? piece.size() : 0;
    }
    EXPECT_EQ(foreign, std::string_view("\"y\",\"stream\":true").size());
}
