#include <gtest/gtest.h>

#include "dialects/answers.h"

namespace aigw::dialects {

namespace {

using chat::FinishReason;

// Line breaks of the source text become spaces.
std::string data(std::string json) {
    std::replace(json.begin(), json.end(), '\n', ' ');
    return "data: " + json + "\n\n";
}
std::string choice(const std::string &delta, const std::string &rest = R"(,"finish_reason":null)") {
    return data(R"({"id":"c","model":"m","choices":[{"index":0,"delta":)" + delta + rest + "}]}");
}
const std::string kStop = choice("{}", R"(,"finish_reason":"stop")");
const std::string kUsage = data(R"({"id":"c","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}})");
const std::string kDone = "data: [DONE]\n\n";

// Whole, byte by byte and split at every point: the same.
PlainAnswer read(const std::string &stream) {
    PlainAnswer whole = read_plain_stream(openai_chat(), stream);
    EXPECT_TRUE(read_plain_stream(openai_chat(), stream, {1, SIZE_MAX}) == whole) << stream;
    for (size_t at = 1; at < stream.size(); ++at) {
        EXPECT_TRUE(read_plain_stream(openai_chat(), stream, {SIZE_MAX, at}) == whole) << at << '\n' << stream;
    }
    return whole;
}

PlainAnswer read_json(const std::string &body) { return read_plain_answer(openai_chat(), body); }

std::string message(const std::string &inner, const std::string &rest = R"(,"finish_reason":"stop")") {
    return R"({"id":"c","model":"m","choices":[{"index":0,"message":)" + inner + rest + "}]}";
}

TEST(OpenAiResponseRead, AStreamInOrder) {
    PlainAnswer a = read(choice(R"({"role":"assistant","content":""})") + choice(R"({"content":"Gr\u00fc"})") +
                         choice(R"({"content":"\u00df"})") + kStop + kUsage + kDone);
    EXPECT_EQ(a.error, "");
    EXPECT_EQ(a.id, "c");
    EXPECT_EQ(a.model, "m");
    EXPECT_EQ(a.starts, 1);
    EXPECT_EQ(a.ends, 1);
    EXPECT_EQ(a.choices[0].text, "Grüß");
    EXPECT_EQ(a.choices[0].finish, FinishReason::Stop);
    EXPECT_EQ(a.usage->prompt, 9);
    EXPECT_EQ(a.usage->completion, 4);
}

TEST(OpenAiResponseRead, NothingAfterTheEndCounts) {
    PlainAnswer a = read(choice(R"({"content":"a"})") + kStop + kDone + choice(R"({"content":"b"})") + kUsage + kStop + kDone);
    EXPECT_EQ(a.choices[0].text, "a");
    EXPECT_EQ(a.ends, 1);
    EXPECT_FALSE(a.usage);
}

TEST(OpenAiResponseRead, AFinishSaidTwiceCountsOnceAndMayCarryText) {
    PlainAnswer a = read(choice(R"({"content":"a"})") + choice(R"({"content":"b"})", R"(,"finish_reason":"length")") +
                         choice(R"({"content":""})", R"(,"finish_reason":"stop")") + kDone);
    EXPECT_EQ(a.choices[0].text, "ab");
    EXPECT_EQ(a.finishes, 1);
    EXPECT_EQ(a.choices[0].finish, FinishReason::Length);
}

TEST(OpenAiResponseRead, WhenAStreamIsWhole) {
    std::string text = choice(R"({"content":"a"})");
    EXPECT_EQ(read(text + kStop).error, "") << "a finish, then the end of the body";
    EXPECT_EQ(read(text + kStop).ends, 1);
    EXPECT_EQ(read(text + kUsage + kDone).error, "") << "usage last, then [DONE]";
    EXPECT_EQ(read(text + kUsage + kDone).choices[0].finish, FinishReason::Stop);
    for (const std::string &cut : {text, text + kUsage, text + kDone, kDone, std::string(), kUsage + kDone, kUsage + text + kDone}) {
        EXPECT_EQ(read(cut).error, "upstream_error") << cut;
        EXPECT_EQ(read(cut).ends, 0) << cut;
    }
}

TEST(OpenAiResponseRead, EveryChoiceMustFinish) {
    std::string second = data(R"({"choices":[{"index":1,"delta":{"content":"b"}}]})");
    EXPECT_EQ(read(choice(R"({"content":"a"})") + second + kStop).error, "upstream_error");
    PlainAnswer a = read(choice(R"({"content":"a"})") + second + kStop +
                         data(R"({"choices":[{"index":1,"delta":{},"finish_reason":"length"}]})") + kDone);
    EXPECT_EQ(a.choices[0].text, "a");
    EXPECT_EQ(a.choices[1].text, "b");
    EXPECT_EQ(a.choices[1].finish, FinishReason::Length);
}

TEST(OpenAiResponseRead, AzuresFirstChunksNameNothing) {
    PlainAnswer a = read(data(R"({"choices":[],"id":"","model":"","created":0,"prompt_filter_results":[]})") +
                         data(R"({"id":"c","model":"m","choices":[{"index":0,"content_filter_results":{},"finish_reason":null}]})") +
                         choice(R"({"content":"a"})") + kStop + kDone);
    EXPECT_EQ(a.id, "c");
    EXPECT_EQ(a.starts, 1);
    EXPECT_EQ(a.choices[0].text, "a");
}

TEST(OpenAiResponseRead, ToolCallPieces) {
    PlainAnswer a = read(
        choice(R"({"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}]})") +
        choice(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]})") +
        choice(R"({"tool_calls":[{"index":1,"id":"c2","function":{"name":"g","arguments":"{"}}]})") +
        choice(R"({"tool_calls":[{"index":0,"function":{"arguments":"1}"}},{"index":1,"function":{"name":"","arguments":"}"}}]})") +
        choice("{}", R"(,"finish_reason":"tool_calls")") + kDone);
    EXPECT_EQ(a.error, "");
    EXPECT_EQ(a.choices[0].tools, (std::vector<PlainTool>{{"c1", "f", R"({"a":1})"}, {"c2", "g", "{}"}}));
    EXPECT_EQ(a.choices[0].finish, FinishReason::ToolCalls);
    EXPECT_EQ(a.tool_ends, 2);
}

TEST(OpenAiResponseRead, ToolCallsAsServersVary) {
    auto tools = [](const std::string &calls) {
        std::string stream;
        for (size_t at = 0; at < calls.size();) {
            size_t end = std::min(calls.find('|', at), calls.size());
            stream += choice(R"({"tool_calls":[)" + calls.substr(at, end - at) + "]}");
            at = end + 1;
        }
        PlainAnswer a = read(stream + kStop + kDone);
        EXPECT_EQ(a.error, "") << calls;
        EXPECT_EQ(a.choices[0].finish, FinishReason::ToolCalls) << "a call that finishes with stop is a call";
        return a.choices[0].tools;
    };
    using Tools = std::vector<PlainTool>;
    EXPECT_EQ(tools(R"({"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":"{}"}})"),
              (Tools{{"a", "f", "{}"}, {"b", "g", "{}"}})) << "no index";
    EXPECT_EQ(tools(R"({"index":0,"id":"a","function":{"name":"f","arguments":"1"}}|{"index":0,"id":"b","function":{"name":"g","arguments":"2"}})"),
              (Tools{{"a", "f", "1"}, {"b", "g", "2"}})) << "every call has index 0";
    EXPECT_EQ(tools(R"({"index":0,"id":"a","function":{"name":"f","arguments":""}}|{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}})"),
              (Tools{{"a", "f", "{}"}})) << "id and name with every piece";
    EXPECT_EQ(tools(R"({"id":"a","function":{"name":"f","arguments":"{"}}|{"function":{"arguments":"}"}})"), (Tools{{"a", "f", "{}"}}))
        << "later pieces without index and id";
    EXPECT_EQ(tools(R"({"index":3,"id":"a","function":{"name":"f","arguments":{"x":"\n"}}})"), (Tools{{"a", "f", R"({"x":"\n"})"}}))
        << "arguments as an object, indexes not from 0";
    EXPECT_EQ(tools(R"({"index":0,"function":{"name":"f","arguments":null}})"), (Tools{{"call_c_0", "f", ""}})) << "no id";
    EXPECT_EQ(tools(R"({"index":0,"id":"a","function":{"name":null}}|{"index":0,"function":{"name":"f","arguments":"{}"}})"),
              (Tools{{"a", "f", "{}"}})) << "the name comes late";
}

TEST(OpenAiResponseRead, ToolCallsThatMakeNoSense) {
    EXPECT_EQ(read(choice(R"({"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{}"}}]})") + kStop + kDone).error,
              "upstream_error");
    std::string many;
    for (int i = 0; i <= 1024; ++i) {
        many += choice(R"({"tool_calls":[{"index":)" + std::to_string(i) + R"(,"id":"i)" + std::to_string(i) +
                       R"(","function":{"name":"f"}}]})");
    }
    EXPECT_EQ(read_plain_stream(openai_chat(), many + kStop + kDone).error, "upstream_error");
    EXPECT_EQ(read(choice(R"({"tool_calls":null,"content":"a"})") + kStop).choices[0].tools.size(), 0u);
    EXPECT_EQ(read(choice(R"({"tool_calls":[null,1,{}],"content":"a"})") + kStop).choices[0].tools.size(), 0u);
}

TEST(OpenAiResponseRead, OldFunctionCall) {
    PlainAnswer a = read(choice(R"({"function_call":{"name":"f","arguments":""}})") +
                         choice(R"({"function_call":{"arguments":"{}"}})") +
                         choice("{}", R"(,"finish_reason":"function_call")") + kDone);
    EXPECT_EQ(a.choices[0].tools, (std::vector<PlainTool>{{"call_c_0", "f", "{}"}}));
    EXPECT_EQ(a.choices[0].finish, FinishReason::ToolCalls);
    EXPECT_TRUE(read_json(message(R"({"content":"a","function_call":{"name":"","arguments":""}})")).choices[0].tools.empty());
}

TEST(OpenAiResponseRead, ReasoningInAllItsMembers) {
    auto reasoning = [](const std::string &delta) {
        PlainAnswer a = read(choice(delta) + choice(R"({"content":"x"})") + kStop + kDone);
        EXPECT_EQ(a.choices[0].text, "x") << delta;
        return a.choices[0];
    };
    EXPECT_EQ(reasoning(R"({"reasoning_content":"t"})").reasoning, "t");
    EXPECT_EQ(reasoning(R"({"reasoning":"t"})").reasoning, "t");
    EXPECT_EQ(reasoning(R"({"reasoning":"t","reasoning_content":"t"})").reasoning, "t");
    EXPECT_EQ(reasoning(R"({"reasoning":"t","reasoning_details":[{"type":"reasoning.text","text":"t"}]})").reasoning, "t");
    EXPECT_EQ(reasoning(R"({"reasoning_details":[{"type":"reasoning.summary","summary":"t"}]})").reasoning, "t");
    EXPECT_EQ(reasoning(R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"t"}]}]})").reasoning, "t");
    PlainChoice c = reasoning(R"({"reasoning":"t","reasoning_details":[{"type":"reasoning.text","text":"t","signature":"s",
        "format":"anthropic-claude-v1"},{"type":"reasoning.encrypted","data":"d","format":"anthropic-claude-v1"}]})");
    EXPECT_EQ(c.reasoning, "t");
    EXPECT_EQ(c.signatures, std::vector<std::string>{"s"});
    EXPECT_EQ(c.redacted, std::vector<std::string>{"d"});
    c = reasoning(R"({"reasoning":"t","reasoning_details":[{"type":"reasoning.encrypted","data":"d","format":"openai-responses-v1"}]})");
    EXPECT_TRUE(c.redacted.empty()) << "another vendor's";
    c = reasoning(R"({"reasoning_content":"t","thinking_blocks":[{"type":"thinking","thinking":"t","signature":"s"},
        {"type":"redacted_thinking","data":"d"}]})");
    EXPECT_EQ(c.reasoning, "t");
    EXPECT_EQ(c.signatures, std::vector<std::string>{"s"});
    EXPECT_EQ(c.redacted, std::vector<std::string>{"d"});
}

// Every thinking block has its own number, whether the server counts them or not.
TEST(OpenAiResponseRead, ThinkingBlocksAreNumbered) {
    class Indexes final : public chat::DeltaSink {
    public:
        std::string seen;
        void on_delta(const chat::Delta &delta) override {
            using Kind = chat::Delta::Kind;
            char kind = delta.kind == Kind::Reasoning ? 'r' : delta.kind == Kind::Signature ? 's' : 'x';
            if (kind != 'x' || delta.kind == Kind::Redacted) seen += kind + std::to_string(delta.index);
        }
    };
    auto seen = [](const std::string &stream) {
        Indexes sink;
        StreamRun run(openai_chat(), sink);
        run.run(stream + kStop + kDone);
        return sink.seen;
    };
    std::string think = R"({"type":"thinking","thinking":"a"})", sign = R"({"type":"thinking","signature":"s"})";
    auto blocks = [](const std::string &list) { return choice(R"({"thinking_blocks":[)" + list + "]}"); };
    EXPECT_EQ(seen(blocks(think) + blocks(think) + blocks(sign) + blocks(think) + blocks(sign)), "r0r0s0r1s1");
    EXPECT_EQ(seen(blocks(think + "," + sign + R"(,{"type":"redacted_thinking","data":"d"})") + blocks(think)), "r0s0x1r2");
    EXPECT_EQ(seen(blocks(R"({"index":0,"type":"thinking","thinking":"a"})") + blocks(R"({"index":1,"type":"thinking","thinking":"b"})")),
              "r0r1");
    EXPECT_EQ(seen(choice(R"({"reasoning":"a"})") + choice(R"({"content":"b"})") + choice(R"({"reasoning":"c"})")), "r0r1");
}

TEST(OpenAiResponseRead, MistralsListsOfContent) {
    PlainAnswer a = read(choice(R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"t1"}]}]})") +
                         choice(R"({"content":[{"type":"thinking","thinking":"t2"},{"type":"text","text":"a"}]})") +
                         choice(R"({"content":"b"})") + kStop + kDone);
    EXPECT_EQ(a.choices[0].reasoning, "t1t2");
    EXPECT_EQ(a.choices[0].text, "ab");
}

TEST(OpenAiResponseRead, ErrorsAnywhere) {
    std::string text = choice(R"({"content":"a"})");
    for (const std::string &error :
         {data(R"({"error":{"message":"x","code":500}})"), std::string("event: error\ndata: {\"message\":\"x\"}\n\n"),
          std::string("error: {\"code\":500,\"message\":\"x\"}\n\n"), data(R"({"error":"boom"})"),
          data(R"([{"error":{"code":500,"message":"x"}}])"), data(R"({"object":"error","message":"x"})"),
          data(R"({"id":"c","error":{"code":502,"message":"x"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]})"),
          data(R"({"choices":[{"index":0,"delta":{},"error":{"code":502,"message":"x"}}]})"),
          choice("{}", R"(,"finish_reason":"error")"), std::string("data: {not json\n\n"), data("[1]"), data("null"), data("17"),
          data(R"({"choices":7})"), data(R"({"choices":[7]})"), data(R"({"choices":[{"index":-1}]})"),
          data(R"({"choices":[{"index":128}]})")}) {
        for (const std::string &before : {std::string(), text}) {
            PlainAnswer a = read(before + error + kStop + kDone);
            EXPECT_EQ(a.error, "upstream_error") << before << error;
            EXPECT_EQ(a.ends, 0) << before << error;
        }
    }
    EXPECT_EQ(read(text + data(R"({"error":{"message":"slow down","code":429}})")).error, "rate_limit_exceeded");
}

TEST(OpenAiResponseRead, WhatIsNoError) {
    std::string text = choice(R"({"content":"a"})");
    for (const std::string &harmless :
         {std::string(": comment\n\n"), data(R"({"choices":null})"), data("{}"), data(R"({"error":null,"choices":[]})"),
          data(R"({"error":{},"choices":[]})"), data(R"({"error":"","choices":[]})"), std::string("data: \n\n"),
          std::string("event: ping\ndata: {}\n\n"), std::string("id: 7\nretry: 5\n\n"), data(R"({"choices":[{"delta":null}]})")}) {
        EXPECT_EQ(read(text + harmless + kStop + kDone).error, "") << harmless;
        EXPECT_EQ(read(text + harmless + kStop + kDone).choices[0].text, "a") << harmless;
    }
    EXPECT_EQ(read(text + kStop + "data:  [DONE] \n\n").ends, 1);
}

TEST(OpenAiResponseRead, UsageWhereverItStands) {
    auto usage = [](const std::string &members) {
        PlainAnswer a = read(choice(R"({"content":"a"})") + data(R"({"choices":[],)" + members + "}") + kStop + kDone);
        EXPECT_EQ(a.error, "");
        return a.usage;
    };
    using U = chat::Usage;
    EXPECT_EQ(usage(R"("usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":5,
        "cache_write_tokens":2},"completion_tokens_details":{"reasoning_tokens":3}})"), (U{9, 4, 5, 2, 3}));
    EXPECT_EQ(usage(R"("x_groq":{"usage":{"prompt_tokens":9,"completion_tokens":4}})"), (U{9, 4, 0, 0, 0}));
    EXPECT_EQ(usage(R"("usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_cache_hit_tokens":5})"), (U{9, 4, 5, 0, 0}));
    EXPECT_EQ(usage(R"("usage":{"prompt_tokens":9,"completion_tokens":4,"num_cached_tokens":5})"), (U{9, 4, 5, 0, 0}));
    EXPECT_EQ(usage(R"("usage":{"prompt_tokens":7,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":163}})"),
              (U{7, 1, 7, 0, 0})) << "cached is part of the prompt";
    EXPECT_EQ(usage(R"("usage":{"prompt_tokens":7,"completion_tokens":1,"total_tokens":18,
        "completion_tokens_details":{"reasoning_tokens":10}})"), (U{7, 11, 0, 0, 10})) << "reasoning counted beside completion";
    EXPECT_EQ(usage(R"("usage":{"prompt_tokens":7,"completion_tokens":1,"prompt_tokens_details":null})"), (U{7, 1, 0, 0, 0}));
    for (std::string_view bad : {R"({"prompt_tokens":-1,"completion_tokens":4})", R"({"prompt_tokens":1e308,"completion_tokens":4})",
                                 R"({"prompt_tokens":9,"completion_tokens":1000000001})", R"({"prompt_tokens":"9"})", "{}", "null",
                                 "7", R"({"prompt_tokens":1.5,"completion_tokens":4})"}) {
        EXPECT_FALSE(usage("\"usage\":" + std::string(bad))) << bad;
    }
    PlainAnswer last = read(choice(R"({"content":"a"})") + data(R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}})") +
                            kStop + kUsage + data(R"({"choices":[],"usage":{"prompt_tokens":-5,"completion_tokens":1}})") + kDone);
    EXPECT_EQ(last.usage->prompt, 9) << "the last one that makes sense";
}

TEST(OpenAiResponseRead, WholeAnswers) {
    PlainAnswer a = read_json(R"({"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"a\"b",
        "refusal":null,"reasoning_content":"t","tool_calls":[{"id":"c1","type":"function","function":{"name":"f",
        "arguments":"{\"x\":1}"}}]},"finish_reason":"stop"},{"index":1,"message":{"content":"z"},"finish_reason":"length"}],
        "usage":{"prompt_tokens":9,"completion_tokens":4}})");
    EXPECT_EQ(a.error, "");
    EXPECT_EQ(a.choices[0].text, "a\"b");
    EXPECT_EQ(a.choices[0].reasoning, "t");
    EXPECT_EQ(a.choices[0].tools[0].arguments, R"({"x":1})");
    EXPECT_EQ(a.choices[0].finish, FinishReason::ToolCalls);
    EXPECT_EQ(a.choices[1].finish, FinishReason::Length);
    EXPECT_EQ(a.usage->prompt, 9);
    EXPECT_EQ(a.ends, 1);
    for (const std::string &finish : {std::string(), std::string(R"(,"finish_reason":null)"), std::string(R"(,"finish_reason":"")"),
                                      std::string(R"(,"finish_reason":"eos")")}) {
        EXPECT_EQ(read_json(message(R"({"content":"a"})", finish)).choices[0].finish, FinishReason::Stop) << finish;
    }
    EXPECT_EQ(read_json(message(R"({"content":""})", R"(,"finish_reason":"content_filter")")).choices[0].finish,
              FinishReason::ContentFilter);
    EXPECT_EQ(read_json(message(R"({"refusal":"no"})")).choices[0].refusal, "no");
}

TEST(OpenAiResponseRead, WholeAnswersThatAreNone) {
    for (std::string_view body : {"{}", "[]", "null", R"({"choices":[]})", R"({"choices":null})", R"({"choices":7})",
                                  R"({"choices":[7]})", R"({"error":{"message":"x","code":502}})", R"({"detail":"x"})",
                                  R"({"id":"x","choices":null,"error":{"message":"x"}})"}) {
        EXPECT_NE(read_json(std::string(body)).error, "") << body;
        EXPECT_EQ(read_json(std::string(body)).ends, 0) << body;
    }
}

}  // namespace

}  // namespace aigw::dialects
