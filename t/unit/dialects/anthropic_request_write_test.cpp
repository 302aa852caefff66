// From OpenAI callers, as they write it, to what Anthropic gets.
#include <gtest/gtest.h>

#include "dialects/anthropic_request_write.h"
#include "dialects/anthropic_support.h"

using namespace aigw;
using namespace aigw::dialects;
using namespace aigw::dialects::test;

namespace {

struct Options {
    std::string model = "claude-sonnet-4-5";
    Tokens max_tokens = 4096;
    bool drop = false;
    bool stream = false;
};

struct Written {
    std::string body;
    std::string dropped;  // joined by spaces
    std::string fault;    // "code param"
    JsonValue operator[](std::string_view key) const { return (*doc)[key]; }
    std::string raw(std::string_view key) const { return std::string((*doc)[key].raw()); }
    std::shared_ptr<Parsed> doc;
};

// `members` of a chat completions body besides the model.
Written write(const std::string &members, const Options &how = {}) {
    const bool has_messages = members.find("\"messages\"") != std::string::npos;
    const Parsed parsed(R"({"model":"m")" + std::string(has_messages ? "" : R"(,"messages":[{"role":"user","content":"hi"}])") +
                        (members.empty() ? "" : "," + members) + "}");
    const auto request = openai_chat().read_request(parsed.doc());
    Written out;
    if (!request) {
        ADD_FAILURE() << request.error().message;
        return out;
    }
    RequestOptions options;
    options.model = how.model;
    options.stream = how.stream;
    options.default_max_tokens = how.max_tokens;
    options.drop_unsupported = how.drop;
    const auto written = anthropic_messages().write_request(*request, options);
    if (!written) {
        EXPECT_EQ(written.error().status, 400);
        out.fault = written.error().code + " " + written.error().param;
        return out;
    }
    out.body = written->body;
    for (const std::string &path : written->dropped)
        out.dropped += (out.dropped.empty() ? "" : " ") + path;
    out.doc = std::make_shared<Parsed>(out.body);  // refuses duplicates too
    EXPECT_TRUE(anthropic_messages().read_request(out.doc->doc()).has_value()) << out.body;
    return out;
}

Written write_messages(const std::string &messages, const Options &how = {}) {
    return write("\"messages\":" + messages, how);
}

TEST(AnthropicHosted, BetasThatEveryHostKnowsAreInTheBody) {
    JsonParser parser;
    JsonDoc doc;
    ASSERT_TRUE(parser.parse(R"({"model":"m","messages":[{"role":"user","content":"hi"}]})", doc));
    const chat::ChatRequest request = *openai_chat().read_request(doc);
    RequestOptions options;
    options.model = "m";
    options.anthropic_beta = "claude-code-20250219, interleaved-thinking-2025-05-14,context-1m-2025-08-07,interleaved-thinking-2025-05-14,";
    auto bedrock = bedrock_anthropic().write_request(request, options);
    ASSERT_TRUE(bedrock);
    EXPECT_NE(bedrock->body.find(R"("anthropic_beta":["interleaved-thinking-2025-05-14","context-1m-2025-08-07"])"), std::string::npos)
        << bedrock->body;
    EXPECT_EQ(bedrock->dropped, std::vector<std::string>{"anthropic-beta"});
    for (const ProviderDialect *other : {&vertex_anthropic(), static_cast<const ProviderDialect *>(&anthropic_messages())}) {
        auto written = other->write_request(request, options);
        ASSERT_TRUE(written);
        EXPECT_EQ(written->body.find("anthropic_beta"), std::string::npos) << written->body;
        EXPECT_TRUE(written->dropped.empty());
    }
}

}  // namespace

TEST(AnthropicRequestWrite, WritesPlainRequest) {
    const Written written = write(R"("messages":[{"role":"system","content":"be kind"},{"role":"user","content":"hi \"you\"\n"}],)"
                                  R"("max_completion_tokens":99,"temperature":0.50,"top_p":0.9,"stop":["a","b"],"user":"u1",)"
                                  R"("stream":true,"stream_options":{"include_usage":true})",
                                  {.stream = true});
    EXPECT_EQ(written.body,
              R"({"model":"claude-sonnet-4-5","max_tokens":99,"system":"be kind",)"
              R"("messages":[{"role":"user","content":"hi \"you\"\n"}],"temperature":0.50,"top_p":0.9,)"
              R"("stop_sequences":["a","b"],"metadata":{"user_id":"u1"},"stream":true})");
    EXPECT_EQ(written.dropped, "");
}

TEST(AnthropicRequestWrite, GathersTheSystemPrompt) {
    const Written two = write_messages(R"([{"role":"developer","content":"a"},{"role":"user","content":"q"},)"
                                       R"({"role":"system","content":[{"type":"text","text":"b"},{"type":"text","text":" "}]}])");
    EXPECT_EQ(two.raw("system"), R"([{"type":"text","text":"a"},{"type":"text","text":"b"}])");
    const Written cached = write_messages(
        R"([{"role":"system","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}]},)"
        R"({"role":"user","content":"q"}])");
    EXPECT_EQ(cached.raw("system"), R"([{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}])");
    const Written alone = write_messages(R"([{"role":"system","content":"only"}])");
    EXPECT_EQ(alone.raw("messages"), R"([{"role":"user","content":"only"}])");
    EXPECT_FALSE(alone["system"]);
}

TEST(AnthropicRequestWrite, MergesToolResultsIntoOneTurn) {
    const Written written = write_messages(
        R"([{"role":"user","content":"q"},{"role":"assistant","content":"","tool_calls":[)"
        R"({"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\": \"\\u00e9\\n\"}"}},)"
        R"({"id":"c.2","type":"function","function":{"name":"g","arguments":""}}]},)"
        R"({"role":"tool","tool_call_id":"c1","content":"r1"},)"
        R"({"role":"user","content":"and?"},)"
        R"({"role":"tool","tool_call_id":"c.2","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]},)"
        R"({"role":"tool","tool_call_id":"c3","content":""}])");
    EXPECT_EQ(written.raw("messages"),
              R"([{"role":"user","content":"q"},{"role":"assistant","content":[)"
              R"({"type":"tool_use","id":"c1","name":"f","input":{"a": "\u00e9\n"}},)"
              R"({"type":"tool_use","id":"c_2","name":"g","input":{}}]},)"
              R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"r1"},)"
              R"({"type":"tool_result","tool_use_id":"c_2","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]},)"
              R"({"type":"tool_result","tool_use_id":"c3"},{"type":"text","text":"and?"}]}])");
}

TEST(AnthropicRequestWrite, MergesNeighboursAndLeavesOutBlanks) {
    const Written written = write_messages(R"([{"role":"user","content":"a"},{"role":"assistant","content":" \n"},)"
                                           R"({"role":"user","content":[{"type":"text","text":""},{"type":"text","text":"b"}]},)"
                                           R"({"role":"assistant","content":"c"},{"role":"assistant","content":"so \n"}])");
    EXPECT_EQ(written.raw("messages"),
              R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},)"
              R"({"role":"assistant","content":[{"type":"text","text":"c"},{"type":"text","text":"so"}]}])");
    EXPECT_EQ(write_messages(R"([{"role":"user","content":" "}])").fault, "invalid_value messages");
    const Written prefill = write_messages(R"([{"role":"user","content":"a "},{"role":"assistant","content":"b "}])");
    EXPECT_EQ(prefill.raw("messages"), R"([{"role":"user","content":"a "},{"role":"assistant","content":"b"}])");
}

TEST(AnthropicRequestWrite, RefusesArgumentsThatAreNoObject) {
    for (const char *arguments : {"{", "[]", "1", "nope", "{\\\"a\\\":1} x"}) {
        const Written written = write_messages(
            R"([{"role":"user","content":"q"},{"role":"assistant","tool_calls":[{"id":"c","type":"function",)"
            R"("function":{"name":"f","arguments":")" + std::string(arguments) + R"("}}]}])");
        EXPECT_EQ(written.fault, "invalid_value messages[1].tool_calls[0].function.arguments") << arguments;
    }
}

TEST(AnthropicRequestWrite, CarriesImagesAndFiles) {
    const Written written = write_messages(
        R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"auto"}},)"
        R"({"type":"image_url","image_url":{"url":"https://e.com/a.png","detail":"high"},"cache_control":{"type":"ephemeral"}},)"
        R"({"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}},)"
        R"({"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;base64,aGVsbG8="}}]}])");
    EXPECT_EQ(written.raw("messages"),
              R"([{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},)"
              R"({"type":"image","source":{"type":"url","url":"https://e.com/a.png"},"cache_control":{"type":"ephemeral"}},)"
              R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"},"title":"a.pdf"},)"
              R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"hello"},"title":"a.txt"}]}])");
    EXPECT_EQ(written.dropped, "messages[0].content[1].image_url.detail");
}

TEST(AnthropicRequestWrite, RefusesPartsWithoutAPlace) {
    const auto with_part = [](const std::string &part, bool drop) {
        return write_messages(R"([{"role":"user","content":[{"type":"text","text":"a"},)" + part + "]}]", {.drop = drop});
    };
    const struct {
        const char *part, *path;
    } rows[] = {
        {R"({"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}})", "messages[0].content[1].type"},
        {R"({"type":"video_url","video_url":{"url":"u"}})", "messages[0].content[1].type"},
        {R"({"type":"file","file":{"file_id":"file-1"}})", "messages[0].content[1].file.file_id"},
        {R"({"type":"file","file":{"file_data":"data:application/zip;base64,AAAA"}})", "messages[0].content[1].file.file_data"},
        {R"({"type":"file","file":{"file_data":"data:text/plain;base64,A"}})", "messages[0].content[1].file.file_data"},
    };
    for (const auto &row : rows) {
        EXPECT_EQ(with_part(row.part, false).fault, std::string("unsupported_value ") + row.path);
        const Written dropped = with_part(row.part, true);
        EXPECT_EQ(dropped.dropped, row.path);
        EXPECT_EQ(dropped["messages"].raw().find("AAAA"), std::string::npos);
    }
}

TEST(AnthropicRequestWrite, WritesTools) {
    const Written written = write(
        R"("tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object", "x":1},)"
        R"("strict":true}},{"type":"function","function":{"name":"g"}},{"type":"function","function":{"name":"h",)"
        R"("parameters":{},"strict":false}},{"type":"function","function":{"name":"i","parameters":{"properties":{"a":{}}}}}])");
    EXPECT_EQ(written.raw("tools"),
              R"([{"name":"f","description":"d","input_schema":{"type":"object", "x":1},"strict":true},)"
              R"({"name":"g","input_schema":{"type":"object","properties":{}}},)"
              R"({"name":"h","input_schema":{"type":"object","properties":{}}},)"
              R"({"name":"i","input_schema":{"properties":{"a":{}},"type":"object"}}])");
    EXPECT_FALSE(written["tool_choice"]);
}

TEST(AnthropicRequestWrite, WritesToolChoice) {
    const auto choice = [](const std::string &members) {
        const Written written = write(R"("tools":[{"type":"function","function":{"name":"f"}}],)" + members);
        return written.raw("tool_choice");
    };
    EXPECT_EQ(choice(R"("tool_choice":"auto")"), R"({"type":"auto"})");
    EXPECT_EQ(choice(R"("tool_choice":"none")"), R"({"type":"none"})");
    EXPECT_EQ(choice(R"("tool_choice":"required")"), R"({"type":"any"})");
    EXPECT_EQ(choice(R"("tool_choice":{"type":"function","function":{"name":"f"}})"), R"({"type":"tool","name":"f"})");
    EXPECT_EQ(choice(R"("parallel_tool_calls":false)"), R"({"type":"auto","disable_parallel_tool_use":true})");
    EXPECT_EQ(choice(R"("parallel_tool_calls":true)"), "");
    EXPECT_EQ(choice(R"("tool_choice":"required","parallel_tool_calls":false)"),
              R"({"type":"any","disable_parallel_tool_use":true})");
    EXPECT_EQ(choice(R"("tool_choice":"none","parallel_tool_calls":false)"), R"({"type":"none"})");
    EXPECT_FALSE(write(R"("parallel_tool_calls":false)")["tool_choice"]);
}

TEST(AnthropicRequestWrite, TurnsEffortIntoABudget) {
    const struct {
        const char *effort;
        int budget, max;
    } rows[] = {{"minimal", 1024, 4096}, {"low", 1024, 4096},   {"medium", 2048, 4096},
                {"high", 4096, 8192},    {"xhigh", 8192, 12288}, {"max", 16384, 20480}};
    for (const auto &row : rows) {
        const Written written = write(R"("reasoning_effort":")" + std::string(row.effort) + "\"");
        EXPECT_EQ(written["thinking"]["budget_tokens"].as_int64(), row.budget) << row.effort;
        EXPECT_EQ(written["max_tokens"].as_int64(), row.max) << row.effort;
        EXPECT_EQ(written.dropped, "");
    }
    EXPECT_EQ(write(R"("reasoning_effort":"none")").raw("thinking"), R"({"type":"disabled"})");
    EXPECT_FALSE(write("")["thinking"]);
}

TEST(AnthropicRequestWrite, KeepsTheBudgetBelowTheCallersLimit) {
    const Written tight = write(R"("reasoning_effort":"high","max_tokens":2000)");
    EXPECT_EQ(tight["max_tokens"].as_int64(), 2000);
    EXPECT_EQ(tight["thinking"]["budget_tokens"].as_int64(), 1999);
    const Written least = write(R"("reasoning_effort":"high","max_tokens":1025)");
    EXPECT_EQ(least["thinking"]["budget_tokens"].as_int64(), 1024);
    const Written none = write(R"("reasoning_effort":"high","max_tokens":1024)");
    EXPECT_FALSE(none["thinking"]);
    EXPECT_EQ(none.dropped, "reasoning_effort");
}

TEST(AnthropicRequestWrite, SpeaksOfEffortToModelsWithoutBudgets) {
    const Written written = write(R"("reasoning_effort":"high","temperature":0.3,"top_p":1,"max_tokens":100)",
                                  {.model = "claude-opus-4-7"});
    EXPECT_EQ(written.raw("thinking"), R"({"type":"adaptive","display":"summarized"})");
    EXPECT_EQ(written.raw("output_config"), R"({"effort":"high"})");
    EXPECT_EQ(written.dropped, "temperature");
    EXPECT_FALSE(written["temperature"]);
    const Written minimal = write(R"("reasoning_effort":"minimal")", {.model = "claude-sonnet-5"});
    EXPECT_EQ(minimal.raw("output_config"), R"({"effort":"low"})");
    const Written format = write(R"("reasoning_effort":"max","response_format":{"type":"json_schema","json_schema":)"
                                 R"({"name":"n","schema":{"type":"object","additionalProperties":false}}})",
                                 {.model = "claude-opus-4-7"});
    EXPECT_EQ(format.raw("output_config"), R"({"effort":"max","format":{"type":"json_schema","schema":)"
                                           R"({"type":"object","additionalProperties":false}}})");
}

TEST(AnthropicRequestWrite, LeavesOutWhatThinkingForbids) {
    const Written written = write(R"("reasoning_effort":"low","temperature":0.3,"top_p":0.5,"top_k":5,)"
                                  R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required")");
    EXPECT_EQ(written.dropped, "tool_choice temperature top_p top_k");
    EXPECT_EQ(written.raw("tool_choice"), R"({"type":"auto"})");
    for (const char *name : {"temperature", "top_p", "top_k"})
        EXPECT_FALSE(written[name]);
    EXPECT_EQ(write(R"("reasoning_effort":"low","temperature":1,"top_p":1)").dropped, "");
}

TEST(AnthropicRequestWrite, ReplaysSignedThinkingFirst) {
    const std::string call = R"("tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}])";
    const std::string result = R"({"role":"tool","tool_call_id":"c","content":"r"})";
    const Written signed_one = write(
        R"("reasoning_effort":"low","messages":[{"role":"user","content":"q"},{"role":"assistant","content":"t","thinking_blocks":)"
        R"([{"type":"thinking","thinking":"a\u00e9\/","signature":"s/+="},{"type":"redacted_thinking","data":"d="}],)" +
        call + "}," + result + "]");
    EXPECT_NE(signed_one.body.find(R"("content":[{"type":"thinking","thinking":"a\u00e9\/","signature":"s/+="},)"
                                   R"({"type":"redacted_thinking","data":"d="},{"type":"text","text":"t"},{"type":"tool_use")"),
              std::string::npos)
        << signed_one.body;
    EXPECT_TRUE(signed_one["thinking"]);
    EXPECT_EQ(signed_one.dropped, "");

    const Written unsigned_one = write(
        R"("reasoning_effort":"low","messages":[{"role":"user","content":"q"},{"role":"assistant","reasoning_content":"hm",)" +
        call + "}," + result + "]");
    EXPECT_EQ(unsigned_one.body.find("hm"), std::string::npos);
    EXPECT_FALSE(unsigned_one["thinking"]);
    EXPECT_EQ(unsigned_one.dropped, "messages[1].reasoning_content reasoning_effort");
}

TEST(AnthropicRequestWrite, DoesNotThinkBeforeAPrefilledAnswer) {
    const Written written = write(R"("reasoning_effort":"low","messages":[{"role":"user","content":"q"},)"
                                  R"({"role":"assistant","content":"The"}])");
    EXPECT_EQ(written.dropped, "reasoning_effort");
    EXPECT_FALSE(written["thinking"]);
}

TEST(AnthropicRequestWrite, ClampsTemperature) {
    const Written hot = write(R"("temperature":1.7)");
    EXPECT_EQ(hot.raw("temperature"), "1");
    EXPECT_EQ(hot.dropped, "temperature");
    const Written fine = write(R"("temperature":1.0,"top_p":1.0)");
    EXPECT_EQ(fine.raw("temperature"), "1.0");
    EXPECT_FALSE(fine["top_p"]);
    EXPECT_EQ(fine.dropped, "");
    EXPECT_EQ(write(R"("top_p":1.0)").raw("top_p"), "1.0");
}

TEST(AnthropicRequestWrite, WritesOutputFormats) {
    const Written schema = write(
        R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":)"
        R"({"a":{"type":"object","properties":{"type":{"type":"string"}}},"b":{"type":"array","items":{"type":"object",)"
        R"("additionalProperties":true}}},"enum":[{"type":"object"}]}}})");
    EXPECT_EQ(schema.raw("output_config"),
              R"({"format":{"type":"json_schema","schema":{"type":"object","properties":)"
              R"({"a":{"type":"object","properties":{"type":{"type":"string"}},"additionalProperties":false},"b":{"type":"array",)"
              R"("items":{"type":"object","additionalProperties":true}}},"enum":[{"type":"object"}],"additionalProperties":false}}})");
    const Written object = write(R"("response_format":{"type":"json_object"},"messages":[{"role":"system","content":"s"},)"
                                 R"({"role":"user","content":"json!"}])");
    EXPECT_EQ(object.raw("system"), R"([{"type":"text","text":"s"},{"type":"text","text":")" +
                                        std::string(anthropic::kJsonInstruction) + R"("}])");
    EXPECT_FALSE(write(R"("response_format":{"type":"text"})")["output_config"]);
}

TEST(AnthropicRequestWrite, ListsHintsAndRefusesTheRest) {
    EXPECT_EQ(write(R"("seed":1,"logit_bias":{"1":2},"metadata":{"a":"b"},"store":true,"service_tier":"flex")").dropped,
              "seed logit_bias metadata store service_tier");
    EXPECT_EQ(write(R"("n":1,"logprobs":false,"frequency_penalty":0,"store":false)").dropped, "");
    for (const char *member : {R"("n":2)", R"("logprobs":true)", R"("presence_penalty":0.5)", R"("unheard_of":{})"}) {
        const std::string name = std::string(member).substr(1, std::string(member).find('"', 1) - 1);
        EXPECT_EQ(write(member).fault, "unsupported_value " + name);
        EXPECT_EQ(write(member, {.drop = true}).dropped, name);
    }
}

TEST(AnthropicRequestWrite, CarriesCacheMarks) {
    const Written written = write(R"("cache_control":{"type":"ephemeral"},"messages":[{"role":"user","content":[)"
                                  R"({"type":"text","text":"a","cache_control":{"type": "ephemeral"}}]}])");
    EXPECT_EQ(written.raw("cache_control"), R"({"type":"ephemeral"})");
    EXPECT_EQ(written.raw("messages"),
              R"([{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type": "ephemeral"}}]}])");
    EXPECT_EQ(written.dropped, "");
}

TEST(AnthropicRequestWrite, RefusesBlankStopSequences) {
    EXPECT_EQ(write(R"("stop":["a","\n"])").fault, "unsupported_value stop[1]");
    const Written dropped = write(R"("stop":["\n"])", {.drop = true});
    EXPECT_EQ(dropped.dropped, "stop[0]");
    EXPECT_FALSE(dropped["stop_sequences"]);
}

TEST(AnthropicRequestWrite, ListsNamesOfSpeakers) {
    EXPECT_EQ(write_messages(R"([{"role":"user","name":"ann","content":"hi"}])").dropped, "messages[0].name");
}
