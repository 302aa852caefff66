#include <gtest/gtest.h>

#include "providers/provider.h"

namespace aigw::providers {
namespace {

TEST(BaseUrl, TakesSchemeHostPortAndPath) {
    auto url = parse_base_url("http://127.0.0.1:8000/v1");
    ASSERT_TRUE(url);
    EXPECT_FALSE(url->tls);
    EXPECT_EQ(url->host, "127.0.0.1");
    EXPECT_EQ(url->port, 8000);
    EXPECT_EQ(url->path, "/v1");
    EXPECT_EQ(url->authority(), "127.0.0.1:8000");
}

TEST(BaseUrl, DefaultsThePortAndLowersTheHost) {
    auto url = parse_base_url("HTTPS://API.Example.COM/V1");
    ASSERT_TRUE(url);
    EXPECT_TRUE(url->tls);
    EXPECT_EQ(url->host, "api.example.com");
    EXPECT_EQ(url->port, 443);
    EXPECT_EQ(url->path, "/V1");
    EXPECT_EQ(url->authority(), "api.example.com");
    EXPECT_EQ(parse_base_url("https://h:443")->authority(), "h");
    EXPECT_EQ(parse_base_url("http://h:443")->authority(), "h:443");
    EXPECT_EQ(parse_base_url("http://h")->port, 80);
}

TEST(BaseUrl, KeepsBracketsOutOfTheHost) {
    auto url = parse_base_url("http://[::1]:8080/v1");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, "::1");
    EXPECT_EQ(url->port, 8080);
    EXPECT_EQ(url->authority(), "[::1]:8080");
    EXPECT_EQ(parse_base_url("https://[FE80::1]")->authority(), "[fe80::1]");
}

TEST(BaseUrl, IgnoresTrailingSlashes) {
    EXPECT_EQ(parse_base_url("http://h/v1/")->path, "/v1");
    EXPECT_EQ(parse_base_url("http://h/v1//")->path, "/v1");
    EXPECT_EQ(parse_base_url("http://h/")->path, "");
    EXPECT_EQ(parse_base_url("http://h")->path, "");
}

struct Bad {
    const char *text;
    const char *phrase;
};

class BaseUrlRefuses : public testing::TestWithParam<Bad> {};

TEST_P(BaseUrlRefuses, WithAPhrase) {
    auto url = parse_base_url(GetParam().text);
    ASSERT_FALSE(url) << GetParam().text;
    EXPECT_EQ(url.error(), GetParam().phrase);
}

constexpr const char *kHost = "has an invalid host";
constexpr const char *kPort = "has an invalid port";
constexpr const char *kPath = "has an invalid path";
constexpr const char *kScheme = "must begin with \"http://\" or \"https://\"";
constexpr const char *kQuery = "must have no query and no fragment";

INSTANTIATE_TEST_SUITE_P(
    All, BaseUrlRefuses,
    testing::Values(Bad{"", kScheme}, Bad{"ftp://h", kScheme}, Bad{"//h/v1", kScheme}, Bad{"h:80/v1", kScheme},
                    Bad{"http:/h", kScheme}, Bad{"http://", kHost}, Bad{"http:///v1", kHost}, Bad{"http://:80", kHost},
                    Bad{"http://a..b", kHost}, Bad{"http://.a", kHost}, Bad{"http://a.", kHost},
                    Bad{"http://a b", kHost}, Bad{"http://a\r\nx", kHost}, Bad{"http://1.2.3", kHost},
                    Bad{"http://1.2.3.999", kHost}, Bad{"http://[::1", kHost}, Bad{"http://[]", kHost},
                    Bad{"http://[h]", kHost}, Bad{"http://[::1]x", kHost}, Bad{"http://[127.0.0.1]", kHost},
                    Bad{"http://h:", kPort}, Bad{"http://h:0", kPort}, Bad{"http://h:65536", kPort},
                    Bad{"http://h:123456", kPort}, Bad{"http://h:8x", kPort}, Bad{"http://h:80:80", kPort},
                    Bad{"http://[::1]:", kPort}, Bad{"http://unix:/tmp/s", kPort}, Bad{"http://h/a b", kPath},
                    Bad{"http://h/a\nb", kPath}, Bad{"http://h/\xc3\xa9", kPath}, Bad{"http://h/v1?k=v", kQuery},
                    Bad{"http://h?x", kQuery}, Bad{"http://h/#x", kQuery},
                    Bad{"https://u:p@h/v1", "must have no user and no password"}));

TEST(BaseUrl, HostAndPathHaveLimits) {
    EXPECT_TRUE(parse_base_url("http://" + std::string(253, 'a')));
    EXPECT_FALSE(parse_base_url("http://" + std::string(254, 'a')));
    EXPECT_TRUE(parse_base_url("http://h/" + std::string(1023, 'a')));
    EXPECT_FALSE(parse_base_url("http://h/" + std::string(1024, 'a')));
    EXPECT_EQ(parse_base_url("http://h:65535")->port, 65535);
    EXPECT_EQ(parse_base_url("http://h:1")->port, 1);
}

TEST(BaseUrl, ErrorsDoNotQuoteTheUrl) {
    for (const char *text : {"http://user:hunter2@h", "http://h?key=hunter2", "http://hunter2 ", "hunter2"}) {
        auto url = parse_base_url(text);
        ASSERT_FALSE(url);
        EXPECT_EQ(url.error().find("hunter2"), std::string::npos);
    }
}

}  // namespace
}  // namespace aigw::providers
