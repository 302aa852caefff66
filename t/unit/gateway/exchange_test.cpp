#include "gateway/exchange.h"

#include "gateway/scripted_exchange.h"

namespace aigw::gateway {
namespace {

const std::string kHello = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
const std::string kHelloStream = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";
const std::string kOpenAiJson =
    R"({"id":"c1","object":"chat.completion","created":1,"model":"gpt-x","choices":[{"index":0,"message":)"
    R"({"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,)"
    R"("completion_tokens":2,"total_tokens":11}})";
const std::string kOpenAiStream =
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-x\",\"choices\":[{\"index\":0,"
    "\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n"
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-x\",\"choices\":[{\"index\":0,"
    "\"delta\":{\"content\":\"Hello\"},\"finish_reason\":null}]}\n\n"
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-x\",\"choices\":[{\"index\":0,"
    "\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-x\",\"choices\":[],"
    "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,\"total_tokens\":11}}\n\n"
    "data: [DONE]\n\n";
const std::string kClaudeJson =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":"Hello"}],)"
    R"("stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":7,"output_tokens":3}})";

std::string event(const std::string &name, const std::string &data) {
    return "event: " + name + "\ndata: " + data + "\n\n";
}

const std::string kClaudeStream =
    event("message_start",
          R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x",)"
          R"("content":[],"stop_reason":null,"usage":{"input_tokens":7,"output_tokens":1}}})") +
    event("content_block_start",
          R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})") +
    event("content_block_delta",
          R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}})") +
    event("content_block_stop", R"({"type":"content_block_stop","index":0})") +
    event("message_delta",
          R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":3}})") +
    event("message_stop", R"({"type":"message_stop"})");
const std::string kClaudeError = event(
    "error", R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})");

TEST(Exchange, SameDialectPassesTheBodyByteForByte) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x")});
    talk.run(R"({ "model" : "m", "weird":1e0, "messages":[{"role":"user","content":"h\u0069"}] })",
             {json(200, kOpenAiJson)});
    EXPECT_EQ(talk.sent_bodies.at(0), R"({ "model" : "gpt-x", "weird":1e0, "messages":[{"role":"user","content":"h\u0069"}] })");
    EXPECT_EQ(talk.body, kOpenAiJson);
    EXPECT_EQ(talk.exchange().record().usage, (chat::Usage{9, 2, 0, 0, 0}));
    EXPECT_EQ(talk.exchange().record().usage_source, UsageSource::Provider);
    EXPECT_STREQ(finish_name(talk.exchange().record().finish), "stop");
}

TEST(Exchange, TheHeadIsAnAllowList) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x")});
    talk.caller.anthropic_beta = "b1";
    talk.caller.traceparent = "00-1-1-00";
    talk.caller.idempotency_key = "k\r\nX-Injected: 1";
    talk.run(kHello, {json(200, kOpenAiJson)});
    const std::string &head = talk.sent.at(0);
    EXPECT_TRUE(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:1\r\n")) << head;
    EXPECT_NE(head.find("\r\nAuthorization: Bearer sk-provider\r\n"), std::string::npos);
    EXPECT_NE(head.find("\r\ntraceparent: 00-1-1-00\r\n"), std::string::npos);
    EXPECT_EQ(head.find("anthropic"), std::string::npos);
    EXPECT_EQ(head.find("\nX-Injected"), std::string::npos);
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST(Exchange, TheInjectedUsageChunkIsTakenOut) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x")});
    talk.run(kHelloStream, {events(kOpenAiStream)});
    EXPECT_NE(talk.sent_bodies.at(0).find(R"("include_usage":true)"), std::string::npos);
    EXPECT_EQ(talk.body.find("usage"), std::string::npos);
    EXPECT_TRUE(talk.body.ends_with("data: [DONE]\n\n"));
    EXPECT_EQ(talk.exchange().record().usage.total(), 11);
}

TEST(Exchange, UsageThatWasAskedForStays) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x")});
    talk.run(R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[]})",
             {events(kOpenAiStream)});
    EXPECT_EQ(talk.body, kOpenAiStream);
}

TEST(Exchange, TranslatesBothWaysInBothModesHoweverTheBytesAreCut) {
    for (size_t step : {size_t(1), size_t(7), SIZE_MAX}) {
        ScriptedExchange talk;
        talk.model("m", {talk.claude("claude-x")});
        Reply reply = events(kClaudeStream);
        reply.step = step;
        talk.run(kHelloStream, {reply});
        EXPECT_EQ(talk.status, 200);
        EXPECT_NE(talk.body.find(R"("content":"Hello")"), std::string::npos) << talk.body;
        EXPECT_TRUE(talk.body.ends_with("data: [DONE]\n\n"));
        EXPECT_EQ(talk.exchange().record().usage, (chat::Usage{7, 3, 0, 0, 0}));

        ScriptedExchange back;
        back.caller.path = "messages";
        back.model("m", {back.openai("gpt-x")});
        Reply chunks = events(kOpenAiStream);
        chunks.step = step;
        back.run(R"({"model":"m","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"}]})", {chunks});
        EXPECT_NE(back.body.find(R"("text":"Hello")"), std::string::npos) << back.body;
        EXPECT_NE(back.body.find("event: message_stop"), std::string::npos);
    }
    ScriptedExchange talk;
    talk.model("m", {talk.claude("claude-x")});
    talk.run(kHello, {json(200, kClaudeJson)});
    EXPECT_NE(talk.body.find(R"("content":"Hello")"), std::string::npos) << talk.body;
    EXPECT_NE(talk.sent.at(0).find("\r\nx-api-key: sk-provider\r\n"), std::string::npos);
    EXPECT_NE(talk.sent.at(0).find("\r\nanthropic-version: 2023-06-01\r\n"), std::string::npos);
}

TEST(Exchange, AnswersInTheOtherModeAreTurned) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x")});
    talk.run(kHelloStream, {json(200, kOpenAiJson)});
    EXPECT_NE(talk.body.find("chat.completion.chunk"), std::string::npos) << talk.body;
    EXPECT_TRUE(talk.body.ends_with("data: [DONE]\n\n"));

    ScriptedExchange other;
    other.model("m", {other.openai("gpt-x")});
    other.run(kHello, {events(kOpenAiStream)});
    EXPECT_NE(other.body.find(R"("content":"Hello")"), std::string::npos) << other.body;
}

TEST(Exchange, ThreeFailuresThenTheOtherTarget) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x", 2), talk.claude("claude-x")});
    talk.run(kHello, {json(503, "{}"), json(503, "<html>"), json(503, ""), json(200, kClaudeJson)});
    EXPECT_EQ(talk.status, 200);
    EXPECT_EQ(talk.sent.size(), 4u);
    EXPECT_EQ(talk.exchange().record().attempts, 4);
    EXPECT_EQ(talk.exchange().record().provider, "claude");
}

TEST(Exchange, AnErrorEventBeforeContentFailsOver) {
    ScriptedExchange talk;
    talk.model("m", {talk.claude("claude-x"), talk.openai("gpt-x")});
    std::string start = kClaudeStream.substr(0, kClaudeStream.find("event: content_block_start"));
    talk.run(kHelloStream, {events(start + kClaudeError), events(kOpenAiStream)});
    EXPECT_EQ(talk.status, 200);
    EXPECT_FALSE(talk.cut);
    EXPECT_EQ(talk.sent.size(), 2u);
    EXPECT_EQ(talk.body.find("error"), std::string::npos);
}

TEST(Exchange, AnErrorEventAfterContentEndsTheStreamAsAnError) {
    ScriptedExchange talk;
    talk.model("m", {talk.claude("claude-x"), talk.openai("gpt-x")});
    std::string start = kClaudeStream.substr(0, kClaudeStream.find("event: content_block_stop"));
    Reply reply = events(start + kClaudeError);
    reply.step = 40;
    talk.run(kHelloStream, {reply});
    EXPECT_TRUE(talk.cut);
    EXPECT_NE(talk.body.find("data: {\"error\":"), std::string::npos) << talk.body;
    EXPECT_EQ(talk.body.find("[DONE]"), std::string::npos);
    EXPECT_EQ(talk.exchange().record().usage.prompt, 7);  // the provider's, its completion was not final
    EXPECT_EQ(talk.exchange().record().usage_source, UsageSource::Estimated);
}

TEST(Exchange, AnErrorInTheReadThatBringsTheContentStillMovesOn) {
    ScriptedExchange talk;
    talk.model("m", {talk.claude("claude-x"), talk.openai("gpt-x")});
    std::string start = kClaudeStream.substr(0, kClaudeStream.find("event: content_block_stop"));
    talk.run(kHelloStream, {events(start + kClaudeError), events(kOpenAiStream)});
    EXPECT_FALSE(talk.cut);
    EXPECT_EQ(talk.exchange().record().provider, "openai");
}

TEST(Exchange, ACutStreamIsNeverACleanEnd) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x"), talk.openai("gpt-y")});
    talk.run(kHelloStream, {events(kOpenAiStream.substr(0, kOpenAiStream.rfind("data: ", kOpenAiStream.find("\"delta\":{}"))))});
    EXPECT_TRUE(talk.cut);
    EXPECT_EQ(talk.body.find("[DONE]"), std::string::npos);
    EXPECT_EQ(talk.exchange().record().usage_source, UsageSource::Estimated);
    EXPECT_GT(talk.exchange().record().usage.completion, 0);
}

TEST(Exchange, AMissingEndMarkAfterTheFinishIsSupplied) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x")});
    talk.run(kHelloStream, {events(kOpenAiStream.substr(0, kOpenAiStream.size() - 14))});
    EXPECT_FALSE(talk.cut);
    EXPECT_TRUE(talk.body.ends_with("data: [DONE]\n\n")) << talk.body;
}

TEST(Exchange, NothingFollowsTheEndMark) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x")});
    talk.run(kHelloStream, {events(kOpenAiStream + "data: {\"choices\":[{\"delta\":{\"content\":\"extra\"}}]}\n\n")});
    EXPECT_TRUE(talk.body.ends_with("data: [DONE]\n\n"));
    EXPECT_EQ(talk.body.find("extra"), std::string::npos);
}

TEST(Exchange, WhatFailsBeforeContentMovesOn) {
    for (Reply reply : {broken(Cause::Connect), broken(Cause::Timeout), json(200, "<html>"), json(200, ""),
                        json(200, R"({"error":{"message":"x"}})"), json(401, "{}"), events(""),
                        events("data: nonsense\n\n"), json(302, "")}) {
        ScriptedExchange talk;
        talk.model("m", {talk.openai("gpt-x"), talk.openai("gpt-y")});
        talk.run(kHello, {reply, json(200, kOpenAiJson)});
        EXPECT_EQ(talk.status, 200);
        EXPECT_EQ(talk.sent.size(), 2u);
    }
}

TEST(Exchange, TheCallersOwnMistakeComesBack) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x"), talk.openai("gpt-y")});
    talk.run(kHello, {json(400, R"({"error":{"message":"bad thing","type":"invalid_request_error","param":"p","code":"c"}})")});
    EXPECT_EQ(talk.status, 400);
    EXPECT_EQ(talk.sent.size(), 1u);
    EXPECT_EQ(talk.exchange().error()->message, "bad thing");
}

TEST(Exchange, EverythingFailed) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x"), talk.openai("gpt-y")});
    talk.run(kHello, {broken(Cause::Timeout), json(500, "internal detail")});
    EXPECT_EQ(talk.status, 502);
    EXPECT_EQ(talk.exchange().error()->message.find("internal"), std::string::npos);
    EXPECT_EQ(talk.exchange().record().usage_source, UsageSource::None);

    ScriptedExchange late;
    late.model("m", {late.openai("gpt-x")});
    late.run(kHello, {broken(Cause::Timeout)});
    EXPECT_EQ(late.status, 504);
}

TEST(Exchange, A429WaitsAndComesBackWithItsTime) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x")});
    Reply limited = json(429, "{}");
    limited.headers.emplace_back("retry-after", "2");
    talk.run(kHello, {limited, limited, limited});
    EXPECT_EQ(talk.status, 429);
    EXPECT_EQ(talk.waits, (std::vector<Millis>{0, 2000, 2000}));
    EXPECT_EQ(talk.exchange().error()->retry_after_ms, 2000);
}

TEST(Exchange, AnUnaskedEncodingIsAFailedAttempt) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x"), talk.openai("gpt-y")});
    Reply gzip = json(200, "\x1f\x8b");
    gzip.headers.emplace_back("content-encoding", "gzip");
    talk.run(kHello, {gzip, json(200, kOpenAiJson)});
    EXPECT_EQ(talk.status, 200);
    EXPECT_EQ(talk.body, kOpenAiJson);
}

TEST(Exchange, BadBodiesAreRefusedBeforeAnybodyIsAsked) {
    struct Case {
        const char *body, *code;
    };
    for (const Case &c : {Case{"", "invalid_json"}, Case{"{", "invalid_json"}, Case{"[]", "invalid_json"},
                          Case{R"({"model":"m","model":"m","messages":[]})", "duplicate_member"},
                          Case{R"({"messages":[]})", "missing_field"}, Case{R"({"model":"m"})", "missing_field"},
                          Case{R"({"model":7,"messages":[]})", "invalid_value"},
                          Case{R"({"model":"m","messages":{}})", "invalid_value"},
                          Case{R"({"model":"m","messages":[],"stream":"yes"})", "invalid_value"},
                          Case{R"({"model":"m","messages":[],"max_tokens":-1})", "invalid_value"},
                          Case{R"({"model":"m","messages":[],"max_tokens":1e400})", "invalid_value"},
                          Case{R"({"model":"m","messages":[],"n":1000000})", "invalid_value"},
                          Case{R"({"model":"m","messages":[],"max_tokens":NaN})", "invalid_json"}}) {
        ScriptedExchange talk;
        talk.model("m", {talk.openai("gpt-x")});
        talk.run(c.body, {});
        EXPECT_EQ(talk.status, 400) << c.body;
        EXPECT_EQ(talk.code(), c.code) << c.body;
        EXPECT_EQ(talk.exchange().record().attempts, 0);
    }
}

TEST(Exchange, UnknownAndForbiddenModels) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x")});
    talk.run(R"({"model":"../etc/passwd","messages":[]})", {});
    EXPECT_EQ(talk.status, 404);
    EXPECT_EQ(talk.code(), "model_not_found");

    ScriptedExchange key;
    key.model("m", {key.openai("gpt-x")});
    identity::Identity identity;
    identity.models = {"other-*"};
    key.caller.identity = &identity;
    key.run(kHello, {});
    EXPECT_EQ(key.status, 403);
    EXPECT_EQ(key.code(), "model_not_allowed");
}

TEST(Exchange, AFieldThatOneTargetCannotCarryGoesToTheNext) {
    const std::string body = R"({"model":"m","n":2,"messages":[{"role":"user","content":"hi"}]})";
    ScriptedExchange talk;
    talk.model("m", {talk.claude("claude-x"), talk.openai("gpt-x")});
    talk.run(body, {json(200, kOpenAiJson)});
    EXPECT_EQ(talk.status, 200);
    EXPECT_EQ(talk.exchange().record().attempts, 1);

    ScriptedExchange alone;
    alone.model("m", {alone.claude("claude-x")});
    alone.run(body, {});
    EXPECT_EQ(alone.status, 400);
    EXPECT_EQ(alone.code(), "unsupported_value");
    EXPECT_EQ(alone.exchange().error()->param, "n");
}

TEST(Exchange, WhatIsQuotedIsBounded) {
    ScriptedExchange talk;
    talk.model("m", {talk.claude("claude-x")});
    talk.run(R"({"model":")" + std::string(5000, 'x') + R"(","messages":[]})", {});
    EXPECT_EQ(talk.status, 404);
    EXPECT_LT(talk.exchange().error()->message.size(), 200u);

    std::string parts = R"({"type":"text","text":"hi","cache_control":{"type":"ephemeral"}})";
    std::string many = parts;
    for (int i = 0; i < 200; i++) {
        many += "," + parts;
    }
    ScriptedExchange back;
    back.caller.path = "messages";
    back.model("m", {back.openai("gpt-x")});
    back.run(R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":[)" + many + "]}]}",
             {json(200, kOpenAiJson)});
    EXPECT_EQ(back.exchange().record().dropped.size(), 201u);
    for (auto &[name, value] : back.exchange().client_headers()) {
        EXPECT_LT(value.size(), 1100u) << name;
    }
}

TEST(Exchange, TimeBetweenAttemptsThatNobodyWaitedForIsNotCounted) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x"), talk.openai("gpt-y")});
    Exchange &exchange = talk.open();
    exchange.begin(kHello, 5000);
    exchange.next_attempt(5000);
    EXPECT_EQ(exchange.fail(Cause::Connect, 5030), Verdict::Failed);
    EXPECT_EQ(exchange.fail(Cause::Total, 5040), Verdict::Failed);  // the deadline, before the next attempt began
    exchange.end(End::Timeout, 5050);
    EXPECT_EQ(exchange.record().upstream_time, 30);
}

TEST(Exchange, ModelsAreTheLogicalNamesOfTheKey) {
    ScriptedExchange talk;
    talk.caller.method = "GET";
    talk.caller.path = "models";
    talk.model("a", {talk.openai("gpt-x")});
    talk.model("b", {talk.openai("gpt-x")});
    talk.model("c/*", {talk.openai("*")});
    identity::Identity identity;
    identity.models = {"a"};
    talk.caller.identity = &identity;
    talk.run("", {});
    EXPECT_EQ(talk.status, 200);
    EXPECT_NE(talk.body.find("\"a\""), std::string::npos);
    EXPECT_EQ(talk.body.find("\"b\""), std::string::npos);
    EXPECT_EQ(talk.body.find("c/"), std::string::npos);
}

TEST(Exchange, ThePreambleIsBounded) {
    std::string preamble;
    while (preamble.size() <= Exchange::kMaxPreamble + 16384) {
        preamble += "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"pad\":\"" +
                    std::string(900, 'p') + "\"}]}\n\n";
    }
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x"), talk.openai("gpt-y")});
    Reply endless = events(preamble + kOpenAiStream);
    endless.step = 4096;
    talk.run(kHelloStream, {endless, events(kOpenAiStream)});
    EXPECT_EQ(talk.exchange().record().attempts, 2);
    EXPECT_EQ(talk.status, 200);
}

TEST(Exchange, HintsThatWereLeftOutAreListed) {
    ScriptedExchange talk;
    talk.model("m", {talk.claude("claude-x")});
    talk.run(R"({"model":"m","seed":7,"messages":[{"role":"user","content":"hi"}]})", {json(200, kClaudeJson)});
    EXPECT_EQ(talk.exchange().record().dropped, std::vector<std::string>{"seed"});
    bool listed = false;
    for (auto &[name, value] : talk.exchange().client_headers()) {
        listed = listed || (name == "x-aigw-dropped" && value == "seed");
    }
    EXPECT_TRUE(listed);
}

}  // namespace
}  // namespace aigw::gateway
