#include <gtest/gtest.h>

#include "dialects/answers.h"
#include "dialects/plain_reading.h"

namespace aigw::dialects {

namespace {

using chat::Delta;
using chat::FinishReason;
using Kind = chat::Delta::Kind;

JsonText text(std::string_view escaped) { return JsonText{escaped}; }
const chat::Usage kUsage{20, 7, 5, 2, 3};

AnswerOptions options(bool stream, bool include_usage = false) {
    AnswerOptions out;
    out.stream = stream;
    out.include_usage = include_usage;
    out.created = 17;
    out.fallback_id = "fall";
    out.model = "asked";
    return out;
}

std::string write(const std::vector<Delta> &deltas, const AnswerOptions &with) {
    auto writer = openai_chat().response_writer(with);
    std::string out;
    for (const Delta &delta : deltas) {
        writer->write(delta, out);
    }
    return out;
}

Delta start() { return {.kind = Kind::Start, .id = text("i"), .name = text("m")}; }
Delta piece(Kind kind, std::string_view escaped, uint32_t index = 0) {
    return {.kind = kind, .index = index, .text = text(escaped)};
}
Delta tool(uint32_t index, std::string_view id, std::string_view name) {
    return {.kind = Kind::ToolStart, .index = index, .id = text(id), .name = text(name)};
}
Delta finish(FinishReason reason) { return {.kind = Kind::Finish, .finish = reason}; }
Delta usage() { return {.kind = Kind::Usage, .usage = &kUsage}; }
Delta end() { return {.kind = Kind::End}; }

// One chunk with this delta, as it stands on the wire.
std::string chunk(const std::string &delta, const std::string &finish = "null", const std::string &rest = "") {
    return R"(data: {"id":"i","object":"chat.completion.chunk","created":17,"model":"m","choices":[{"index":0,"delta":{)" + delta +
           R"(},"finish_reason":)" + finish + "}]" + rest + "}\n\n";
}
const std::string kRole = R"("role":"assistant","content":"")";

TEST(OpenAiStreamWrite, TextByteForByte) {
    EXPECT_EQ(write({start(), piece(Kind::Text, R"(a\u00fc\n)"), piece(Kind::Text, ""), piece(Kind::Text, "b"),
                     finish(FinishReason::Stop), usage(), end()},
                    options(true)),
              chunk(kRole) + chunk(R"("content":"a\u00fc\n")") + chunk(R"("content":"b")") + chunk("", "\"stop\"") +
                  "data: [DONE]\n\n");
}

TEST(OpenAiStreamWrite, UsageOnlyIfAskedFor) {
    std::string null = R"(,"usage":null)";
    EXPECT_EQ(write({start(), usage(), finish(FinishReason::Length), end()}, options(true, true)),
              chunk(kRole, "null", null) + chunk("", "\"length\"", null) +
                  R"(data: {"id":"i","object":"chat.completion.chunk","created":17,"model":"m","choices":[],"usage":)"
                  R"({"prompt_tokens":20,"completion_tokens":7,"total_tokens":27,"prompt_tokens_details":{"cached_tokens":5,)"
                  R"("cache_write_tokens":2},"completion_tokens_details":{"reasoning_tokens":3}}})"
                  "\n\ndata: [DONE]\n\n");
    EXPECT_EQ(write({start(), finish(FinishReason::Stop), end()}, options(true, true)).find("\"usage\":{"), std::string::npos);
}

TEST(OpenAiStreamWrite, ToolCallsWithAndWithoutArguments) {
    EXPECT_EQ(write({start(), tool(0, "c0", "f"), piece(Kind::ToolArgs, R"({\"a\")"), piece(Kind::ToolArgs, ":1}"),
                     piece(Kind::ToolEnd, "", 0), tool(1, "c1", "g"), piece(Kind::ToolEnd, "", 1), finish(FinishReason::ToolCalls),
                     end()},
                    options(true)),
              chunk(kRole) +
                  chunk(R"("tool_calls":[{"index":0,"id":"c0","type":"function","function":{"name":"f","arguments":""}}])") +
                  chunk(R"("tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}])") +
                  chunk(R"("tool_calls":[{"index":0,"function":{"arguments":":1}"}}])") +
                  chunk(R"("tool_calls":[{"index":1,"id":"c1","type":"function","function":{"name":"g","arguments":""}}])") +
                  chunk(R"("tool_calls":[{"index":1,"function":{"arguments":"{}"}}])") + chunk("", "\"tool_calls\"") +
                  "data: [DONE]\n\n");
}

TEST(OpenAiStreamWrite, ThinkingTwiceOver) {
    EXPECT_EQ(write({start(), piece(Kind::Reasoning, "t"), piece(Kind::Signature, "s"), piece(Kind::Redacted, "d", 1),
                     finish(FinishReason::Stop), end()},
                    options(true)),
              chunk(kRole) + chunk(R"("reasoning_content":"t","thinking_blocks":[{"index":0,"type":"thinking","thinking":"t"}])") +
                  chunk(R"("thinking_blocks":[{"index":0,"type":"thinking","signature":"s"}])") +
                  chunk(R"("thinking_blocks":[{"index":1,"type":"redacted_thinking","data":"d"}])") + chunk("", "\"stop\"") +
                  "data: [DONE]\n\n");
}

TEST(OpenAiStreamWrite, EachChoiceHasItsRoleAndFinishOnce) {
    Delta other = piece(Kind::Text, "b");
    other.choice = 1;
    Delta other_finish = finish(FinishReason::Stop);
    other_finish.choice = 1;
    std::string out = write({start(), piece(Kind::Text, "a"), other, finish(FinishReason::Stop), finish(FinishReason::Length),
                             piece(Kind::Text, "late"), other_finish, end()},
                            options(true));
    PlainAnswer seen = plain::read("openai_chat", true, out);
    EXPECT_EQ(seen.choices[0].text, "a");
    EXPECT_EQ(seen.choices[1].text, "b");
    EXPECT_EQ(seen.choices[0].finish, FinishReason::Stop);
    size_t roles = 0;
    for (size_t at = 0; (at = out.find("\"role\"", at)) != std::string::npos; ++at) ++roles;
    EXPECT_EQ(roles, 2u);
}

TEST(OpenAiStreamWrite, NamesOfItsOwnWhereTheProviderGaveNone) {
    std::string out = write({Delta{.kind = Kind::Start}, finish(FinishReason::Stop), end()}, options(true));
    EXPECT_NE(out.find(R"("id":"fall")"), std::string::npos);
    EXPECT_NE(out.find(R"("model":"asked")"), std::string::npos);
    EXPECT_EQ(write({piece(Kind::Text, "a"), end()}, options(true)).find("data: {\"id\":\"fall\""), 0u) << "no Start at all";
}

TEST(OpenAiStreamWrite, AnErrorEndsIt) {
    chat::ApiError error{502, chat::ErrorKind::Upstream, "upstream_error", "gone", "", {}};
    Delta failed{.kind = Kind::Error, .error = &error};
    EXPECT_EQ(write({start(), failed, piece(Kind::Text, "x"), end()}, options(true)),
              chunk(kRole) +
                  "data: {\"error\":{\"message\":\"gone\",\"type\":\"api_error\",\"param\":null,\"code\":\"upstream_error\"}}\n\n");
}

TEST(OpenAiStreamWrite, NothingFollowsTheEnd) {
    std::string whole = write({start(), finish(FinishReason::Stop), end()}, options(true));
    EXPECT_EQ(write({start(), finish(FinishReason::Stop), end(), end(), usage(), piece(Kind::Text, "x")}, options(true)), whole);
}

TEST(OpenAiAnswerWrite, OneBodyAtTheEnd) {
    EXPECT_EQ(write({start(), piece(Kind::Reasoning, "t"), piece(Kind::Text, R"(a\n)"), piece(Kind::Text, "b"),
                     finish(FinishReason::Length), usage(), end()},
                    options(false)),
              R"({"id":"i","object":"chat.completion","created":17,"model":"m","choices":[{"index":0,"message":{)"
              R"("role":"assistant","content":"a\nb","refusal":null,"reasoning_content":"t"},"logprobs":null,)"
              R"("finish_reason":"length"}],"usage":{"prompt_tokens":20,"completion_tokens":7,"total_tokens":27,)"
              R"("prompt_tokens_details":{"cached_tokens":5,"cache_write_tokens":2},)"
              R"("completion_tokens_details":{"reasoning_tokens":3}}})");
    EXPECT_EQ(write({start(), piece(Kind::Text, "a")}, options(false)), "") << "not before End";
}

TEST(OpenAiAnswerWrite, ToolsOnlyHaveNoContent) {
    std::string out = write({start(), tool(0, "c0", "f"), piece(Kind::ToolEnd, ""), tool(1, "c1", "g"),
                             piece(Kind::ToolArgs, R"({\"a\":1})", 1), piece(Kind::ToolEnd, "", 1), finish(FinishReason::ToolCalls),
                             end()},
                            options(false));
    EXPECT_NE(out.find(R"("content":null,"refusal":null,"tool_calls":[{"id":"c0","type":"function","function":{"name":"f",)"
                       R"("arguments":"{}"}},{"id":"c1","type":"function","function":{"name":"g","arguments":"{\"a\":1}"}}])"),
              std::string::npos)
        << out;
    EXPECT_EQ(out.find("\"usage\""), std::string::npos) << "none known, none told";
}

TEST(OpenAiAnswerWrite, SignedThinkingAndRefusals) {
    std::string out = write({start(), piece(Kind::Reasoning, "t"), piece(Kind::Signature, "s"), piece(Kind::Redacted, "d", 1),
                             piece(Kind::Refusal, "no"), finish(FinishReason::ContentFilter), end()},
                            options(false));
    EXPECT_NE(out.find(R"("content":null,"refusal":"no","reasoning_content":"t","thinking_blocks":[{"type":"thinking",)"
                       R"("thinking":"t","signature":"s"},{"type":"redacted_thinking","data":"d"}])"),
              std::string::npos)
        << out;
    EXPECT_NE(out.find(R"("finish_reason":"content_filter")"), std::string::npos);
}

TEST(OpenAiAnswerWrite, IndexesOutOfOrderDoNoHarm) {
    std::string out = write({start(), piece(Kind::Reasoning, "t", 4'000'000'000), tool(7, "c", "f"), piece(Kind::ToolArgs, "x", 9),
                             piece(Kind::ToolEnd, "", 9), end()},
                            options(false));
    EXPECT_TRUE(plain::parse(out)) << out;
}

std::string passed(const std::string &data, std::string_view name, bool include_usage) {
    JsonParser parser;
    JsonDoc doc;
    bool json = parser.parse(data, doc).has_value();
    std::string out;
    openai_chat().pass_event(SseEvent{name, data}, json ? &doc : nullptr, options(true, include_usage), out);
    return out;
}

TEST(OpenAiPassEvent, PayloadByteForByte) {
    for (std::string data : {R"({ "a" : 1e2, "choices":[{"delta":{"content":"\u00e9"}}] })", R"([DONE])",
                             R"({"choices":[{}],"usage":{"prompt_tokens":1}})", R"({"choices":[],"prompt_filter_results":[]})"}) {
        EXPECT_EQ(passed(data, "", false), "data: " + data + "\n\n");
        EXPECT_EQ(passed(data, "message", true), "data: " + data + "\n\n");
    }
    EXPECT_EQ(passed("{\"error\":1}", "error", false), "event: error\ndata: {\"error\":1}\n\n");
}

TEST(OpenAiPassEvent, TakesOutTheUsageThatOnlyWeAskedFor) {
    std::string usage = R"({"id":"c","choices":[],"usage":{"prompt_tokens":1}})";
    EXPECT_EQ(passed(usage, "", false), "");
    EXPECT_EQ(passed(usage, "", true), "data: " + usage + "\n\n");
    std::string null = R"({"choices":[{"delta":{}}], "usage":null})";
    EXPECT_EQ(passed(null, "", true), "data: " + null + "\n\n");
    EXPECT_EQ(passed(null, "", false), "data: {\"choices\":[{\"delta\":{}}]}\n\n");
    EXPECT_EQ(passed(R"({"usage":null,"choices":[]})", "", false), "data: {\"choices\":[]}\n\n");
}

TEST(OpenAiErrors, TypesOfEachKind) {
    using chat::ErrorKind;
    struct {
        ErrorKind kind;
        std::string_view type;
    } cases[] = {{ErrorKind::InvalidRequest, "invalid_request_error"}, {ErrorKind::Authentication, "authentication_error"},
                 {ErrorKind::Permission, "permission_error"},          {ErrorKind::NotFound, "invalid_request_error"},
                 {ErrorKind::TooLarge, "invalid_request_error"},       {ErrorKind::RateLimit, "rate_limit_error"},
                 {ErrorKind::InsufficientQuota, "insufficient_quota"}, {ErrorKind::Upstream, "api_error"},
                 {ErrorKind::Overloaded, "api_error"}};
    for (const auto &c : cases) {
        chat::ApiError error{400, c.kind, "code", "a \"b\"", "p[0]", {}};
        EXPECT_EQ(openai_chat().write_error(error, "r"), R"({"error":{"message":"a \"b\"","type":")" + std::string(c.type) +
                                                             R"(","param":"p[0]","code":"code"}})");
    }
}

TEST(OpenAiModels, ListAndOne) {
    EXPECT_EQ(openai_chat().write_models({"a/b", "c"}, 5),
              R"({"object":"list","data":[{"id":"a/b","object":"model","created":5,"owned_by":"aigw"},)"
              R"({"id":"c","object":"model","created":5,"owned_by":"aigw"}]})");
    EXPECT_EQ(openai_chat().write_models({}, 5), R"({"object":"list","data":[]})");
    EXPECT_EQ(openai_chat().write_model("a", 5), R"({"id":"a","object":"model","created":5,"owned_by":"aigw"})");
}

TEST(OpenAiDialect, IsRegistered) {
    EXPECT_EQ(find_dialect("openai_chat"), &openai_chat());
    EXPECT_EQ(find_dialect("anthropic_messages"), &anthropic_messages());
    EXPECT_EQ(find_dialect("telepathy"), nullptr);
    EXPECT_EQ(openai_chat().path("m", true), "/chat/completions");
    EXPECT_EQ(openai_chat().terminal_event(), "data: [DONE]\n\n");
}

}  // namespace

}  // namespace aigw::dialects
