// What Bedrock gets of OpenAI's and Anthropic's callers. Whole requests are in t/golden; here is what depends on the model,
// and the edges.
#include <gtest/gtest.h>

#include "dialects/anthropic_support.h"
#include "dialects/bedrock_block_writer.h"
#include "dialects/bedrock_redacted.h"

using namespace aigw;
using namespace aigw::dialects;
using namespace aigw::dialects::test;

namespace {

constexpr const char *kClaude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
constexpr const char *kNewClaude = "global.anthropic.claude-opus-4-8";
constexpr const char *kNova = "us.amazon.nova-lite-v1:0";
constexpr const char *kNova2 = "us.amazon.nova-2-lite-v1:0";
constexpr const char *kLlama = "meta.llama3-1-70b-instruct-v1:0";
constexpr const char *kGptOss = "openai.gpt-oss-120b-1:0";

struct Written {
    std::string body;
    std::string dropped;  // joined by spaces
    std::string fault;    // "code param"
    std::shared_ptr<Parsed> doc;
    std::string operator[](std::string_view key) const { return std::string((*doc)[key].raw()); }
};

// `members` of a body besides the model; a question is added if there are no messages.
Written write(const std::string &members, const std::string &model = kClaude, bool drop = false,
              const Dialect &from = openai_chat()) {
    const bool has_messages = members.find("\"messages\"") != std::string::npos;
    const Parsed parsed(R"({"model":"m")" + std::string(has_messages ? "" : R"(,"messages":[{"role":"user","content":"hi"}])") +
                        (members.empty() ? "" : "," + members) + "}");
    const auto request = from.read_request(parsed.doc());
    Written out;
    if (!request) {
        ADD_FAILURE() << request.error().message;
        return out;
    }
    RequestOptions options;
    options.model = model;
    options.drop_unsupported = drop;
    const auto written = bedrock_converse().write_request(*request, options);
    if (!written) {
        out.fault = written.error().code + " " + written.error().param;
        return out;
    }
    out.body = written->body;
    for (const std::string &path : written->dropped)
        out.dropped += (out.dropped.empty() ? "" : " ") + path;
    out.doc = std::make_shared<Parsed>(out.body);  // refuses duplicates too
    return out;
}

Written from_anthropic(const std::string &members, const std::string &model = kClaude) {
    return write(R"("max_tokens":4000,)" + members, model, false, anthropic_messages());
}

const std::string kTool = R"("tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}])";
const std::string kToolSpec = R"({"toolSpec":{"name":"f","description":"d","inputSchema":{"json":{"type":"object"}}}})";
const std::string kCalled =
    R"("messages":[{"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"call.1","type":"function",)"
    R"("function":{"name":"f","arguments":"{\"a\": 1}"}}]},{"role":"tool","tool_call_id":"call.1","content":"42"}])";

TEST(BedrockPath, HoldsTheModel) {
    EXPECT_EQ(bedrock_converse().path(kClaude, false), "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse");
    EXPECT_EQ(bedrock_converse().path("arn:aws:bedrock:us-east-1:1:inference-profile/x y", true),
              "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx%20y/converse-stream");
    EXPECT_EQ(bedrock_converse().path("..", false), "/model/%2E%2E/converse");
    EXPECT_EQ(bedrock_anthropic().path("a:0", false), "/model/a%3A0/invoke");
    EXPECT_EQ(bedrock_anthropic().path("a:0", true), "/model/a%3A0/invoke-with-response-stream");
    EXPECT_EQ(vertex_anthropic().path("claude-sonnet-4-5@20250929", false), "/claude-sonnet-4-5%4020250929:rawPredict");
    EXPECT_EQ(vertex_anthropic().path("claude", true), "/claude:streamRawPredict");
}

TEST(BedrockRequest, NothingThatWasNotAskedFor) {
    EXPECT_EQ(write("").body, R"({"messages":[{"role":"user","content":[{"text":"hi"}]}]})");
}

TEST(BedrockRequest, Sampling) {
    Written out = write(R"("max_tokens":77,"temperature":0.5,"top_p":0.9,"stop":["x"],"user":"u-1")");
    EXPECT_EQ(out["inferenceConfig"], R"({"maxTokens":77,"temperature":0.5,"topP":0.9,"stopSequences":["x"]})");
    EXPECT_EQ(out["requestMetadata"], R"({"user_id":"u-1"})");
    EXPECT_EQ(out["additionalModelResponseFieldPaths"], R"(["/stop_sequence","/delta/stop_sequence"])");
    EXPECT_EQ(out.dropped, "");
    for (const char *model : {kClaude, kLlama}) {
        out = write(R"("temperature":1.5)", model);
        EXPECT_EQ(out["inferenceConfig"], R"({"temperature":1})") << model;
        EXPECT_EQ(out.dropped, "temperature");
    }
    EXPECT_EQ(write(R"("stop":["x"])", kLlama)["additionalModelResponseFieldPaths"], "");
    EXPECT_EQ(write(R"("stop":["\n"])", kLlama)["inferenceConfig"], R"({"stopSequences":["\n"]})");
    EXPECT_EQ(write(R"("stop":["\n"])").fault, "unsupported_value stop[0]");
}

TEST(BedrockRequest, AUserThatAwsHasNoFormFor) {
    for (const std::string &user : {std::string("a|b"), std::string("\xC3\xA9"), std::string(257, 'a')}) {
        Written out = write(R"("user":")" + user + "\"");
        EXPECT_EQ(out["requestMetadata"], "") << user;
        EXPECT_EQ(out.dropped, "user");
    }
    EXPECT_EQ(write(R"("user":")" + std::string(256, 'a') + "\"").dropped, "");
    EXPECT_EQ(from_anthropic(R"("metadata":{"user_id":"a|b"})").dropped, "metadata.user_id");
}

TEST(BedrockRequest, ReasoningByFamily) {
    const std::string low = R"("reasoning_effort":"low")", high = R"("reasoning_effort":"xhigh")";
    EXPECT_EQ(write(low)["additionalModelRequestFields"], R"({"thinking":{"type":"enabled","budget_tokens":1024}})");
    EXPECT_EQ(write(high, kNewClaude)["additionalModelRequestFields"],
              R"({"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"xhigh"}})");
    EXPECT_EQ(write(high, kNova2)["additionalModelRequestFields"],
              R"({"reasoningConfig":{"type":"enabled","maxReasoningEffort":"high"}})");
    EXPECT_EQ(write(low, kGptOss)["additionalModelRequestFields"], R"({"reasoning_effort":"low"})");
    for (const char *model : {kLlama, kNova}) {
        Written out = write(low, model);
        EXPECT_EQ(out["additionalModelRequestFields"], "") << model;
        EXPECT_EQ(out.dropped, "reasoning_effort") << model;
        EXPECT_EQ(write(R"("reasoning_effort":"none")", model).dropped, "") << model;
    }
    EXPECT_EQ(write(R"("reasoning_effort":"none")", kGptOss).dropped, "reasoning_effort");
    EXPECT_EQ(write(R"("reasoning_effort":"none")")["additionalModelRequestFields"], R"({"thinking":{"type":"disabled"}})");
    EXPECT_EQ(from_anthropic(R"("thinking":{"type":"enabled","budget_tokens":3000})", kNova2)["additionalModelRequestFields"],
              R"({"reasoningConfig":{"type":"enabled","maxReasoningEffort":"medium"}})");
}

TEST(BedrockRequest, TopKByFamily) {
    EXPECT_EQ(write(R"("top_k":5)")["additionalModelRequestFields"], R"({"top_k":5})");
    EXPECT_EQ(write(R"("top_k":5)", kNova)["additionalModelRequestFields"], R"({"inferenceConfig":{"topK":5}})");
    EXPECT_EQ(write(R"("top_k":5)", kLlama).fault, "unsupported_value top_k");
    Written dropped = write(R"("top_k":5)", kLlama, true);
    EXPECT_EQ(dropped.dropped, "top_k");
    EXPECT_EQ(dropped["additionalModelRequestFields"], "");
}

TEST(BedrockRequest, Tools) {
    const std::string tools = R"("tools":[)" + kToolSpec + "]";
    EXPECT_EQ(write(kTool)["toolConfig"], "{" + tools + "}");
    EXPECT_EQ(write(kTool + R"(,"tool_choice":"auto")")["toolConfig"], "{" + tools + "}");
    EXPECT_EQ(write(kTool + R"(,"tool_choice":"required")")["toolConfig"], "{" + tools + R"(,"toolChoice":{"any":{}}})");
    EXPECT_EQ(write(kTool + R"(,"tool_choice":{"type":"function","function":{"name":"f"}})")["toolConfig"],
              "{" + tools + R"(,"toolChoice":{"tool":{"name":"f"}}})");
    EXPECT_EQ(write(kTool + R"(,"tool_choice":"none")")["toolConfig"], "");
    EXPECT_EQ(write(R"("tools":[{"type":"function","function":{"name":"f","description":"","strict":true}}])")["toolConfig"],
              R"({"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}},"strict":true}}]})");
    Written thinking = write(kTool + R"(,"tool_choice":"required","reasoning_effort":"low")");
    EXPECT_EQ(thinking["toolConfig"], "{" + tools + "}");
    EXPECT_EQ(thinking.dropped, "tool_choice");
}

TEST(BedrockRequest, OneToolAtATime) {
    const std::string single = kTool + R"(,"parallel_tool_calls":false)";
    EXPECT_EQ(write(single)["additionalModelRequestFields"], R"({"tool_choice":{"type":"auto","disable_parallel_tool_use":true}})");
    Written named = write(single + R"(,"tool_choice":{"type":"function","function":{"name":"f"}})");
    EXPECT_EQ(named["additionalModelRequestFields"],
              R"({"tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true}})");
    EXPECT_EQ(named["toolConfig"], R"({"tools":[)" + kToolSpec + "]}");
    EXPECT_EQ(write(single, kNova).dropped, "parallel_tool_calls");
    EXPECT_EQ(write(R"("parallel_tool_calls":false)").body, write("").body) << "without tools it says nothing";
}

// Converse wants tools wherever the history has calls.
TEST(BedrockRequest, CallsWithoutTools) {
    for (const std::string &members : {kCalled, kCalled + "," + kTool + R"(,"tool_choice":"none")"}) {
        Written out = write(members);
        EXPECT_NE(out["toolConfig"].find(R"("name":"no_tool")"), std::string::npos) << out.body;
        EXPECT_EQ(out["toolConfig"].find(R"("name":"f")"), std::string::npos) << out.body;
        EXPECT_EQ(out["messages"],
                  R"([{"role":"user","content":[{"text":"hi"}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"call_1",)"
                  R"("name":"f","input":{"a": 1}}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"call_1",)"
                  R"("content":[{"text":"42"}]}}]}])");
    }
}

TEST(BedrockRequest, CacheMarkersWhereTheModelHasThem) {
    const std::string members =
        R"("system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],"tools":[{"name":"f","input_schema":{"type":"object"},)"
        R"("cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[{"role":"user","content":[{"type":"text","text":"a",)"
        R"("cache_control":{"type":"ephemeral","ttl":"5m"}},{"type":"text","text":"b"}]}])";
    Written claude = from_anthropic(members);
    EXPECT_EQ(claude["system"], R"([{"text":"s"},{"cachePoint":{"type":"default"}}])");
    EXPECT_EQ(claude["messages"], R"([{"role":"user","content":[{"text":"a"},{"cachePoint":{"type":"default"}},{"text":"b"}]}])");
    EXPECT_EQ(claude["toolConfig"],
              R"({"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object"}}}},{"cachePoint":{"type":"default","ttl":"1h"}}]})");
    EXPECT_EQ(claude.dropped, "");
    EXPECT_EQ(from_anthropic(members, kNova).dropped, "tools[0].cache_control");
    Written llama = from_anthropic(members, kLlama);
    EXPECT_EQ(llama.body.find("cachePoint"), std::string::npos);
    EXPECT_EQ(llama.dropped, "system[0].cache_control messages[0].content[0].cache_control tools[0].cache_control");
    Written whole = from_anthropic(R"("messages":[{"role":"user","content":"a"}],"cache_control":{"type":"ephemeral"})");
    EXPECT_EQ(whole["messages"], R"([{"role":"user","content":[{"text":"a"},{"cachePoint":{"type":"default"}}]}])");
}

TEST(BedrockRequest, ThinkingGoesBackToClaudeOnly) {
    const std::string members =
        R"("messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},)"
        R"({"type":"redacted_thinking","data":"RXVRQg=="}]},{"role":"user","content":"r"}])";
    EXPECT_EQ(from_anthropic(members)["messages"],
              R"([{"role":"user","content":[{"text":"q"}]},{"role":"assistant","content":[{"reasoningContent":{"reasoningText":)"
              R"({"text":"hm","signature":"c2ln"}}},{"reasoningContent":{"redactedContent":"UlhWUlFnPT0="}}]},)"
              R"({"role":"user","content":[{"text":"r"}]}])");
    Written llama = from_anthropic(members, kLlama);
    EXPECT_EQ(llama["messages"], R"([{"role":"user","content":[{"text":"q"},{"text":"r"}]}])");
    EXPECT_EQ(llama.dropped, "messages[1].content[0] messages[1].content[1]");
}

TEST(BedrockRequest, ImagesAndDocuments) {
    const auto image = [](const std::string &url) {
        return R"("messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":")" + url + R"("}}]}])";
    };
    EXPECT_EQ(write(image("data:image/png;base64,AAAA"))["messages"],
              R"([{"role":"user","content":[{"image":{"format":"png","source":{"bytes":"AAAA"}}}]}])");
    EXPECT_EQ(write(image("data:image/tiff;base64,AAAA")).fault, "unsupported_value messages[0].content[0]");
    EXPECT_EQ(write(image("https://e.example/a.png")).fault, "unsupported_value messages[0].content[0]");
    const auto file = [](const std::string &name, const std::string &type) {
        return R"({"type":"file","file":{"filename":")" + name + R"(","file_data":"data:)" + type + R"(;base64,AAAA"}})";
    };
    Written out = write(R"("messages":[{"role":"user","content":[)" + file("a_b  c.pdf", "application/pdf") + "," +
                        file("a b c pdf", "text/x-python") + "]}]");
    EXPECT_EQ(out["messages"],
              R"([{"role":"user","content":[{"document":{"format":"pdf","name":"a b c pdf","source":{"bytes":"AAAA"}}},)"
              R"x({"document":{"format":"txt","name":"a b c pdf (2)","source":{"bytes":"AAAA"}}},{"text":"."}]}])x");
    EXPECT_EQ(write(R"("messages":[{"role":"user","content":[)" + file("a", "application/zip") + "]}]").fault,
              "unsupported_value messages[0].content[0]");
    EXPECT_EQ(from_anthropic(R"("messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":)"
                             R"("text/plain","data":"w\u00f6rds"}},{"type":"text","text":"sum up"}]}])")["messages"],
              R"([{"role":"user","content":[{"document":{"format":"txt","name":"document","source":{"bytes":"d8O2cmRz"}}},{"text":"sum up"}]}])");
}

TEST(BedrockRequest, ResultsThatFailedOrSaidNothing) {
    const std::string members =
        R"("messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}},)"
        R"({"type":"tool_use","id":"b","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","is_error":true,)"
        R"("content":"bad"},{"type":"tool_result","tool_use_id":"b"}]}],"tools":[{"name":"f","input_schema":{"type":"object"}}])";
    EXPECT_NE(from_anthropic(members)["messages"].find(
                  R"([{"toolResult":{"toolUseId":"a","content":[{"text":"bad"}],"status":"error"}},{"toolResult":{"toolUseId":"b","content":[]}}])"),
              std::string::npos)
        << from_anthropic(members)["messages"];
}

TEST(BedrockRequest, StructuredOutput) {
    EXPECT_EQ(write(R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"a":{"type":"string"}}}}})")
                  ["outputConfig"],
              R"({"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"name":"n","schema":)"
              R"("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"additionalProperties\":false}"}}}})");
    EXPECT_NE(write(R"("response_format":{"type":"json_object"})")["system"].find("JSON object"), std::string::npos);
}

TEST(BedrockRequest, MembersOfItsOwn) {
    const std::string guardrail = R"({"guardrailIdentifier":"g","guardrailVersion":"1"})";
    Written out = write(R"("guardrailConfig":)" + guardrail + R"(,"performanceConfig":{"latency":"optimized"},"service_tier":"flex")");
    EXPECT_EQ(out["guardrailConfig"], guardrail);
    EXPECT_EQ(out["performanceConfig"], R"({"latency":"optimized"})");
    EXPECT_EQ(out["serviceTier"], R"({"type":"flex"})");
    EXPECT_EQ(out.dropped, "");
    EXPECT_EQ(write(R"("service_tier":"scale")").dropped, "service_tier");
    EXPECT_EQ(write(R"("guided_regex":"x")").fault, "unsupported_value guided_regex");
}

TEST(BedrockNames, IdsOfCalls) {
    const auto id = [](const std::string &text) { return bedrock::tool_use_id({text}); };
    EXPECT_EQ(id("call_A-1"), "call_A-1");
    EXPECT_EQ(id("a b/c"), "a_b_c");
    EXPECT_EQ(id(""), "_");
    EXPECT_EQ(id(std::string(64, 'x')), std::string(64, 'x'));
    const std::string longer = id(std::string(65, 'x')), other = id(std::string(66, 'x'));
    EXPECT_EQ(longer.size(), 64u);
    EXPECT_EQ(longer, id(std::string(65, 'x')));
    EXPECT_NE(longer, other);
}

TEST(BedrockNames, Documents) {
    EXPECT_EQ(bedrock::document_name("Q3 report (final) [2].pdf"), "Q3 report (final) [2] pdf");
    EXPECT_EQ(bedrock::document_name("  \t__ "), "document");
    EXPECT_EQ(bedrock::document_name("\xC3\xA4rger"), "rger");
    EXPECT_EQ(bedrock::document_name(std::string(300, 'a')).size(), 200u);
}

TEST(BedrockRedacted, RoundTripsByteForByte) {
    EXPECT_EQ(bedrock::unwrap_redacted("RXVRQg=="), "EuQB");
    for (const std::string content : {"RXVRQg==", "AP//", "", "not base64!", "RXVRQg", "QQ=="}) {
        EXPECT_EQ(bedrock::wrap_redacted(bedrock::unwrap_redacted(content)), content) << content;
    }
}

}  // namespace
