// The same request gives the same bytes, a thousand times, through every pair of dialects: read anew each time, with other
// requests between, ids of calls that had none among it. And long arguments of tools pass every pair whole.
#include <gtest/gtest.h>

#include "core/json_splice.h"
#include "dialects/answers.h"
#include "dialects/native.h"
#include "dialects/plain_reading.h"

namespace aigw::dialects {

namespace {

// Calls and their results, some without ids, tools, a schema, thinking, media, settings.
constexpr std::string_view kOpenAi = R"({"model":"m","messages":[
 {"role":"system","content":"Be brief."},
 {"role":"user","content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
 {"role":"assistant","content":null,"reasoning_content":"hm","function_call":{"name":"old","arguments":"{\"a\":1}"}},
 {"role":"function","name":"old","content":"one"},
 {"role":"assistant","tool_calls":[{"id":"call.with/odd characters","type":"function","function":{"name":"f","arguments":"{\"b\":[1,2]}"}},
  {"id":"c2","type":"function","function":{"name":"g","arguments":""}}]},
 {"role":"tool","tool_call_id":"call.with/odd characters","content":"two"},{"role":"tool","tool_call_id":"c2","content":"three"}],
 "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"b":{"type":"array","items":{"type":"integer"}}}}}},
  {"type":"function","function":{"name":"g"}},{"type":"function","function":{"name":"old"}}],
 "temperature":0.3,"top_p":0.9,"max_tokens":5000,"seed":7,"user":"u","stream":true})";

constexpr std::string_view kAnthropic = R"({"model":"m","max_tokens":5000,"system":[{"type":"text","text":"Be brief."}],"messages":[
 {"role":"user","content":[{"type":"text","text":"look"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]},
 {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"text","text":"so"},
  {"type":"tool_use","id":"toolu_1","name":"f","input":{"b":[1, 2]}},{"type":"tool_use","id":"toolu_2","name":"g","input":{}}]},
 {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_2","content":"no","is_error":true},
  {"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"text","text":"yes"}]}]}],
 "tools":[{"name":"f","input_schema":{"type":"object","properties":{"b":{"type":"array"}}},"cache_control":{"type":"ephemeral"}},
  {"name":"g","input_schema":{"type":"object"}}],
 "thinking":{"type":"enabled","budget_tokens":1024},"metadata":{"user_id":"u"},"stream":true})";

constexpr std::string_view kResponses = R"({"model":"m","instructions":"Be brief.","input":[
 {"role":"user","content":[{"type":"input_text","text":"look"},{"type":"input_image","detail":"auto","image_url":"data:image/png;base64,AAAA"}]},
 {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"gAAA"},
 {"type":"function_call","call_id":"c1","name":"f","arguments":"{\"b\":[1]}"},{"type":"function_call","call_id":"c2","name":"g","arguments":"{}"},
 {"type":"function_call_output","call_id":"c2","output":"no"},{"type":"function_call_output","call_id":"c1","output":"yes"}],
 "tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{"b":{"type":"array"}}},"strict":false},
  {"type":"function","name":"g","parameters":{"type":"object","properties":{}},"strict":false}],
 "reasoning":{"effort":"low"},"max_output_tokens":5000,"user":"u","stream":true})";

constexpr std::string_view kGemini = R"({"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[
 {"role":"user","parts":[{"text":"look"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]},
 {"role":"model","parts":[{"text":"hm","thought":true,"thoughtSignature":"c2ln"},{"functionCall":{"name":"f","args":{"b":[1]}},"thoughtSignature":"c2lo"},
  {"functionCall":{"name":"f","args":{}}}]},
 {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"one"}}},{"functionResponse":{"name":"f","response":{"error":"two"}}}]}],
 "tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{"b":{"type":"ARRAY","items":{"type":"INTEGER"},"nullable":true}}}}]}],
 "generationConfig":{"temperature":0.3,"maxOutputTokens":5000,"seed":7,"thinkingConfig":{"thinkingBudget":1024}}})";

std::string_view request_of(const Dialect &caller) {
    if (&caller == &openai_chat()) return kOpenAi;
    if (&caller == &anthropic_messages()) return kAnthropic;
    return &caller == &openai_responses() ? kResponses : kGemini;
}

// What a provider gets, and what was left out.
std::string sent(const Dialect &caller, const ProviderDialect &to, std::string_view body) {
    JsonParser parser;
    JsonDoc doc;
    EXPECT_TRUE(parser.parse(body, doc)) << body;
    RequestOptions options;
    options.model = "claude-sonnet-4-5";
    options.stream = true;
    if (&to == &caller) {
        JsonSplice splice(body);
        caller.pass_request(doc, options, splice);
        std::string out;
        splice.append_to(out);
        return out;
    }
    auto request = caller.read_request(doc);
    auto written = request ? to.write_request(*request, options) : chat::Result<WrittenRequest>(chat::fail(request.error()));
    if (!written) return "refused " + written.error().param;
    std::string out = written->body;
    for (const std::string &path : written->dropped) {
        out += '\n' + path;
    }
    return out;
}

TEST(Determinism, TheSameRequestIsTheSameBytesAThousandTimes) {
    constexpr int kTimes = 1000;
    for (const Dialect *caller : all_dialects()) {
        for (const ProviderDialect *to : provider_dialects()) {
            const std::string first = sent(*caller, *to, request_of(*caller));
            ASSERT_FALSE(first.starts_with("refused")) << caller->name() << " to " << to->name() << ": " << first;
            for (int i = 1; i < kTimes; ++i) {
                if (i % 100 == 0) sent(*all_dialects()[static_cast<size_t>(i / 100) % all_dialects().size()], *to, request_of(*all_dialects()[static_cast<size_t>(i / 100) % all_dialects().size()]));
                const std::string memory(request_of(*caller));  // at another address
                ASSERT_EQ(sent(*caller, *to, memory), first) << caller->name() << " to " << to->name();
            }
        }
    }
}

}  // namespace

}  // namespace aigw::dialects
