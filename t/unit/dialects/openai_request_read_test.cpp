#include <gtest/gtest.h>

#include "dialects/dialect.h"

namespace aigw::dialects {

namespace {

using chat::ChatRequest;
using chat::Part;
using chat::Role;

// Keeps the body and its document beside the request that points into them.
struct Reading {
    explicit Reading(std::string text) : body(std::move(text)) {
        JsonOptions strict;
        strict.refuse_duplicates = true;
        EXPECT_TRUE(parser.parse(body, doc, strict).has_value()) << body;
        result.emplace(openai_chat().read_request(doc));
    }
    const ChatRequest &operator*() const { return **result; }
    const ChatRequest *operator->() const { return &**result; }

    std::string body;
    JsonParser parser;
    JsonDoc doc;
    std::optional<chat::Result<ChatRequest>> result;
};

std::string with(const std::string &members) {
    return R"({"model":"m","messages":[{"role":"user","content":"Hi"}],)" + members + "}";
}
std::string messages(const std::string &list) { return R"({"model":"m","messages":[)" + list + "]}"; }

struct Bad {
    std::string body, code, param;
};

void expect_refused(const std::vector<Bad> &cases) {
    for (const Bad &bad : cases) {
        Reading reading(bad.body);
        ASSERT_FALSE(reading.result->has_value()) << bad.body;
        EXPECT_EQ(reading.result->error().code, bad.code) << bad.body;
        EXPECT_EQ(reading.result->error().param, bad.param) << bad.body;
        EXPECT_EQ(reading.result->error().status, 400);
    }
}

TEST(OpenAiRequestRead, PlainMembers) {
    Reading r(with(R"("stream":true,"stream_options":{"include_usage":true},"max_tokens":5,"temperature":0.7,"top_p":1,
                      "top_k":40,"stop":["a","b"],"user":"u","parallel_tool_calls":false)"));
    EXPECT_EQ(r->model, "m");
    EXPECT_TRUE(r->stream);
    EXPECT_TRUE(r->include_usage);
    EXPECT_EQ(r->max_tokens, 5);
    EXPECT_EQ(r->temperature, "0.7");
    EXPECT_EQ(r->top_p, "1");
    EXPECT_EQ(r->top_k, "40");
    ASSERT_EQ(r->stop.size(), 2u);
    EXPECT_EQ(r->stop[1], "b");
    EXPECT_EQ(r->user, "u");
    EXPECT_EQ(r->tool_choice.parallel, false);
    EXPECT_TRUE(r->extras.empty());
}

TEST(OpenAiRequestRead, TheNewerLimitWins) {
    EXPECT_EQ(Reading(with(R"("max_tokens":5,"max_completion_tokens":7)"))->max_tokens, 7);
    EXPECT_EQ(Reading(with(R"("max_completion_tokens":7,"max_tokens":5)"))->max_tokens, 7);
    EXPECT_EQ(Reading(with(R"("max_tokens":1000000000)"))->max_tokens, kMaxTokens);
}

TEST(OpenAiRequestRead, NullCountsAsAbsent) {
    Reading r(with(R"("stream":null,"max_tokens":null,"temperature":null,"stop":null,"tools":null,"tool_choice":null,
                      "response_format":null,"user":null,"seed":null,"n":null,"unknown":null,"functions":null)"));
    ASSERT_TRUE(r.result->has_value());
    EXPECT_FALSE(r->stream);
    EXPECT_FALSE(r->max_tokens);
    EXPECT_TRUE(r->extras.empty());
}

TEST(OpenAiRequestRead, DefaultsCountAsAbsentAndHintsAreKnown) {
    EXPECT_TRUE(Reading(with(R"("n":1,"logprobs":false,"top_logprobs":0,"presence_penalty":0,"frequency_penalty":-0.0,
        "store":false,"modalities":["text"],"logit_bias":{},"metadata":{},"service_tier":"auto","top_k":-1,
        "repetition_penalty":1.0,"verbosity":"medium","stop":[])"))->extras.empty());
    Reading r(with(R"("seed":3,"logit_bias":{"1":2},"metadata":{"a":"b"},"store":true,"service_tier":"flex","n":2,
        "prompt_cache_key":"k","safety_identifier":"s","context_management":{},"presence_penalty":0.1,"mystery":[])"));
    std::vector<std::string> hints, others;
    for (const chat::Extra &extra : r->extras) {
        (extra.hint ? hints : others).push_back(extra.path);
    }
    EXPECT_EQ(hints, (std::vector<std::string>{"seed", "logit_bias", "metadata", "store", "service_tier", "prompt_cache_key",
                                               "safety_identifier", "context_management"}));
    EXPECT_EQ(others, (std::vector<std::string>{"n", "presence_penalty", "mystery"}));
}

TEST(OpenAiRequestRead, RefusesNonsenseByItsPath) {
    expect_refused({
        {"[]", "invalid_value", ""},
        {"{}", "missing_field", "messages"},
        {R"({"model":"m"})", "missing_field", "messages"},
        {R"({"model":"m","messages":null})", "missing_field", "messages"},
        {R"({"model":"","messages":[]})", "invalid_value", "model"},
        {R"({"model":7,"messages":[]})", "invalid_value", "model"},
        {R"({"model":"m","messages":[]})", "invalid_value", "messages"},
        {R"({"model":"m","messages":"Hi"})", "invalid_value", "messages"},
        {with(R"("stream":"yes")"), "invalid_value", "stream"},
        {with(R"("stream_options":[])"), "invalid_value", "stream_options"},
        {with(R"("stream_options":{"include_usage":1})"), "invalid_value", "stream_options.include_usage"},
        {with(R"("max_tokens":-1)"), "invalid_value", "max_tokens"},
        {with(R"("max_tokens":0)"), "invalid_value", "max_tokens"},
        {with(R"("max_tokens":1000000001)"), "invalid_value", "max_tokens"},
        {with(R"("max_tokens":1e400)"), "invalid_value", "max_tokens"},
        {with(R"("max_completion_tokens":1.5)"), "invalid_value", "max_completion_tokens"},
        {with(R"("max_tokens":"5")"), "invalid_value", "max_tokens"},
        {with(R"("temperature":2.1)"), "invalid_value", "temperature"},
        {with(R"("temperature":-0.1)"), "invalid_value", "temperature"},
        {with(R"("temperature":1e999)"), "invalid_value", "temperature"},
        {with(R"("top_p":1.1)"), "invalid_value", "top_p"},
        {with(R"("top_k":2.5)"), "invalid_value", "top_k"},
        {with(R"("stop":5)"), "invalid_value", "stop"},
        {with(R"("stop":["a",5])"), "invalid_value", "stop[1]"},
        {with(R"("n":0)"), "invalid_value", "n"},
        {with(R"("n":129)"), "invalid_value", "n"},
        {with(R"("n":1000000)"), "invalid_value", "n"},
        {with(R"("top_logprobs":21)"), "invalid_value", "top_logprobs"},
        {with(R"("presence_penalty":3)"), "invalid_value", "presence_penalty"},
        {with(R"("seed":"x")"), "invalid_value", "seed"},
        {with(R"("metadata":"x")"), "invalid_value", "metadata"},
        {with(R"("user":{})"), "invalid_value", "user"},
        {with(R"("reasoning_effort":"hard")"), "invalid_value", "reasoning_effort"},
        {with(R"("reasoning":{"max_tokens":-1})"), "invalid_value", "reasoning.max_tokens"},
        {with(R"("thinking":{"type":"maybe"})"), "invalid_value", "thinking.type"},
        {with(R"("parallel_tool_calls":1)"), "invalid_value", "parallel_tool_calls"},
        {with(R"("tools":{})"), "invalid_value", "tools"},
        {with(R"("tools":[1])"), "invalid_value", "tools[0]"},
        {with(R"("tools":[{"type":"function"}])"), "missing_field", "tools[0].function"},
        {with(R"("tools":[{"function":{"name":""}}])"), "invalid_value", "tools[0].function.name"},
        {with(R"("tools":[{"function":{"name":"f","parameters":"x"}}])"), "invalid_value", "tools[0].function.parameters"},
        {with(R"("tool_choice":"sometimes")"), "invalid_value", "tool_choice"},
        {with(R"("tool_choice":{"type":"function"})"), "missing_field", "tool_choice.function"},
        {with(R"("functions":[{}])"), "missing_field", "functions[0].name"},
        {with(R"("function_call":{})"), "missing_field", "function_call.name"},
        {with(R"("response_format":{})"), "missing_field", "response_format.type"},
        {with(R"("response_format":{"type":"json_schema"})"), "missing_field", "response_format.json_schema"},
        {with(R"("response_format":{"type":"json_schema","json_schema":{"name":"x"}})"), "missing_field",
         "response_format.json_schema.schema"},
    });
}

TEST(OpenAiRequestRead, RefusesBadMessagesByTheirPath) {
    std::string call = R"({"role":"assistant","tool_calls":[)";
    expect_refused({
        {messages("1"), "invalid_value", "messages[0]"},
        {messages("{}"), "missing_field", "messages[0].role"},
        {messages(R"({"role":"robot","content":""})"), "invalid_value", "messages[0].role"},
        {messages(R"({"role":"user"})"), "missing_field", "messages[0].content"},
        {messages(R"({"role":"user","content":null})"), "missing_field", "messages[0].content"},
        {messages(R"({"role":"user","content":5})"), "invalid_value", "messages[0].content"},
        {messages(R"({"role":"user","content":["Hi"]})"), "invalid_value", "messages[0].content[0]"},
        {messages(R"({"role":"user","content":[{}]})"), "missing_field", "messages[0].content[0].type"},
        {messages(R"({"role":"user","content":[{"type":"text","text":5}]})"), "invalid_value", "messages[0].content[0].text"},
        {messages(R"({"role":"user","content":[{"type":"image_url"}]})"), "missing_field", "messages[0].content[0].image_url"},
        {messages(R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"file:///x"}}]})"), "invalid_value",
         "messages[0].content[0].image_url.url"},
        {messages(R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png,x"}}]})"),
         "invalid_value", "messages[0].content[0].image_url.url"},
        {messages(R"({"role":"user","content":[{"type":"file","file":{}}]})"), "missing_field",
         "messages[0].content[0].file.file_data"},
        {messages(R"({"role":"user","content":"x","name":5})"), "invalid_value", "messages[0].name"},
        {messages(R"({"role":"tool","content":"x"})"), "missing_field", "messages[0].tool_call_id"},
        {messages(call + R"({"type":"function"}]})"), "missing_field", "messages[0].tool_calls[0].id"},
        {messages(call + R"({"id":"a","function":{}}]})"), "missing_field", "messages[0].tool_calls[0].function.name"},
        {messages(call + R"({"id":"a","function":{"name":"f","arguments":5}}]})"), "invalid_value",
         "messages[0].tool_calls[0].function.arguments"},
        {messages(R"({"role":"assistant","content":"x","thinking_blocks":[{"type":"other"}]})"), "invalid_value",
         "messages[0].thinking_blocks[0].type"},
        {messages(R"({"role":"user","content":"x","cache_control":1})"), "invalid_value", "messages[0].cache_control"},
    });
}

TEST(OpenAiRequestRead, Parts) {
    Reading r(messages(R"({"role":"user","content":[
        {"type":"text","text":"a\nb","cache_control":{"type":"ephemeral"}},
        {"type":"image_url","image_url":{"url":"https://x/y.png","detail":"high"}},
        {"type":"image_url","image_url":"data:image\/webp;base64,AA=="},
        {"type":"input_audio","input_audio":{"data":"BB==","format":"mp3"}},
        {"type":"file","file":{"file_data":"data:application/pdf;base64,CC==","filename":"f.pdf"}},
        {"type":"file","file":{"file_id":"file-1"}},
        {"type":"file","file":{"file_data":"CC=="}},
        {"type":"video_url","video_url":{"url":"https://x"}}]})"));
    ASSERT_TRUE(r.result->has_value()) << r.result->error().message;
    const auto &parts = r->messages[0].parts;
    ASSERT_EQ(parts.size(), 8u);
    EXPECT_EQ(parts[0].text, "a\nb");
    EXPECT_EQ(parts[0].cache_control, R"({"type":"ephemeral"})");
    EXPECT_EQ(parts[1].kind, Part::Kind::Image);
    EXPECT_EQ(parts[1].source, Part::Source::Url);
    EXPECT_EQ(parts[1].detail, "high");
    EXPECT_EQ(parts[2].source, Part::Source::Base64);
    EXPECT_EQ(parts[2].media_type, "image/webp");
    EXPECT_EQ(parts[2].data, "AA==");
    EXPECT_EQ(parts[3].kind, Part::Kind::Audio);
    EXPECT_EQ(parts[3].media_type, "mp3");
    EXPECT_EQ(parts[4].kind, Part::Kind::Document);
    EXPECT_EQ(parts[4].title, "f.pdf");
    EXPECT_EQ(parts[4].data, "CC==");
    EXPECT_EQ(parts[5].source, Part::Source::FileId);
    EXPECT_EQ(parts[6].kind, Part::Kind::Other);
    EXPECT_EQ(parts[7].kind, Part::Kind::Other);
    EXPECT_EQ(parts[7].origin.path("type"), "messages[0].content[7].type");
}

TEST(OpenAiRequestRead, RolesAndToolMessages) {
    Reading r(messages(R"({"role":"system","content":"s"},{"role":"developer","content":"d"},
        {"role":"user","content":"u","name":"ann"},
        {"role":"assistant","content":null,"refusal":"no","tool_calls":[
          {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
          {"id":"c2","function":{"name":"g","arguments":{"b":2}}},
          {"id":"c3","type":"custom","custom":{"name":"h","input":"x"}}]},
        {"role":"tool","tool_call_id":"c1","content":"ok"},
        {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"p"},{"type":"text","text":"q"}]})"));
    ASSERT_TRUE(r.result->has_value()) << r.result->error().message;
    ASSERT_EQ(r->messages.size(), 6u);
    EXPECT_EQ(r->messages[0].role, Role::System);
    EXPECT_EQ(r->messages[1].role, Role::Developer);
    EXPECT_EQ(r->messages[2].name, "ann");
    const auto &parts = r->messages[3].parts;
    ASSERT_EQ(parts.size(), 4u);
    EXPECT_EQ(parts[0].kind, Part::Kind::Refusal);
    EXPECT_EQ(parts[1].arguments, R"({"a":1})");
    EXPECT_EQ(parts[2].input, R"({"b":2})");
    EXPECT_EQ(parts[3].kind, Part::Kind::Other);
    EXPECT_EQ(r->messages[4].role, Role::Tool);
    ASSERT_EQ(r->messages[4].parts.size(), 1u);
    EXPECT_EQ(r->messages[4].parts[0].id, "c1");
    EXPECT_EQ(r->messages[5].parts[0].content.size(), 2u);
}

TEST(OpenAiRequestRead, OldFunctionsPairUp) {
    Reading r(R"({"model":"m","messages":[{"role":"user","content":"x"},
        {"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},
        {"role":"function","name":"f","content":"1"},
        {"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},
        {"role":"function","name":"f","content":"2"}],
        "functions":[{"name":"f","parameters":{"type":"object"}}],"function_call":"auto"})");
    ASSERT_TRUE(r.result->has_value()) << r.result->error().message;
    const auto id = [&](size_t message) { return r->messages[message].parts[0].id.decode(); };
    EXPECT_EQ(id(1), id(2));
    EXPECT_EQ(id(3), id(4));
    EXPECT_NE(id(1), id(3));
    EXPECT_EQ(r->tools[0].name, "f");
    EXPECT_EQ(r->tool_choice.mode, chat::ToolChoice::Mode::Auto);
    ChatRequest copy = *r;  // made-up texts live as long as any copy
    EXPECT_EQ(copy.messages[4].parts[0].id.decode(), id(3));
}

TEST(OpenAiRequestRead, ThinkingComesFirstAndOnce) {
    Reading r(messages(R"({"role":"assistant","content":"a","reasoning_content":"t","thinking_blocks":[
        {"index":0,"type":"thinking","thinking":"t","signature":"s"},{"type":"redacted_thinking","data":"d"}]},
      {"role":"assistant","content":"a","reasoning":"t","reasoning_details":[
        {"type":"reasoning.text","text":"t","signature":"s","format":"anthropic-claude-v1"},
        {"type":"reasoning.encrypted","data":"d","format":"anthropic-claude-v1"},
        {"type":"reasoning.text","text":"o","signature":"s","format":"openai-responses-v1"}]},
      {"role":"assistant","content":"a","reasoning_content":"t","thinking_blocks":[]},
      {"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"t"}]},{"type":"text","text":"a"}]})"));
    ASSERT_TRUE(r.result->has_value()) << r.result->error().message;
    const auto &litellm = r->messages[0].parts;
    ASSERT_EQ(litellm.size(), 3u);
    EXPECT_EQ(litellm[0].signature, "s");
    EXPECT_EQ(litellm[0].text, "t");
    EXPECT_EQ(litellm[1].kind, Part::Kind::RedactedThinking);
    EXPECT_EQ(litellm[1].data, "d");
    EXPECT_EQ(litellm[2].kind, Part::Kind::Text);
    const auto &openrouter = r->messages[1].parts;
    ASSERT_EQ(openrouter.size(), 4u);
    EXPECT_EQ(openrouter[0].signature, "s");
    EXPECT_EQ(openrouter[1].data, "d");
    EXPECT_TRUE(openrouter[2].signature.empty()) << "another vendor's signature is none";
    EXPECT_EQ(r->messages[2].parts[0].kind, Part::Kind::Thinking);
    EXPECT_EQ(r->messages[2].parts[0].origin.path(), "messages[2].reasoning_content");
    EXPECT_EQ(r->messages[3].parts[0].kind, Part::Kind::Thinking);
}

TEST(OpenAiRequestRead, ToolChoiceForms) {
    using Mode = chat::ToolChoice::Mode;
    auto mode = [](const std::string &json) { return Reading(with("\"tool_choice\":" + json))->tool_choice.mode; };
    EXPECT_EQ(mode("\"auto\""), Mode::Auto);
    EXPECT_EQ(mode("\"none\""), Mode::None);
    EXPECT_EQ(mode("\"required\""), Mode::Required);
    EXPECT_EQ(mode("\"any\""), Mode::Required);
    EXPECT_EQ(mode(R"({"type":"function","function":{"name":"f"}})"), Mode::Named);
    EXPECT_EQ(mode(R"({"function":{"name":"f"}})"), Mode::Named);
    Reading r(with(R"("tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}})"));
    ASSERT_EQ(r->extras.size(), 1u);
    EXPECT_EQ(r->extras[0].path, "tool_choice");
    EXPECT_FALSE(r->extras[0].hint);
}

TEST(OpenAiRequestRead, ReasoningForms) {
    using Mode = chat::Reasoning::Mode;
    auto reasoning = [](const std::string &json) { return Reading(with(json))->reasoning; };
    EXPECT_EQ(reasoning(R"("reasoning_effort":"none")").mode, Mode::Off);
    EXPECT_EQ(reasoning(R"("reasoning_effort":"minimal")").mode, Mode::Effort);
    EXPECT_EQ(reasoning(R"("reasoning":{"max_tokens":2000})").budget, 2000);
    EXPECT_EQ(reasoning(R"("reasoning":{"enabled":false})").mode, Mode::Off);
    EXPECT_EQ(reasoning(R"("reasoning":{"enabled":true,"effort":"low"})").mode, Mode::Effort);
    EXPECT_EQ(reasoning(R"("reasoning":{"effort":"low","enabled":true})").mode, Mode::Effort);
    EXPECT_EQ(reasoning(R"("thinking":{"type":"enabled","budget_tokens":1024})").mode, Mode::Budget);
    EXPECT_EQ(reasoning(R"("thinking":{"type":"disabled"})").mode, Mode::Off);
    EXPECT_EQ(reasoning(R"("thinking":{"type":"adaptive"})").mode, Mode::Adaptive);
}

TEST(OpenAiRequestRead, MessageMembersBesideTheVocabulary) {
    Reading r(messages(R"({"role":"assistant","content":"x","annotations":[],"audio":null,"function_call":null},
        {"role":"assistant","content":"x","annotations":[{"type":"url_citation"}],"audio":{"id":"a"},"prefix":false},
        {"role":"user","content":"x","tool_calls":null,"cache_control":{"type":"ephemeral"}})"));
    ASSERT_EQ(r->extras.size(), 2u);
    EXPECT_EQ(r->extras[0].path, "messages[1].annotations");
    EXPECT_TRUE(r->extras[0].hint);
    EXPECT_EQ(r->extras[1].path, "messages[1].audio");
    EXPECT_FALSE(r->extras[1].hint);
    EXPECT_FALSE(r->messages[2].parts[0].cache_control.empty());
}

}  // namespace

}  // namespace aigw::dialects
