// What golden cases can't show: paths, models of different generations, limits.
#include <gtest/gtest.h>

#include "dialects/answers.h"
#include "dialects/gemini_partial_args.h"
#include "dialects/gemini_schema.h"

namespace aigw::dialects {
namespace {

struct Translation {
    std::string body;
    std::vector<std::string> dropped;
};

Translation translated(const Dialect &from, const std::string &members, const std::string &model) {
    std::string body = R"({"model":"m","max_tokens":4000,)" + members + "}";
    if (members.find("\"messages\"") == std::string::npos) body.insert(1, R"("messages":[{"role":"user","content":"hi"}],)");
    JsonParser parser;
    JsonDoc doc;
    EXPECT_TRUE(parser.parse(body, doc)) << body;
    auto request = from.read_request(doc);
    EXPECT_TRUE(request);
    RequestOptions options;
    options.model = model;
    auto written = gemini().write_request(*request, options);
    EXPECT_TRUE(written) << written.error().message;
    return written ? Translation{written->body, written->dropped} : Translation{};
}

std::string thinking(const std::string &members, const std::string &model) {
    std::string body = translated(openai_chat(), members, model).body;
    size_t at = body.find("\"thinkingConfig\":");
    return at == std::string::npos ? "" : body.substr(at + 17, body.find('}', at) - at - 16);
}

TEST(Gemini, PathsNameTheModel) {
    EXPECT_EQ(gemini().path("gemini-2.5-pro", false), "/models/gemini-2.5-pro:generateContent");
    EXPECT_EQ(gemini().path("models/gemini-2.5-pro", true), "/models/gemini-2.5-pro:streamGenerateContent?alt=sse");
    EXPECT_EQ(gemini().path("a/b c?", false), "/models/a%2Fb%20c%3F:generateContent");
}

TEST(Gemini, ThinkingIsWhatTheGenerationTakes) {
    const std::string low = R"("reasoning_effort":"low")", medium = R"("reasoning_effort":"medium")", none = R"("reasoning_effort":"none")";
    EXPECT_EQ(thinking(low, "gemini-2.5-flash"), R"({"includeThoughts":true,"thinkingBudget":1024})");
    EXPECT_EQ(thinking(medium, "models/gemini-2.5-pro"), R"({"includeThoughts":true,"thinkingBudget":8192})");
    EXPECT_EQ(thinking(R"("reasoning_effort":"max")", "gemini-2.5-pro"), R"({"includeThoughts":true,"thinkingBudget":32768})");
    EXPECT_EQ(thinking(low, "gemini-3-pro-preview"), R"({"includeThoughts":true,"thinkingLevel":"low"})");
    EXPECT_EQ(thinking(medium, "gemini-3-pro-preview"), R"({"includeThoughts":true,"thinkingLevel":"high"})");
    EXPECT_EQ(thinking(medium, "gemini-3.1-pro-preview"), R"({"includeThoughts":true,"thinkingLevel":"medium"})");
    EXPECT_EQ(thinking(R"("reasoning_effort":"minimal")", "gemini-3-flash"), R"({"includeThoughts":true,"thinkingLevel":"minimal"})");
    EXPECT_EQ(thinking(R"("reasoning":{"enabled":true})", "gemini-3-flash"), R"({"includeThoughts":true})");
    EXPECT_EQ(thinking(R"("reasoning":{"enabled":true})", "gemini-2.5-flash"), R"({"includeThoughts":true,"thinkingBudget":-1})");
    EXPECT_EQ(thinking(none, "gemini-2.5-flash"), R"({"thinkingBudget":0})");
    EXPECT_EQ(thinking(low, "gemini-2.0-flash"), "");
}

TEST(Gemini, ThinkingThatCantBeHadIsListed) {
    const std::string none = R"("reasoning_effort":"none")", low = R"("reasoning_effort":"low")";
    using List = std::vector<std::string>;
    EXPECT_EQ(translated(openai_chat(), none, "gemini-2.5-pro").dropped, List{"reasoning_effort"});
    EXPECT_EQ(translated(openai_chat(), none, "gemini-3-pro").dropped, List{"reasoning_effort"});
    EXPECT_EQ(translated(openai_chat(), low, "gemini-2.0-flash").dropped, List{"reasoning_effort"});
    EXPECT_EQ(translated(openai_chat(), none, "gemini-2.0-flash").dropped, List{});
    EXPECT_EQ(translated(anthropic_messages(), R"("thinking":{"type":"enabled","budget_tokens":50000})", "gemini-2.5-flash").dropped,
              List{"thinking"});
}

constexpr const char *kLoop =
    R"("messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"x1","function":{"name":"f","arguments":"{}"}}]},)"
    R"({"role":"tool","tool_call_id":"x1","content":"1"},{"role":"user","content":"b"},)"
    R"({"role":"assistant","tool_calls":[{"id":"x2","function":{"name":"f","arguments":"{}"}},{"id":"x3","function":{"name":"f","arguments":"{}"}}]},)"
    R"({"role":"tool","tool_call_id":"x3","content":"3"},{"role":"tool","tool_call_id":"x2","content":"2"}])";

TEST(Gemini, CallsThatNobodySignedGoOnInTheCurrentTurn) {
    const std::string word = "\"thoughtSignature\":\"skip_thought_signature_validator\"";
    std::string body = translated(openai_chat(), kLoop, "gemini-3-flash").body;
    size_t at = body.find(word);
    ASSERT_NE(at, std::string::npos) << body;
    EXPECT_EQ(body.find(word, at + 1), std::string::npos) << "the first of a group only, not in turns that are over: " << body;
    EXPECT_GT(at, body.find("\"b\""));
    EXPECT_EQ(translated(openai_chat(), kLoop, "gemini-2.5-flash").body.find(word), std::string::npos);
}

TEST(Gemini, ResultsStandInTheOrderOfTheCalls) {
    std::string body = translated(openai_chat(), kLoop, "gemini-2.5-flash").body;
    EXPECT_LT(body.find(R"({"output":"2"})"), body.find(R"({"output":"3"})")) << body;
}

TEST(Gemini, ImagesInResultsGoWhereTheModelLooks) {
    const std::string members =
        R"("messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]},)"
        R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"seen"},)"
        R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}])";
    EXPECT_NE(translated(anthropic_messages(), members, "gemini-3-flash").body.find(
                  R"("response":{"output":"seen"},"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}])"),
              std::string::npos);
    EXPECT_NE(translated(anthropic_messages(), members, "gemini-2.5-flash").body.find(
                  R"(]},{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}])"),
              std::string::npos);
}

TEST(Gemini, AResultWithoutACallIsRefused) {
    JsonParser parser;
    JsonDoc doc;
    ASSERT_TRUE(parser.parse(R"({"model":"m","messages":[{"role":"tool","tool_call_id":"x","content":"1"}]})", doc));
    auto request = openai_chat().read_request(doc);
    ASSERT_TRUE(request);
    RequestOptions options;
    auto written = gemini().write_request(*request, options);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().param, "messages[0]");
}

TEST(Gemini, SchemasInGooglesWords) {
    EXPECT_EQ(google::google_schema(R"({"definitions":{"A":{"const":"x"}},"properties":{"a":{"$ref":"#/definitions/A","description":"d"},)"
                                    R"("b":{"allOf":[{"type":"string"}]},"const":{"type":"integer"}}})", true),
              R"({"type":"object","$defs":{"A":{"enum":["x"]}},"properties":{"a":{"anyOf":[{"$ref":"#/$defs/A"}],"description":"d"},)"
              R"("b":{"anyOf":[{"type":"string"}]},"const":{"type":"integer"}}})");
    EXPECT_FALSE(google::has_parameters("{}"));
    EXPECT_TRUE(google::has_parameters(R"({"type":"object"})"));
}

class Pieces {
public:
    bool add(const std::string &json) {
        texts_.push_back(std::make_unique<std::string>(json));
        JsonDoc doc;
        EXPECT_TRUE(parser_.parse(*texts_.back(), doc)) << json;
        return args_.add(doc.root());
    }
    bool at(const std::string &path) { return add(R"({"jsonPath":")" + path + R"(","stringValue":"x"})"); }
    std::string json() const { return args_.json(); }

private:
    JsonParser parser_;
    google::PartialArgs args_;
    std::vector<std::unique_ptr<std::string>> texts_;
};

TEST(GeminiPartialArgs, RefuseWhatIsNoPath) {
    for (const char *path : {"", "a", "$", "$.", "$..a", "$[", "$[]", "$[x]", "$['a", "$a", "$[1]", "$.a[99999999999]"}) {
        EXPECT_FALSE(Pieces().at(path)) << path;
    }
}

TEST(GeminiPartialArgs, RefuseWhatDoesNotFit) {
    Pieces pieces;
    EXPECT_TRUE(pieces.at("$.a[0].b"));
    EXPECT_TRUE(pieces.at("$.a[0]['c d']"));
    EXPECT_FALSE(pieces.at("$.a.b"));
    EXPECT_FALSE(pieces.at("$.a[0]"));
    EXPECT_FALSE(pieces.at("$.a[2]"));
    EXPECT_TRUE(pieces.add(R"({"jsonPath":"$.n","nullValue":"NULL_VALUE"})"));
    EXPECT_EQ(pieces.json(), R"({"a":[{"b":"x","c d":"x"}],"n":null})");
}

TEST(GeminiPartialArgs, AreBounded) {
    std::string deep = "$", deeper;
    for (size_t i = 0; i < google::PartialArgs::kMaxDepth; ++i) deep += ".a";
    EXPECT_TRUE(Pieces().at(deep));
    EXPECT_FALSE(Pieces().at(deep + ".a"));
    Pieces many;
    bool ok = true;
    size_t count = 0;
    for (; ok && count <= google::PartialArgs::kMaxNodes; ++count) ok = many.at("$.a[" + std::to_string(count) + "]");
    EXPECT_FALSE(ok);
    EXPECT_GT(count, google::PartialArgs::kMaxNodes / 2);
}

TEST(Gemini, AStreamThatNeverSaysWhyItEndsIsCut) {
    PlainAnswer cut = read_plain_stream(gemini(), "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\n\n");
    EXPECT_EQ(cut.error, "upstream_error");
    EXPECT_EQ(read_plain_stream(gemini(), "").error, "upstream_error");
    PlainAnswer many = read_plain_stream(gemini(), "data: {\"candidates\":[{\"index\":128}]}\n\n");
    EXPECT_EQ(many.error, "upstream_error");
}

}  // namespace
}  // namespace aigw::dialects
