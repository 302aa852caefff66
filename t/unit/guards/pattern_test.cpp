#include "guards/pattern.h"

#include <gtest/gtest.h>

#include <random>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "guards/pattern_width.h"
#include "guards/support.h"

using namespace aigw::guards;
using namespace aigw::guards::test;

namespace {

// The plain use of PCRE2 on a whole text: every match becomes [REDACTED].
std::string reference(const std::string &pattern, const std::string &text) {
    int error;
    PCRE2_SIZE offset;
    pcre2_code *code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF, &error, &offset, nullptr);
    PCRE2_UCHAR out[4096];
    PCRE2_SIZE size = sizeof(out);
    int rc = pcre2_substitute(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, PCRE2_SUBSTITUTE_GLOBAL, nullptr, nullptr,
                              reinterpret_cast<PCRE2_SPTR>("[REDACTED]"), 10, out, &size);
    EXPECT_GE(rc, 0) << pattern;
    pcre2_code_free(code);
    return std::string(reinterpret_cast<char *>(out), size);
}

constexpr std::string_view kPatterns[] = {
    "\\bab{1,3}c\\b",      "(?i)falcon|eagle",  "\\d{3}-\\d{4}",        "(?<=x)ab|ba(?=y)", "a{2,5}b?",           "[a-c]{3,6}",
    "^ab",                 "(?m)^ab",           "ab$",                  "(?:ab|abc|abcd)e", "(?>a{1,3})b",        "é{1,2}|ab",
    "\\bx(?!y)",           "(ab){2,3}",         "(?i)\\bk[ai]b\\b",     "a.c",              "(?s)a.c",            "\\Ba",
    "(?<name>ab)c?",       "[^a]{1,2}a",        "\\x{e9}x|\\Qa.b\\E",   "(?#note)ab",       "a??b",               "a{2}+a",
};

std::string random_text(std::mt19937 &random) {
    static const std::string_view kBits[] = {"a", "b", "c", "d", "e", "x", "y", " ", "\n", "ab", "abc", "é", "1", "23-", "555-1234", ".", "falcon", "K"};
    std::string out;
    for (size_t n = random() % 24; n > 0; --n) out += kBits[random() % std::size(kBits)];
    return out;
}

}  // namespace

TEST(Pattern, GivesWhatWholePcreGives) {
    std::mt19937 random(5);
    for (std::string_view pattern : kPatterns) {
        auto rule = parse({"both", "mask", "regex=" + std::string(pattern)});
        std::string argument = "regex=" + std::string(pattern);
        rule = parse({"both", "mask", argument});
        ASSERT_TRUE(rule) << pattern << ": " << rule.error();
        std::vector<Rule> one{*rule};
        for (int i = 0; i < 60; ++i) {
            std::string text = random_text(random);
            EXPECT_EQ(run_all_ways(one, text).text, reference(std::string(pattern), text)) << pattern << " in \"" << text << "\"";
        }
    }
}

TEST(Pattern, WithHoldTheSameAtEveryCut) {
    std::mt19937 random(6);
    for (std::string_view pattern : {"a.*b", "a+b+", "x[^y]*y", "(?s)a.*?c", "\\w+-\\d+", "(ab)+c"}) {
        for (std::string_view hold : {"hold=4", "hold=9", "hold=100"}) {
            std::string argument = "regex=" + std::string(pattern);
            auto rule = parse({"both", "mask", argument, hold});
            ASSERT_TRUE(rule) << rule.error();
            std::vector<Rule> one{*rule};
            for (int i = 0; i < 40; ++i) {
                std::string text = random_text(random);
                for (int n = i % 8 == 0 ? 6 : 0; n > 0; --n) text += random_text(random);  // over several searches
                Seen whole = run_all_ways(one, text);
                if (hold == "hold=100" && text.size() < 100) {
                    EXPECT_EQ(whole.text, reference(std::string(pattern), text)) << pattern << " in \"" << text << "\"";
                }
            }
        }
    }
}

TEST(Pattern, HoldBoundsWhatIsKeptBack) {
    size_t most = 0;
    std::string text = "a" + std::string(500, 'x');
    Seen seen = run(rules({"both mask regex=a.*b hold=50"}), cut(text, 1), [&](auto, auto, size_t held) { most = std::max(most, held); });
    EXPECT_EQ(seen.text, text);
    EXPECT_GE(most, 40u);
    EXPECT_LE(most, 50u);
}

TEST(Pattern, EndlessBacktrackingIsAFailure) {
    std::string text = std::string(5000, 'a') + "!";
    Seen seen = run(rules({"both mask regex=(a+)+$ hold=4096"}), {text});
    EXPECT_EQ(seen.refused, "REDACTED");
    EXPECT_EQ(seen.text, "");
    seen = run(rules({"both mask regex=(a+)+$ hold=4096 on_error=pass", "both mask email"}), {text + " x@example.com"});
    EXPECT_EQ(seen.refused, "");
    EXPECT_EQ(seen.text, text + " [EMAIL]");
}

// Each a begins a match that fails only where hold= ends: the work is bounded, however long the text.
TEST(Pattern, StartingAnewAtEveryByteIsAFailureToo) {
    std::string text(300000, 'a');
    EXPECT_EQ(run(rules({"both mask regex=a.*b hold=4096"}), {text}).refused, "REDACTED");
    EXPECT_EQ(run(rules({"both mask regex=a.*b hold=20"}), {text}).text, text);
    std::vector<Rule> unbounded = rules({"request mask regex=(?s)x.*y"});
    unbounded[0].direction = Direction::Response;
    std::string far = "x" + std::string(Pattern::kMaxUnbounded, '-') + "y", near = "x" + std::string(Pattern::kMaxUnbounded - 2, '-') + "y";
    EXPECT_EQ(run(unbounded, {far}).text, far);
    EXPECT_EQ(run(unbounded, {near}).text, "[REDACTED]");
}

TEST(Pattern, WidthIsReadFromTheExpression) {
    for (std::string_view bounded : kPatterns) {
        EXPECT_TRUE(pattern_width(bounded)) << bounded;
    }
    EXPECT_EQ(pattern_width("abc"), 12u);
    EXPECT_EQ(pattern_width("a{2,5}|b"), 20u);
    EXPECT_EQ(pattern_width("(?:ab){3}c?"), 28u);
    EXPECT_EQ(pattern_width("[]a\\]]{2}"), 8u);
    EXPECT_EQ(pattern_width("^$\\b"), 0u);
    EXPECT_EQ(pattern_width("(?<!x)a"), 4u);
    EXPECT_EQ(pattern_width("a{,5}"), 20u);
    for (std::string_view unbounded : {"a*", "a+", "a{2,}", "(a)\\1", "(?R)", "(a|(?1))", "(?(1)a|b)", "(*COMMIT)a", "(?x)a # b", "\\X", "a\\K", "(a", "a)",
                                       "\\k<n>", "(?&n)", "a{1,1000}{1,2000}b*", "[a-z]+@[a-z]+"}) {
        EXPECT_FALSE(pattern_width(unbounded)) << unbounded;
    }
    EXPECT_FALSE(pattern_width(std::string(200, '(') + std::string(200, ')')));
}
