#include "providers/side_call.h"

#include <gtest/gtest.h>

namespace aigw::providers {
namespace {

TEST(SideUrl, KeepsPathAndQuery) {
    auto url = parse_side_url("https://token.example:8443/a/b/?x=y&z=%2F");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->authority(), "token.example:8443");
    EXPECT_EQ(url->path, "/a/b/?x=y&z=%2F");
    EXPECT_TRUE(url->tls);
    EXPECT_EQ(parse_side_url("https://h")->path, "/");
    EXPECT_EQ(parse_side_url("https://h?a=1")->path, "/?a=1");
    EXPECT_EQ(parse_side_url("http://[::1]:9/v1")->authority(), "[::1]:9");
}

TEST(SideUrl, PlainOnlyToThisMachineAndItsLink) {
    for (const char *good : {"http://127.0.0.1/", "http://127.9.8.7:1/x", "http://localhost:1/", "http://169.254.170.2/v2/credentials/x",
                             "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1/credentials", "http://[::1]/",
                             "http://[fe80::1]/", "https://anywhere.example/"}) {
        EXPECT_TRUE(parse_side_url(good)) << good;
    }
    for (const char *bad : {"http://10.0.0.1/", "http://127.0.0.1.example/", "http://128.0.0.1/", "http://169.253.0.1/",
                            "http://metadata.google.internal/", "http://[2001:db8::1]/", "http://[fd00:ec3::23]/", "http://[fec0::1]/"}) {
        auto url = parse_side_url(bad);
        ASSERT_FALSE(url) << bad;
        EXPECT_EQ(url.error(), "must be https, or http to a loopback or link-local address");
    }
}

TEST(SideUrl, RefusesWhatIsNone) {
    for (const char *bad : {"", "h", "ftp://127.0.0.1/", "https://", "https://u:p@h/", "https://h/a b", "https://h/#f", "https://h/\n",
                            "http://127.0.0.1:0/"}) {
        auto url = parse_side_url(bad);
        ASSERT_FALSE(url) << bad;
        EXPECT_EQ(url.error().find("u:p"), std::string::npos);
    }
    EXPECT_TRUE(parse_side_url("https://h/" + std::string(4095, 'a')));
    EXPECT_FALSE(parse_side_url("https://h/" + std::string(4096, 'a')));
}

}  // namespace
}  // namespace aigw::providers
