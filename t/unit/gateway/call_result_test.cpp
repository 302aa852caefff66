#include "gateway/call_result.h"

#include "gateway/scripted_exchange.h"

namespace aigw::gateway {
namespace {

const std::string kHello = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
const std::string kHelloStream = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";
const std::string kGood =
    R"({"id":"c1","object":"chat.completion","created":1,"model":"x","choices":[{"index":0,"message":)"
    R"({"role":"assistant","content":"Hello"},"finish_reason":"stop"}]})";
const std::string kHalfStream = "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"x\","
                                "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"},\"finish_reason\":null}]}\n\n";

// "provider:result" of each call.
std::vector<std::string> calls(ScriptedExchange &talk) {
    std::vector<std::string> out;
    for (const CallRecord &call : talk.exchange().record().calls) {
        out.push_back(call.provider + ":" + std::string(call.result));
    }
    EXPECT_EQ(static_cast<int>(out.size()), talk.exchange().record().attempts);
    return out;
}

using Calls = std::vector<std::string>;

TEST(CallResult, EveryCallHasOne) {
    ScriptedExchange talk;
    talk.model("m", {talk.claude("a", 1), talk.openai("b", 5)});
    talk.run(kHello, {json(503, "{}"), json(401, "{}"), broken(Cause::Connect), broken(Cause::Tls), broken(Cause::Timeout),
                      json(200, "no json"), json(200, kGood)});
    EXPECT_EQ(talk.status, 200);
    EXPECT_EQ(calls(talk), (Calls{"claude:overloaded", "claude:authentication", "openai:connect", "openai:tls",
                                  "openai:timeout", "openai:protocol", "openai:ok"}));
}

TEST(CallResult, NoCallNoResult) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("b")});
    talk.run(R"({"model":"other","messages":[]})", {});
    EXPECT_EQ(calls(talk), Calls{});
}

TEST(CallResult, StreamsThatAreCut) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("b")});
    Reply reply = events(kHalfStream);
    reply.cause = Cause::Closed;
    talk.run(kHelloStream, {reply});
    EXPECT_EQ(calls(talk), Calls{"openai:closed"});
}

TEST(CallResult, TheWayOutNamesACallUnderWay) {
    for (auto [how, result] : {std::pair{End::Client, "openai:client"}, {End::Shutdown, "openai:shutdown"},
                               {End::Timeout, "openai:timeout"}, {End::Error, "openai:error"}}) {
        ScriptedExchange talk;
        talk.model("m", {talk.openai("b")});
        Exchange &exchange = talk.open();
        ASSERT_TRUE(std::holds_alternative<Continue>(exchange.begin(kHello, 1)));
        Step step = exchange.next_attempt(2);
        UpstreamRequest request;
        ASSERT_TRUE(exchange.request_for(*std::get<Launch>(step).target, "sk", request));
        exchange.end(how, 3);
        EXPECT_EQ(calls(talk), Calls{result});
    }
}

TEST(CallResult, NamesAreLabels) {
    for (int kind = 0; kind <= static_cast<int>(chat::ErrorKind::Overloaded); kind++) {
        std::string_view name = result_of(static_cast<chat::ErrorKind>(kind));
        EXPECT_FALSE(name.empty());
        EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos) << name;
    }
    EXPECT_EQ(result_of(Cause::Total), "timeout");
    EXPECT_EQ(result_of(Cause::Closed), "closed");
    EXPECT_EQ(result_of(Cause::Dns), "dns");
}

}  // namespace
}  // namespace aigw::gateway
