#include "gateway/answer_guard.h"

#include <gtest/gtest.h>

#include "core/json_writer.h"
#include "gateway/scripted_exchange.h"

namespace aigw::gateway {
namespace {

using chat::Delta;
using Kind = Delta::Kind;

guards::Rule rule_of(const std::vector<std::string_view> &arguments) {
    auto rule = guards::parse_rule(arguments, [](std::string_view) { return Result<std::string, std::string>(std::string()); });
    EXPECT_TRUE(rule);
    return std::move(*rule);
}

// Writes down what comes out.
struct Log final : chat::DeltaSink {
    void on_delta(const Delta &delta) override {
        switch (delta.kind) {
        case Kind::Text:
            text += "T(" + std::string(delta.text.escaped) + ")";
            break;
        case Kind::Reasoning:
            text += "R(" + std::string(delta.text.escaped) + ")";
            break;
        case Kind::ToolArgs:
            text += "A" + std::to_string(delta.index) + "(" + std::string(delta.text.escaped) + ")";
            break;
        case Kind::Signature:
            text += "S";
            break;
        case Kind::ToolStart:
            text += "<";
            break;
        case Kind::ToolEnd:
            text += ">";
            break;
        case Kind::Finish:
            text += "F" + std::to_string(delta.choice);
            break;
        case Kind::End:
            text += ".";
            break;
        default:
            break;
        }
    }
    std::string text;
};

struct Guarded {
    explicit Guarded(const std::vector<std::string_view> &arguments)
        : rules{rule_of(arguments)}, plan(rules, guards::Direction::Response), guard(plan, guarding, log) {}

    bool pass(Kind kind, std::string_view text = {}, uint32_t choice = 0, uint32_t index = 0) {
        Delta delta{kind};
        delta.text = {text};
        delta.choice = choice;
        delta.index = index;
        return guard.pass(delta);
    }

    std::vector<guards::Rule> rules;
    guards::Plan plan;
    guards::Guarding guarding;
    Log log;
    AnswerGuard guard;
};

TEST(AnswerGuard, HoldsBackUntilSomethingFollows) {
    Guarded g({"response", "mask", "email"});
    EXPECT_TRUE(g.pass(Kind::Text, "to ann@exam"));
    EXPECT_TRUE(g.pass(Kind::Text, "ple.com"));
    EXPECT_TRUE(g.pass(Kind::ToolStart));
    EXPECT_TRUE(g.pass(Kind::ToolArgs, "{\\\"to\\\":\\\"bob@example.com\\\"}"));
    EXPECT_TRUE(g.pass(Kind::ToolEnd));
    EXPECT_TRUE(g.pass(Kind::Finish));
    EXPECT_TRUE(g.pass(Kind::End));
    EXPECT_EQ(g.log.text.find("ann"), std::string::npos) << g.log.text;
    EXPECT_EQ(g.log.text.find("bob"), std::string::npos) << g.log.text;
    EXPECT_LT(g.log.text.find("[EMAIL])<"), g.log.text.find("A0(")) << "the text ends before the tool begins: " << g.log.text;
    EXPECT_NE(g.log.text.find("[EMAIL]\\\"})>F0."), std::string::npos) << g.log.text;
    EXPECT_EQ(g.guarding.tally.labels(), "EMAIL");
}

TEST(AnswerGuard, KeepsTextsApart) {
    Guarded g({"response", "mask", "email"});
    g.pass(Kind::Text, "ann@exam", 0);
    g.pass(Kind::Text, "ple.com", 1);
    g.pass(Kind::Finish, {}, 1);
    g.pass(Kind::Finish, {}, 0);
    g.pass(Kind::End);
    EXPECT_EQ(g.log.text.find("EMAIL"), std::string::npos) << g.log.text;
    EXPECT_NE(g.log.text.find("ann@exam"), std::string::npos) << g.log.text;
}

TEST(AnswerGuard, ToolsSideBySide) {
    Guarded g({"response", "mask", "email"});
    g.pass(Kind::ToolStart, {}, 0, 0);
    g.pass(Kind::ToolArgs, "{\\\"a\\\":\\\"ann@exa", 0, 0);
    g.pass(Kind::ToolStart, {}, 0, 1);
    g.pass(Kind::ToolArgs, "{\\\"b\\\":\\\"bob@exa", 0, 1);
    g.pass(Kind::ToolArgs, "mple.com\\\"}", 0, 0);
    g.pass(Kind::ToolArgs, "mple.com\\\"}", 0, 1);
    g.pass(Kind::End);
    EXPECT_EQ(g.log.text.find("ann@"), std::string::npos) << g.log.text;
    EXPECT_EQ(g.log.text.find("bob@"), std::string::npos) << g.log.text;
}

TEST(AnswerGuard, ThinkingThatWasChangedLosesItsSignature) {
    for (bool secret : {false, true}) {
        Guarded g({"response", "mask", "email"});
        g.pass(Kind::Reasoning, secret ? "ann@example.com " : "nothing ");
        g.pass(Kind::Signature, "c2ln");
        EXPECT_EQ(g.log.text.find('S') == std::string::npos, secret) << g.log.text;
    }
}

TEST(AnswerGuard, Refuses) {
    Guarded g({"response", "reject", "email", "message=No."});
    EXPECT_TRUE(g.pass(Kind::Text, "clean "));
    bool passed = g.pass(Kind::Text, "ann@example.com ") && g.pass(Kind::Finish);
    EXPECT_FALSE(passed);
    ASSERT_NE(g.guarding.refused_by, nullptr);
    EXPECT_EQ(guardrail_error(g.guarding).message, "No.");
    EXPECT_EQ(guardrail_error(g.guarding).status, 403);
    EXPECT_EQ(g.log.text.find("ann"), std::string::npos);
}

TEST(AnswerGuard, TooManyTextsAreRefused) {
    Guarded g({"response", "mask", "email"});
    bool passed = true;
    for (uint32_t i = 0; i <= AnswerGuard::kMaxTexts; i++) {
        passed = passed && g.pass(Kind::ToolArgs, "{", 0, i);
    }
    EXPECT_FALSE(passed);
    EXPECT_TRUE(g.guarding.failed);
}

// Through a whole exchange, cut at every byte: the caller's bytes never hold the value.
TEST(AnswerGuard, ExchangesAtEveryCut) {
    const std::string stream =
        "data: {\"id\":\"x\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"to ann@ex\"}}]}\n\n"
        "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ample.com, now\"}}]}\n\n"
        "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
        "data: {\"id\":\"x\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":5}}\n\ndata: [DONE]\n\n";
    std::vector<guards::Rule> rules{rule_of({"response", "mask", "email"})};
    guards::Plan plan(rules, guards::Direction::Response);
    for (const char *path : {"chat/completions", "messages"}) {
        for (size_t step = 1; step < stream.size(); step++) {
            guards::Guarding guarding;
            ScriptedExchange talk;
            talk.caller.path = path;
            talk.model("m", {talk.openai("x")});
            Exchange &exchange = talk.open();
            ASSERT_TRUE(std::holds_alternative<Continue>(exchange.begin(
                R"({"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]})", 1)));
            exchange.guard_answer(plan, guarding);
            UpstreamRequest request;
            ASSERT_TRUE(exchange.request_for(*std::get<Launch>(exchange.next_attempt(1)).target, "k", request));
            exchange.header("content-type", "text/event-stream");
            exchange.head(200, 2);
            std::string got;
            for (size_t at = 0; at < stream.size(); at += step) {
                exchange.body(std::string_view(stream).substr(at, step), 3);
                got += exchange.out();
                exchange.out().clear();
            }
            exchange.body_end(4);
            got += exchange.out();
            exchange.end(End::Done, 5);
            ASSERT_EQ(got.find("ann"), std::string::npos) << got;
            ASSERT_NE(got.find("[EMAIL]"), std::string::npos) << got;
            ASSERT_TRUE(exchange.done());
            ASSERT_EQ(exchange.record().usage.completion, 5);
            ASSERT_EQ(guarding.tally.labels(), "EMAIL");
        }
    }
}

}  // namespace
}  // namespace aigw::gateway
