#include "dialects/common.h"

#include <gtest/gtest.h>

namespace aigw::dialects {

namespace {

JsonText text(std::string_view escaped) { return JsonText{escaped}; }

TEST(DataUrl, SplitsTypeAndData) {
    auto url = split_data_url(text("data:image/png;base64,iVBO"));
    ASSERT_TRUE(url);
    EXPECT_EQ(url->media_type.escaped, "image/png");
    EXPECT_EQ(url->data.escaped, "iVBO");
}

TEST(DataUrl, KeepsEscapesAndLeavesParametersOut) {
    auto url = split_data_url(text("DATA:text\\/plain;charset=utf-8;BASE64,aGk\\/"));
    ASSERT_TRUE(url);
    EXPECT_EQ(url->media_type, "text/plain");
    EXPECT_EQ(url->data, "aGk/");
}

TEST(DataUrl, RefusesWhatIsNone) {
    for (std::string_view bad : {"", "data:", "data:image/png;base64", "data:image/png,abc", "https://x/a.png", "data,base64"}) {
        EXPECT_FALSE(split_data_url(text(bad))) << bad;
    }
}

TEST(HttpUrl, KnowsBothSchemesHoweverEscaped) {
    for (std::string_view good : {"http://a", "HTTPS://a", "https:\\/\\/a"}) {
        EXPECT_TRUE(is_http_url(text(good))) << good;
    }
    for (std::string_view bad : {"", "ftp://a", "file:///etc/passwd", "http:/a", "//a", "data:x"}) {
        EXPECT_FALSE(is_http_url(text(bad))) << bad;
    }
}

std::optional<Tokens> count(std::string_view json) {
    JsonParser parser;
    JsonDoc doc;
    EXPECT_TRUE(parser.parse(json, doc).has_value()) << json;
    return read_count(doc.root());
}

TEST(ReadCount, TakesWholeNumbersUpToTheLimit) {
    EXPECT_EQ(count("0"), 0);
    EXPECT_EQ(count("17"), 17);
    EXPECT_EQ(count("17.0"), 17);
    EXPECT_EQ(count("1000000000"), kMaxTokens);
    for (std::string_view bad : {"1000000001", "-1", "1.5", "1e308", "\"5\"", "null", "[1]", "99999999999999999999"}) {
        EXPECT_FALSE(count(bad)) << bad;
    }
    EXPECT_FALSE(read_count({}));
}

TEST(Effort, AndBudgetMeetInTheMiddle) {
    for (std::string_view name : {"low", "medium", "high"}) {
        EXPECT_EQ(effort_of_budget(budget_of_effort(text(name))), name);
    }
    EXPECT_EQ(budget_of_effort(text("none")), 0);
    EXPECT_EQ(budget_of_effort(text("minimal")), 1024);
    EXPECT_EQ(budget_of_effort(text("max")), 16384);
    EXPECT_EQ(budget_of_effort(text("sideways")), 2048);
    EXPECT_EQ(effort_of_budget(0), "low");
    EXPECT_EQ(effort_of_budget(31999), "high");
}

TEST(SafeQuote, MasksWhatLooksLikeAKey) {
    struct {
        std::string_view text, safe;
    } cases[] = {
        {"key sk-proj-abcdef0123 is wrong", "key [masked] is wrong"},
        {"key: sk-pro*********1234.", "key: [masked]."},
        {"Incorrect API key provided: abc12***********wxyz.", "Incorrect API key provided: [masked]."},
        {"Authorization: Bearer hello-world-9", "Authorization: Bearer [masked]"},
        {"header bearer: abcdefgh", "header bearer: [masked]"},
        {"?key=AIzaSyD-1234567890", "?key=[masked]"},
        {"gsk_0123456789 xai-0123456789 hf_0123456789", "[masked] [masked] [masked]"},
        {"token eyJhbGciOiJI.eyJzdWIiOiIx.c2ln here", "token [masked] here"},
        {"0123456789abcdef0123456789abcdef", "[masked]"},
        {"\xE2\x80\x9Csk-abcdefgh\xE2\x80\x9D", "\xE2\x80\x9C[masked]\xE2\x80\x9D"},
    };
    for (const auto &c : cases) {
        EXPECT_EQ(safe_quote(c.text), c.safe);
    }
}

TEST(SafeQuote, LeavesWordsAndModelNamesAlone) {
    for (std::string_view plain :
         {"", "The model `claude-sonnet-4-20250514` does not exist.", "meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo",
          "accounts/fireworks/models/llama-v3p1-405b-instruct", "a risk-based approach", "messages.0.content.1: Field required",
          "an extraordinarilyunbelievablylongwordwithoutanydigits", "bearer of news"}) {
        EXPECT_EQ(safe_quote(plain), plain);
    }
}

TEST(SafeQuote, CutsOnTheEdgeOfACharacter) {
    std::string exact(kMaxQuotedBytes, ' ');
    EXPECT_EQ(safe_quote(exact), exact);
    EXPECT_EQ(safe_quote(exact + " ").size(), kMaxQuotedBytes);
    std::string wide(kMaxQuotedBytes - 1, ' ');
    EXPECT_EQ(safe_quote(wide + "\xC3\xBC"), wide);
    EXPECT_LE(safe_quote(std::string(1 << 20, '-')).size(), kMaxQuotedBytes);
}

TEST(SafeQuote, AKeyAtTheCutIsMaskedNotCut) {
    std::string text(kMaxQuotedBytes - 6, ' ');
    std::string safe = safe_quote(text + "sk-abcdefghijkl");
    EXPECT_EQ(safe.find("sk-"), std::string::npos);
}

}  // namespace

}  // namespace aigw::dialects
