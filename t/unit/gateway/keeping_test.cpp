// What is kept of an answer, told again in the other mode.
#include <gtest/gtest.h>

#include "cache/record.h"
#include "gateway/scripted_exchange.h"

namespace aigw::gateway {
namespace {

constexpr size_t kMax = 1 << 20;

const std::string kMessages = R"("messages":[{"role":"user","content":"hi"}])";
const std::string kBody = R"({"model":"m",)" + kMessages + "}";
const std::string kStream = R"({"model":"m","stream":true,)" + kMessages + "}";
const std::string kClaudeBody = R"({"model":"m","max_tokens":9,)" + kMessages + "}";
const std::string kOpenAi =
    R"({"id":"c1","object":"chat.completion","created":1,"model":"gpt-x","choices":[{"index":0,"message":)"
    R"({"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,)"
    R"("completion_tokens":2,"total_tokens":11}})";

std::string chunk(const std::string &members) {
    return "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-x\"," + members + "}\n\n";
}
std::string stream(const std::string &finish, const std::string &usage) {
    return chunk(R"("choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"},"finish_reason":null}])") +
           chunk(R"("choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":null}])") +
           chunk(R"("choices":[{"index":0,"delta":{},"finish_reason":")" + finish + R"("}])") + usage + "data: [DONE]\n\n";
}
const std::string kUsage = chunk(R"("choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11})");

std::optional<std::string> record_of(const std::string &path, const std::string &body, const Reply &reply, size_t max = kMax) {
    ScriptedExchange talk;
    talk.caller.path = path;
    talk.model("m", {talk.openai("gpt-x")});
    talk.keep_bytes = max;
    talk.run(body, {reply});
    auto record = talk.exchange().take_record();
    EXPECT_FALSE(talk.exchange().take_record());
    return record;
}

struct Told {
    std::string body;
    Record record;
};

Told tell(const std::string &record, const std::string &path, const std::string &body) {
    ScriptedExchange talk;
    talk.caller.path = path;
    talk.model("m", {talk.openai("gpt-x")});
    Exchange &exchange = talk.open();
    EXPECT_TRUE(std::holds_alternative<Continue>(exchange.begin(body, 1)));
    auto recording = cache::read_record(record);
    EXPECT_TRUE(recording);
    std::string out = exchange.replay(*recording, 2);
    EXPECT_TRUE(exchange.done());
    exchange.end(End::Done, 3);
    EXPECT_TRUE(exchange.client_headers().empty());
    return {out, exchange.record()};
}

TEST(Keeping, EveryWayGivesTheSameRecord) {
    auto expected = record_of("chat/completions", kBody, json(200, kOpenAi));
    ASSERT_TRUE(expected);
    EXPECT_EQ(record_of("chat/completions", kStream, events(stream("stop", kUsage))), expected);
    EXPECT_EQ(record_of("chat/completions", kStream, json(200, kOpenAi)), expected);
    EXPECT_EQ(record_of("messages", kClaudeBody, json(200, kOpenAi)), expected);
    for (size_t step : {1, 7, 100}) {
        Reply reply = events(stream("stop", kUsage));
        reply.step = step;
        EXPECT_EQ(record_of("chat/completions", kStream, reply), expected) << step;
    }
}

TEST(Keeping, NothingIsKeptUnlessAsked) { EXPECT_FALSE(record_of("chat/completions", kBody, json(200, kOpenAi), 0)); }

TEST(Keeping, WhatIsCutOrCutShortIsNotKept) {
    EXPECT_FALSE(record_of("chat/completions", kStream, events(stream("length", kUsage))));
    EXPECT_FALSE(record_of("chat/completions", kStream, events(stream("content_filter", kUsage))));
    Reply cut = events(stream("stop", ""));
    cut.body.resize(cut.body.find("lo\""));
    cut.cause = Cause::Closed;
    EXPECT_FALSE(record_of("chat/completions", kStream, cut));
    EXPECT_FALSE(record_of("chat/completions", kBody, json(500, "{}")));
    EXPECT_FALSE(record_of("chat/completions", kBody, json(200, kOpenAi), 20));
}

TEST(Keeping, ToldInBothModes) {
    auto record = record_of("chat/completions", kStream, events(stream("stop", kUsage)));
    ASSERT_TRUE(record);
    Told whole = tell(*record, "chat/completions", kBody);
    EXPECT_NE(whole.body.find(R"("content":"Hello")"), std::string::npos) << whole.body;
    EXPECT_NE(whole.body.find(R"("total_tokens":11)"), std::string::npos);
    Told streamed = tell(*record, "chat/completions", R"({"model":"m","stream":true,"stream_options":{"include_usage":true},)" + kMessages + "}");
    EXPECT_NE(streamed.body.find(R"("content":"Hello")"), std::string::npos) << streamed.body;
    EXPECT_NE(streamed.body.find(R"("total_tokens":11)"), std::string::npos);
    EXPECT_TRUE(streamed.body.ends_with("data: [DONE]\n\n"));
    Told claude = tell(*record, "messages", R"({"model":"m","max_tokens":9,"stream":true,)" + kMessages + "}");
    EXPECT_NE(claude.body.find(R"("input_tokens":9)"), std::string::npos) << claude.body;
    for (const Told &told : {whole, streamed, claude}) {
        EXPECT_EQ(told.record.usage, (chat::Usage{9, 2, 0, 0, 0}));
        EXPECT_EQ(told.record.usage_source, UsageSource::Provider);
        EXPECT_TRUE(told.record.from_cache);
        EXPECT_EQ(told.record.attempts, 0);
    }
}

TEST(Keeping, AnEstimateIsNotTakenForTheProvidersWord) {
    auto record = record_of("chat/completions", kStream, events(stream("stop", "")));
    ASSERT_TRUE(record);
    Told told = tell(*record, "chat/completions", kBody);
    EXPECT_EQ(told.record.usage_source, UsageSource::Estimated);
    EXPECT_GT(told.record.usage.completion, 0);
    EXPECT_NE(told.body.find(R"("usage")"), std::string::npos);
}

TEST(Keeping, TheFailedAttemptIsNotInTheRecord) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x"), talk.openai("gpt-y")});
    talk.keep_bytes = kMax;
    talk.run(kBody, {json(500, "{}"), json(200, kOpenAi)});
    EXPECT_FALSE(talk.exchange().answered_as_resolved());
    auto record = talk.exchange().take_record();
    ASSERT_TRUE(record);
    EXPECT_EQ(record, record_of("chat/completions", kBody, json(200, kOpenAi)));
}

TEST(Keeping, TheFirstTargetIsNamedByItsConfiguration) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x"), talk.claude("c")});
    talk.model("n", {talk.openai("gpt-y")});
    talk.model("w/*", {talk.openai("gpt-*")});
    auto first = [&](const std::string &model) {
        Exchange &exchange = talk.open();
        exchange.begin(R"({"model":")" + model + R"(",)" + kMessages + "}", 1);
        return exchange.first_target();
    };
    EXPECT_NE(first("m"), first("n"));
    EXPECT_EQ(first("m"), first("w/x"));
    EXPECT_NE(first("w/y"), first("w/x"));
}

}  // namespace
}  // namespace aigw::gateway
