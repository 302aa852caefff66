#include "guards/rule.h"

#include <gtest/gtest.h>

#include "guards/pattern.h"
#include "guards/registry.h"
#include "guards/support.h"
#include "guards/words.h"

using namespace aigw::guards;
using namespace aigw::guards::test;

namespace {

std::string error_of(std::vector<std::string_view> arguments, std::string_view file = "") {
    auto rule = parse(std::move(arguments), file);
    return rule ? "" : rule.error();
}

}  // namespace

TEST(Rule, ReadsWhatAnOperatorWrites) {
    auto rule = parse({"both", "mask", "email", "phone", "credit_card"});
    ASSERT_TRUE(rule);
    EXPECT_EQ(rule->direction, Direction::Both);
    EXPECT_EQ(rule->action, Action::Mask);
    ASSERT_EQ(rule->detectors.size(), 3u);
    EXPECT_EQ(rule->detectors[2].label, "CREDIT_CARD");
    rule = parse({"request", "reject", "regex=(?i)project\\s+falcon", "message=That project is confidential."});
    ASSERT_TRUE(rule) << rule.error();
    EXPECT_EQ(rule->refusal("REDACTED"), "That project is confidential.");
    EXPECT_EQ(rule->status, 403);
    rule = parse({"response", "reject", "ssn", "status=451", "answer", "on_error=pass"});
    ASSERT_TRUE(rule) << rule.error();
    EXPECT_EQ(rule->status, 451);
    EXPECT_TRUE(rule->answer);
    EXPECT_EQ(rule->on_error, OnError::Pass);
    EXPECT_EQ(rule->refusal("SSN"), "Request blocked by policy (SSN).");
    rule = parse({"both", "mask", "regex=\\bPRJ-\\d{4}\\b", "as=PROJECT"});
    ASSERT_TRUE(rule) << rule.error();
    EXPECT_EQ(rule->detectors[0].label, "PROJECT");
}

TEST(Rule, SaysWhatIsWrong) {
    std::string known = "email, phone, ssn, credit_card, iban, ip, secret";
    EXPECT_EQ(error_of({"both"}), "needs request, response or both, then mask, reject or log, then detectors");
    EXPECT_EQ(error_of({"all", "mask", "email"}), "\"all\" is not request, response or both");
    EXPECT_EQ(error_of({"both", "hide", "email"}), "\"hide\" is not mask, reject or log");
    EXPECT_EQ(error_of({"both", "mask"}), "no detector; there are " + known + ", regex=, words=");
    EXPECT_EQ(error_of({"both", "mask", "e-mail"}), "unknown parameter or detector \"e-mail\"; detectors are " + known + ", regex=, words=");
    EXPECT_EQ(error_of({"both", "mask", "email", "as=mail"}), "as= needs capitals, digits and _, at most 32 characters");
    EXPECT_EQ(error_of({"both", "mask", "email", "replace="}), "replace= needs 1 to 256 bytes");
    EXPECT_EQ(error_of({"both", "reject", "email", "status=200"}), "status= needs a number from 400 to 599");
    EXPECT_EQ(error_of({"both", "reject", "email", "on_error=maybe"}), "on_error= is reject or pass");
    EXPECT_EQ(error_of({"both", "mask", "email", "message=no"}), "message=, status= and answer belong to reject");
    EXPECT_EQ(error_of({"both", "log", "email", "restore"}), "replace= and restore belong to mask");
    EXPECT_EQ(error_of({"both", "mask", "email", "restore", "replace=X"}), "restore needs numbered placeholders, so no replace=");
    EXPECT_EQ(error_of({"response", "mask", "email", "restore"}), "restore needs request or both: it gives back what the request held");
    EXPECT_EQ(error_of({"both", "mask", "email", "hold=10"}), "hold= belongs to regex=");
    EXPECT_EQ(error_of({"both", "mask", "regex=a+", "hold=0"}), "hold= needs a number of bytes from 1 to 4096");
    EXPECT_EQ(error_of({"both", "mask", "words=missing"}), "words file \"missing\": no such file");
    EXPECT_EQ(error_of({"both", "mask", "words=empty"}, "# nothing\n\n"), "words file \"empty\": no words in it");
    EXPECT_EQ(error_of({"both", "mask", "regex=(a"}), "regex \"(a\": missing closing parenthesis at character 3");
    EXPECT_EQ(error_of({"both", "mask", "regex=a.*b"}),
              "regex \"a.*b\": may match text of any length: in answers it needs hold=N, the bytes that a match may have (write {1,9} for + to bound it)");
    EXPECT_EQ(error_of({"both", "mask", "regex=a{1025}"}), "regex \"a{1025}\": may match 4100 bytes, over 4096: in answers it needs hold=N");
    EXPECT_EQ(error_of({"both", "mask", "regex=a{1024}"}), "");
    EXPECT_EQ(error_of({"request", "mask", "regex=a.*b"}), "");
    EXPECT_EQ(error_of({"both", "mask", "regex=a\\Kb"}), "regex \"a\\Kb\": \\K is not supported");
    EXPECT_EQ(error_of({"both", "mask", "regex=(?<=.{25})b"}), "regex \"(?<=.{25})b\": looks back over more than 24 characters");
    std::string longest = "regex=" + std::string(Pattern::kMaxPattern, 'a'), longer = longest + "a";
    EXPECT_EQ(error_of({"request", "mask", longest}), "");
    EXPECT_NE(error_of({"request", "mask", longer}).find("over 4096 bytes"), std::string::npos);
}

TEST(Rule, EveryKindHasItsLabel) {
    for (std::string_view name : {"email", "phone", "ssn", "credit_card", "iban", "ip", "secret"}) {
        auto recogniser = find_recogniser(name);
        ASSERT_TRUE(recogniser) << name;
        std::string label(name);
        for (char &c : label) c = static_cast<char>(std::toupper(c));
        EXPECT_EQ(recogniser->label, label);
    }
    EXPECT_FALSE(find_recogniser("name"));
}
