#include "dialects/prompts.h"

#include <gtest/gtest.h>

#include "core/json_splice.h"
#include "dialects/dialect.h"

namespace aigw::dialects {
namespace {

using Place = Prompt::Place;
using Role = Prompt::Role;

std::string added(const Dialect &dialect, std::string_view body, const std::vector<Prompt> &prompts) {
    JsonParser parser;
    JsonDoc doc;
    EXPECT_TRUE(parser.parse(body, doc));
    JsonSplice splice(doc.text());
    dialect.add_prompts(doc, prompts, splice);
    std::string out;
    splice.append_to(out);
    JsonDoc again;
    EXPECT_TRUE(parser.parse(out, again)) << out;
    return out;
}

TEST(Prompts, OpenAiMessagesKeepTheirOrder) {
    std::string out = added(openai_chat(), R"({"messages":[{"role":"system","content":"S"},{"role":"user","content":"U"}], "x" : 1})",
                            {{Place::Prepend, Role::System, "a\"1"}, {Place::Prepend, Role::System, "a2"},
                             {Place::Prepend, Role::User, "b"}, {Place::Append, Role::Assistant, "c"}, {Place::Append, Role::System, "d"}});
    EXPECT_EQ(out, R"({"messages":[{"role":"system","content":"a\"1"},{"role":"system","content":"a2"},{"role":"system","content":"S"},)"
                   R"({"role":"user","content":"b"},{"role":"user","content":"U"},{"role":"assistant","content":"c"},)"
                   R"({"role":"system","content":"d"}], "x" : 1})");
}

TEST(Prompts, OpenAiEmptyList) {
    EXPECT_EQ(added(openai_chat(), R"({"messages":[]})", {{Place::Prepend, Role::System, "a"}}),
              R"({"messages":[{"role":"system","content":"a"}]})");
    EXPECT_EQ(added(openai_chat(), R"({"messages":[]})", {{Place::Append, Role::User, "a"}}),
              R"({"messages":[{"role":"user","content":"a"}]})");
}

TEST(Prompts, AnthropicInstructionsAreBlocks) {
    std::vector<Prompt> prompts{{Place::Prepend, Role::System, "a"}, {Place::Append, Role::System, "z"}};
    EXPECT_EQ(added(anthropic_messages(), R"({"messages":[],"system":"S\n"})", prompts),
              R"({"messages":[],"system":[{"type":"text","text":"a"},{"type":"text","text":"S\n"},{"type":"text","text":"z"}]})");
    EXPECT_EQ(added(anthropic_messages(), R"({"messages":[],"system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral"}}]})", prompts),
              R"({"messages":[],"system":[{"type":"text","text":"a"},{"type":"text","text":"S","cache_control":{"type":"ephemeral"}},{"type":"text","text":"z"}]})");
    EXPECT_EQ(added(anthropic_messages(), R"({"messages":[],"system":""})", {prompts[0]}), R"({"messages":[],"system":[{"type":"text","text":"a"}]})");
    EXPECT_EQ(added(anthropic_messages(), R"({"messages":[]})", {prompts[1]}), R"({"messages":[],"system":[{"type":"text","text":"z"}]})");
}

TEST(Prompts, AnthropicMessages) {
    EXPECT_EQ(added(anthropic_messages(), R"({"messages":[{"role":"user","content":"U"}]})",
                    {{Place::Prepend, Role::User, "a"}, {Place::Append, Role::Assistant, "z"}}),
              R"({"messages":[{"role":"user","content":"a"},{"role":"user","content":"U"},{"role":"assistant","content":"z"}]})");
}

TEST(Prompts, ResponsesInstructionsAreOneText) {
    std::vector<Prompt> prompts{{Place::Prepend, Role::System, "a\"1"}, {Place::Prepend, Role::System, "a2"}, {Place::Append, Role::System, "z"}};
    EXPECT_EQ(added(openai_responses(), R"({"input":"U","instructions":"S\n", "x" : 1})", prompts),
              R"({"input":"U","instructions":"a\"1\n\na2\n\nS\n\n\nz", "x" : 1})");
    EXPECT_EQ(added(openai_responses(), R"({"input":"U"})", {prompts[2]}), R"({"input":"U","instructions":"z"})");
}

TEST(Prompts, ResponsesInput) {
    std::vector<Prompt> prompts{{Place::Prepend, Role::User, "a"}, {Place::Append, Role::Assistant, "z"}};
    EXPECT_EQ(added(openai_responses(), R"({"input":"U\n"})", prompts),
              R"({"input":[{"role":"user","content":"a"},{"role":"user","content":"U\n"},{"role":"assistant","content":"z"}]})");
    EXPECT_EQ(added(openai_responses(), R"({"input":[{"role":"developer","content":"D"},{"role":"user","content":"U"}]})", prompts),
              R"({"input":[{"role":"developer","content":"D"},{"role":"user","content":"a"},{"role":"user","content":"U"},{"role":"assistant","content":"z"}]})");
    EXPECT_EQ(added(openai_responses(), R"({"prompt":{"id":"p"}})", {prompts[0]}),
              R"({"prompt":{"id":"p"},"input":[{"role":"user","content":"a"}]})");
}

}  // namespace
}  // namespace aigw::dialects
