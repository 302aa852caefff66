// Signatures of one vendor through callers of another's dialect: out, back, and never to somebody else.
#include "dialects/signature.h"

#include <gtest/gtest.h>

#include "dialects/dialect.h"

namespace aigw::dialects {
namespace {

using chat::Delta;
using chat::Part;
using Kind = chat::Delta::Kind;

std::string answer_of(const Dialect &to, bool stream) {
    AnswerOptions options;
    options.stream = stream;
    options.fallback_id = "r";
    options.model = "m";
    auto writer = to.response_writer(options);
    std::string out;
    writer->write({.kind = Kind::Start}, out);
    writer->write({.kind = Kind::Text, .text = {"hi"}}, out);
    writer->write({.kind = Kind::Signature, .text = {"S/1+=="}, .signer = chat::Signer::Google}, out);
    Delta call{.kind = Kind::ToolStart, .id = {"c1"}, .name = {"f"}, .signature = {"S/2+=="}};
    call.signer = chat::Signer::Google;
    writer->write(call, out);
    writer->write({.kind = Kind::ToolEnd}, out);
    writer->write({.kind = Kind::Finish, .finish = chat::FinishReason::ToolCalls}, out);
    writer->write({.kind = Kind::End}, out);
    return out;
}

struct Read {
    std::unique_ptr<std::string> body;  // what the request points into
    std::unique_ptr<JsonParser> parser = std::make_unique<JsonParser>();
    std::unique_ptr<JsonDoc> doc = std::make_unique<JsonDoc>();
    chat::ChatRequest request;
};

Read read(const Dialect &dialect, std::string body) {
    Read out;
    out.body = std::make_unique<std::string>(std::move(body));
    EXPECT_TRUE(out.parser->parse(*out.body, *out.doc)) << *out.body;
    auto request = dialect.read_request(*out.doc);
    EXPECT_TRUE(request) << request.error().message;
    if (request) out.request = std::move(*request);
    return out;
}

TEST(Signature, OpenAiCallersGetGoogleSInGooglesPlace) {
    std::string whole = answer_of(openai_chat(), false), stream = answer_of(openai_chat(), true);
    for (const std::string &out : {whole, stream}) {
        EXPECT_NE(out.find(R"("signature":"gemini:S/1+==")"), std::string::npos) << out;
        EXPECT_NE(out.find(R"("extra_content":{"google":{"thought_signature":"S/2+=="}})"), std::string::npos) << out;
    }
}

TEST(Signature, AnthropicCallersGetThinkingBlocks) {
    std::string whole = answer_of(anthropic_messages(), false), stream = answer_of(anthropic_messages(), true);
    size_t block = whole.find(R"({"type":"thinking","thinking":"","signature":"gemini-call:S/2+=="})");
    ASSERT_NE(block, std::string::npos) << whole;
    EXPECT_LT(block, whole.find(R"("type":"tool_use")"));
    EXPECT_NE(whole.find(R"("signature":"gemini:S/1+==")"), std::string::npos) << whole;
    EXPECT_NE(stream.find(R"("signature_delta","signature":"gemini:S/1+==")"), std::string::npos) << stream;
    EXPECT_NE(stream.find(R"("signature_delta","signature":"gemini-call:S/2+==")"), std::string::npos) << stream;
}

void expect_parts(const chat::Message &message) {
    const Part *thought = nullptr, *call = nullptr;
    for (const Part &part : message.parts) {
        if (part.kind == Part::Kind::Thinking) thought = &part;
        if (part.kind == Part::Kind::ToolUse) call = &part;
    }
    ASSERT_TRUE(thought && call);
    EXPECT_EQ(thought->signature.escaped, "S/1+==");
    EXPECT_EQ(thought->signer, chat::Signer::Google);
    EXPECT_EQ(call->id.escaped, "c1");
    EXPECT_EQ(call->signature.escaped, "S/2+==");
    EXPECT_EQ(call->signer, chat::Signer::Google);
}

TEST(Signature, ComeBackFromOpenAiCallers) {
    for (const char *call :
         {R"({"id":"c1","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"S/2+=="}}})",
          R"({"id":"c1__thought__S/2+==","type":"function","function":{"name":"f","arguments":"{}"}})",
          R"({"id":"c1","type":"function","function":{"name":"f"},"provider_specific_fields":{"thought_signature":"S/2+=="}})"}) {
        Read got = read(openai_chat(),
                        R"({"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"hi",)"
                        R"("thinking_blocks":[{"type":"thinking","thinking":"","signature":"gemini:S/1+=="}],"tool_calls":[)" +
                            std::string(call) + R"(]},{"role":"tool","tool_call_id":"c1__thought__S/2+==","content":"1"}]})");
        ASSERT_EQ(got.request.messages.size(), 3u);
        expect_parts(got.request.messages[1]);
        EXPECT_EQ(got.request.messages[2].parts[0].id.escaped, "c1");
    }
}

constexpr const char *kAnthropicHistory =
    R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"text","text":"hi"},)"
    R"({"type":"thinking","thinking":"","signature":"gemini:S/1+=="},{"type":"thinking","thinking":"","signature":"gemini-call:S/2+=="},)"
    R"({"type":"tool_use","id":"c1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1"}]}]})";

TEST(Signature, ComeBackFromAnthropicCallers) {
    Read got = read(anthropic_messages(), kAnthropicHistory);
    ASSERT_EQ(got.request.messages.size(), 3u);
    expect_parts(got.request.messages[1]);
}

RequestOptions claude() {
    RequestOptions options;
    options.model = "m";
    return options;
}

TEST(Signature, OfAnotherVendorNeverReachAnthropic) {
    std::string body = kAnthropicHistory;
    JsonParser parser;
    JsonDoc doc;
    ASSERT_TRUE(parser.parse(body, doc));
    JsonSplice splice(doc.text());
    anthropic_messages().pass_request(doc, claude(), splice);
    std::string passed;
    splice.append_to(passed);
    EXPECT_EQ(passed.find("gemini"), std::string::npos) << passed;

    Read got = read(openai_chat(),
                    R"({"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"hi",)"
                    R"("thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"gemini:S/1+=="},)"
                    R"({"type":"redacted_thinking","data":"gemini:D"}],"tool_calls":[{"id":"c1","function":{"name":"f"},)"
                    R"("extra_content":{"google":{"thought_signature":"S/2+=="}}}]},{"role":"tool","tool_call_id":"c1","content":"1"}]})");
    auto written = anthropic_messages().write_request(got.request, claude());
    ASSERT_TRUE(written);
    EXPECT_EQ(written->body.find("S/"), std::string::npos) << written->body;
    EXPECT_EQ(written->dropped, (std::vector<std::string>{"messages[1].thinking_blocks[0]", "messages[1].thinking_blocks[1]",
                                                          "messages[1].tool_calls[0].signature"}));
}

TEST(Signature, AnthropicsOwnHaveNoPrefix) {
    CarriedSignature own = split_signature({"EqoB/gemini:"});
    EXPECT_EQ(own.text.escaped, "EqoB/gemini:");
    EXPECT_EQ(own.signer, chat::Signer::Anthropic);
    EXPECT_EQ(signature_prefix(chat::Signer::Anthropic), "");
}

}  // namespace
}  // namespace aigw::dialects
