#include "guards/text_guard.h"

#include <gtest/gtest.h>

#include "guards/delta_guard.h"
#include "guards/support.h"

using namespace aigw;
using namespace aigw::guards;
using namespace aigw::guards::test;

namespace {

// What a caller sees of an answer in pieces whose escapes are cut anywhere.
std::string deltas(const std::vector<Rule> &rules, const std::vector<std::string_view> &pieces, DeltaGuard::Content content) {
    Plan plan(rules, Direction::Response);
    Guarding guarding;
    DeltaGuard guard(plan, guarding, content);
    std::string out;
    for (std::string_view piece : pieces) {
        EXPECT_EQ(guard.feed({piece}, out), TextGuard::State::Ok);
    }
    EXPECT_EQ(guard.finish(out), TextGuard::State::Ok);
    EXPECT_EQ(guard.held(), 0u);
    return out;
}

std::string deltas_all_ways(const std::vector<Rule> &rules, std::string_view text, DeltaGuard::Content content) {
    std::string whole = deltas(rules, {text}, content);
    for (size_t size : {1, 2, 3, 5}) {
        EXPECT_EQ(deltas(rules, cut(text, size), content), whole) << text << " in pieces of " << size;
    }
    for (size_t at = 0; at <= text.size(); ++at) {
        EXPECT_EQ(deltas(rules, {text.substr(0, at), text.substr(at)}, content), whole) << text << " cut at " << at;
    }
    return whole;
}

}  // namespace

TEST(TextGuard, WritesPlaceholders) {
    EXPECT_EQ(run_all_ways(rules({"both mask email"}), "to a.b@example.com, now").text, "to [EMAIL], now");
    EXPECT_EQ(run_all_ways(rules({"both mask email as=CONTACT"}), "a@example.com").text, "[CONTACT]");
    EXPECT_EQ(run_all_ways(rules({"both mask email replace=XXXXX"}), "<a@example.com>").text, "<XXXXX>");
    EXPECT_EQ(run_all_ways(rules({"both mask regex=PRJ-\\d{4}"}), "see PRJ-1234 and PRJ-12").text, "see [REDACTED] and PRJ-12");
}

TEST(TextGuard, APlaceholderStandsInThePieceWhereTheValueEnded) {
    std::vector<std::string> outs;
    run(rules({"both mask email"}), {"Write to ", "jane", ".doe", "@exam", "ple.com", " today", "."},
        [&](std::string_view, std::string_view out, size_t) { outs.emplace_back(out); });
    EXPECT_EQ(outs, (std::vector<std::string>{"Write to ", "", "", "", "", "[EMAIL] ", ""}));  // today. may be a local part yet
}

TEST(TextGuard, OfOverlapsTheEarlierRuleWritesAndAllIsHidden) {
    std::string_view text = "x 4111111111111111@example.com y";
    EXPECT_EQ(run_all_ways(rules({"both mask credit_card", "both mask email"}), text).text, "x [CREDIT_CARD] y");
    EXPECT_EQ(run_all_ways(rules({"both mask regex=c{2}d{2}", "both mask regex=b{2}c{2} as=LATE"}), "aabbccddee").text, "aa[REDACTED]ee");
    EXPECT_EQ(run_all_ways(rules({"both mask regex=b{2}c{2} as=FIRST", "both mask regex=c{2}d{2}"}), "aabbccddee").text, "aa[FIRST]ee");
    // In one rule the one that begins first, then the longest.
    EXPECT_EQ(run_all_ways(rules({"both mask regex=c{2}d{2} regex=b{2}c{2}"}), "aabbccddee").text, "aa[REDACTED]ee");
}

TEST(TextGuard, LogAndRejectSeeWhatIsMasked) {
    Seen seen = run_all_ways(rules({"both mask email", "both log regex=example as=WORD"}), "a@example.com");
    EXPECT_EQ(seen.text, "[EMAIL]");
    EXPECT_EQ(seen.labels, "EMAIL,WORD");
    seen = run_all_ways(rules({"both mask email", "both reject regex=example as=WORD"}), "Hi a@example.com!");
    EXPECT_EQ(seen.refused, "WORD");
    EXPECT_EQ(seen.text, "Hi ");
}

TEST(TextGuard, RejectsAtTheFirst) {
    Seen seen = run_all_ways(rules({"both reject ssn", "both mask email"}), "a@example.com and 123-45-6789 and b@example.com");
    EXPECT_EQ(seen.text, "[EMAIL] and ");
    EXPECT_EQ(seen.labels, "EMAIL,SSN");
    EXPECT_EQ(seen.refused, "SSN");
}

TEST(TextGuard, RulesOfTheOtherDirectionAndInactiveOnesAreNotAsked) {
    EXPECT_EQ(run(rules({"request mask email"}), {"a@example.com"}).text, "a@example.com");
    std::vector<Rule> two = rules({"both mask email", "both mask ssn"});
    Plan plan(two, Direction::Response, 2);
    Guarding guarding;
    TextGuard guard(plan, guarding, TextGuard::Way::Incoming);
    std::string out;
    guard.feed("a@example.com 123-45-6789", out);
    guard.finish(out);
    EXPECT_EQ(out, "a@example.com [SSN]");
    EXPECT_TRUE(Plan(two, Direction::Response, 0).empty());
}

TEST(TextGuard, CountsByLabel) {
    std::vector<Rule> one = rules({"both mask email phone"});
    Plan plan(one, Direction::Response);
    Guarding guarding;
    TextGuard guard(plan, guarding, TextGuard::Way::Incoming);
    std::string out;
    guard.feed("a@example.com b@example.com +1 415 555 0123", out);
    guard.finish(out);
    ASSERT_EQ(guarding.tally.lines().size(), 2u);
    EXPECT_EQ(guarding.tally.lines()[0].label, "EMAIL");
    EXPECT_EQ(guarding.tally.lines()[0].count, 2u);
    EXPECT_EQ(guarding.tally.labels(), "EMAIL,PHONE");
    EXPECT_EQ(guarding.tally.action(), Action::Mask);
}

TEST(TextGuard, CutCharactersWait) {
    std::string text = "né 电话 +1 415 555 0123 😀 a@example.com é";
    EXPECT_EQ(run_all_ways(rules({"both mask email phone"}), text).text, "né 电话 [PHONE] 😀 [EMAIL] é");
    std::string broken = "a\xE2\x82 b\xFF c\xC3";
    EXPECT_EQ(run_all_ways(rules({"both mask email phone"}), broken).text, broken);
}

TEST(TextGuard, LongTextsInSlices) {
    std::string text, expected;
    for (int i = 0; i < 5000; ++i) {
        text += "number " + std::to_string(i) + " of many, mail u" + std::to_string(i) + "@example.com; ";
        expected += "number " + std::to_string(i) + " of many, mail [EMAIL]; ";
    }
    EXPECT_EQ(run(rules({"both mask email"}), {text}).text, expected);
    EXPECT_EQ(run(rules({"both mask email"}), cut(text, 1000)).text, expected);
}

TEST(DeltaGuard, EscapesCutAnywhere) {
    std::vector<Rule> one = rules({"both mask email"});
    EXPECT_EQ(deltas_all_ways(one, R"(say \"\u006aane@example\u002ecom\" \ud83d\ude00\n)", DeltaGuard::Content::Text), "say \\\"[EMAIL]\\\" 😀\\n");
    EXPECT_EQ(deltas_all_ways(one, R"(\ud83d \u12 \)", DeltaGuard::Content::Text), "\xEF\xBF\xBD \xEF\xBF\xBD" "12 \xEF\xBF\xBD");
}

TEST(DeltaGuard, ToolArgumentsAreJsonInAString) {
    std::vector<Rule> one = rules({"both mask email credit_card ssn"});
    auto json = [&](std::string_view text) { return deltas_all_ways(one, text, DeltaGuard::Content::Json); };
    EXPECT_EQ(json(R"({\"to\":\"x\\nj\\u0061ne@example.com\\n\",\"n\":4111111111111111,\"k\":[true,null,1.5e3]})"),
              R"({\"to\":\"x\\n[EMAIL]\\n\",\"n\":\"[CREDIT_CARD]\",\"k\":[true,null,1.5e3]})");
    EXPECT_EQ(json(R"({\"ssn\":\"457555462\",\"other\":\"457555462\"})"), R"({\"ssn\":\"[SSN]\",\"other\":\"457555462\"})");
    EXPECT_EQ(json(R"({\"a@example.com\":{}})"), R"({\"[EMAIL]\":{}})");
    EXPECT_EQ(json("no JSON: a@example.com"), "no JSON: [EMAIL]");
    EXPECT_EQ(json(R"({\"cut\":\"a@example.com)"), R"({\"cut\":\"[EMAIL])");
    EXPECT_EQ(json(R"({\"n\":-12x a@example.com,\"m\":4111111111111111)"), R"({\"n\":-12x [EMAIL],\"m\":\"[CREDIT_CARD]\")");
}

TEST(DeltaGuard, SaysWhatPassesAsItIs) {
    std::vector<Rule> one = rules({"both mask email"});
    Plan plan(one, Direction::Response);
    Guarding guarding;
    DeltaGuard guard(plan, guarding, DeltaGuard::Content::Text);
    std::string out;
    guard.feed({"caf\\u00e9, "}, out);
    EXPECT_TRUE(guard.same());
    guard.feed({"word"}, out);
    EXPECT_FALSE(guard.same());
    EXPECT_EQ(guard.held(), 4u);
    guard.feed({"s here "}, out);
    EXPECT_FALSE(guard.same());
    guard.feed({"and there. "}, out);
    EXPECT_TRUE(guard.same());
    EXPECT_EQ(out, "café, words here and there. ");
}

TEST(Restore, GivesTheCallerHisOwnValues) {
    std::vector<Rule> one = rules({"both mask email restore"});
    Plan out_plan(one, Direction::Request), in_plan(one, Direction::Response);
    Guarding guarding;
    TextGuard request(out_plan, guarding, TextGuard::Way::Outgoing);
    std::string sent;
    request.feed("From a@example.com to b@example.com, again a@example.com", sent);
    request.finish(sent);
    EXPECT_EQ(sent, "From [EMAIL_1] to [EMAIL_2], again [EMAIL_1]");
    std::string_view answer = "Dear [EMAIL_1], not [EMAIL_3] nor [EMAIL_12] but new@example.com and [EMAIL_2][EMAIL_1]";
    for (size_t at = 0; at <= answer.size(); ++at) {
        TextGuard guard(in_plan, guarding, TextGuard::Way::Incoming);
        std::string got;
        guard.feed(answer.substr(0, at), got);
        guard.feed(answer.substr(at), got);
        guard.finish(got);
        EXPECT_EQ(got, "Dear a@example.com, not [EMAIL_3] nor [EMAIL_12] but [EMAIL] and b@example.coma@example.com") << at;
    }
}

TEST(Restore, KeepsSoManyValuesAndNoMore) {
    Vault vault;
    for (size_t i = 0; i < Vault::kMaxValues; ++i) {
        EXPECT_EQ(vault.placeholder("EMAIL", std::to_string(i)), "[EMAIL_" + std::to_string(i + 1) + "]");
    }
    EXPECT_EQ(vault.placeholder("EMAIL", "one more"), "[EMAIL]");
    EXPECT_EQ(vault.placeholder("EMAIL", "7"), "[EMAIL_8]");
    EXPECT_EQ(*vault.value_of("[EMAIL_8]"), "7");
    EXPECT_EQ(vault.value_of("[EMAIL]"), nullptr);
}
