#include "gateway/conversation.h"

#include <gtest/gtest.h>

#include "core/json_splice.h"
#include "gateway/scripted_exchange.h"

namespace aigw::gateway {
namespace {

TEST(Conversation, ABodyOfTheHostIsReadWhereItIs) {
    const std::string hosts = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x")});
    Exchange &exchange = talk.open();
    exchange.begin(Body::of_host(hosts), 1);
    EXPECT_TRUE(exchange.reads_lent_body());
    EXPECT_EQ(exchange.request().text().data(), hosts.data());
    Step step = exchange.next_attempt(1);
    UpstreamRequest sent;
    ASSERT_TRUE(exchange.request_for(*std::get<Launch>(step).target, "sk", sent));
    EXPECT_EQ(sent.body.back().data() + sent.body.back().size(), hosts.data() + hosts.size());

    JsonSplice splice(exchange.request().text());
    splice.set(exchange.request_body(), "user", "\"me\"");
    exchange.edit(splice);
    EXPECT_FALSE(exchange.reads_lent_body());
    EXPECT_EQ(exchange.request().text(), R"({"model":"m","messages":[{"role":"user","content":"hi"}],"user":"me"})");
}

TEST(Conversation, AnEmptyBodyIsNobodys) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x")});
    Exchange &exchange = talk.open();
    EXPECT_EQ(std::get<chat::ApiError>(exchange.begin(Body::of_host({}), 1)).code, "invalid_json");
    EXPECT_FALSE(exchange.reads_lent_body());
}

}  // namespace
}  // namespace aigw::gateway
