#include "providers/mint.h"

#include <gtest/gtest.h>

namespace aigw::providers {
namespace {

constexpr UnixSeconds kNow = 1'456'300'000;  // 2016-02-24T07:46:40Z
const std::string kGood = R"({"AccessKeyId":"AKIA","SecretAccessKey":"sEcr3t/+","Token":"tok==","Expiration":"2016-02-25T06:03:31Z"})";
constexpr UnixSeconds kEnd = 1'456'380'211;

SideReply reply(int status, std::string body) { return {status, std::move(body)}; }

MintSource instance(std::string_view url = "http://169.254.169.254") {
    MintSource source;
    source.url = *parse_side_url(url);
    return source;
}

MintSource container(std::string token = "", std::string file = "") {
    MintSource source = instance("http://169.254.170.2/v2/credentials/uuid?a=b");
    source.kind = MintKind::AwsContainer;
    source.token = std::move(token);
    source.file = std::move(file);
    return source;
}

std::string header(const SideRequest &request, std::string_view name) {
    for (const Header &one : request.headers) {
        if (one.name == name) {
            return one.value;
        }
    }
    return {};
}

// What is made of one answer; or the error.
std::string told(Mint &mint, const SideReply &answer) {
    auto step = mint.next(answer, kNow);
    if (!step) {
        return step.error();
    }
    auto *minted = std::get_if<Minted>(&*step);
    return minted == nullptr ? "another call" : minted->aws.access_key + minted->bearer + " " + std::to_string(minted->expires - kNow);
}

TEST(AwsContainer, OneCall) {
    auto mint = make_mint(container("tok en"), "");
    EXPECT_FALSE(mint->start(kNow));
    mint = make_mint(container("Basic-x"), "");
    auto request = mint->start(kNow);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->method, "GET");
    EXPECT_EQ(request->url.authority(), "169.254.170.2");
    EXPECT_EQ(request->url.path, "/v2/credentials/uuid?a=b");
    EXPECT_EQ(header(*request, "Authorization"), "Basic-x");
    auto step = mint->next(reply(200, kGood), kNow);
    ASSERT_TRUE(step);
    const auto &minted = std::get<Minted>(*step);
    EXPECT_EQ(minted.aws.access_key, "AKIA");
    EXPECT_EQ(minted.aws.secret_key, "sEcr3t/+");
    EXPECT_EQ(minted.aws.session_token, "tok==");
    EXPECT_EQ(minted.expires, kEnd);
}

TEST(AwsContainer, TheTokenMayStandInAFile) {
    auto request = make_mint(container("", "/run/token"), "eyJ.x.y\n")->start(kNow);
    ASSERT_TRUE(request);
    EXPECT_EQ(header(*request, "Authorization"), "eyJ.x.y");
    for (const char *bad : {"", "\n", "a\r\nX-Evil: 1", "a b"}) {
        EXPECT_FALSE(make_mint(container("", "/run/token"), bad)->start(kNow)) << bad;
    }
    auto without = make_mint(container(), "")->start(kNow);
    ASSERT_TRUE(without);
    EXPECT_EQ(header(*without, "Authorization"), "");
}

TEST(AwsContainer, WhatIsNoAnswer) {
    const std::pair<SideReply, const char *> cases[] = {
        {reply(500, "<html>"), "answered 500"},
        {reply(403, R"({"code":"AccessDenied","message":"sEcr3t"})"), "answered 403 (AccessDenied)"},
        {reply(403, R"({"code":"no plain word: sEcr3t"})"), "answered 403"},
        {reply(200, R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"x"})"), "answered 200 (AssumeRoleUnauthorizedAccess)"},
        {reply(200, ""), "answered what is no JSON object"},
        {reply(200, "[]"), "answered what is no JSON object"},
        {reply(200, "{}"), "answered without credentials"},
        {reply(200, R"({"AccessKeyId":"A","SecretAccessKey":"b\r\nX: y"})"), "answered without credentials"},
        {reply(200, R"({"AccessKeyId":7,"SecretAccessKey":"b"})"), "answered without credentials"},
        {reply(200, R"({"AccessKeyId":"A","SecretAccessKey":"b","Token":")" + std::string(kMaxMintedText + 1, 'x') + "\"}"),
         "answered without credentials"},
        {reply(200, R"({"AccessKeyId":"A","SecretAccessKey":"b","Expiration":"soon"})"), "answered an expiration that is no time"},
        {reply(200, R"({"AccessKeyId":"A","SecretAccessKey":"b","Expiration":"2016-02-24T07:46:40Z"})"),
         "answered credentials that have expired"},
        {reply(200, R"({"AccessKeyId":"A","SecretAccessKey":"b"})"), "A 900"},
        {reply(200, R"({"AccessKeyId":"A","SecretAccessKey":"b","Token":null,"Expiration":null})"), "A 900"},
        {reply(200, R"({"AccessKeyId":"A","SecretAccessKey":"b","Token":")" + std::string(kMaxMintedText, 'x') + "\"}"), "A 900"},
        {reply(200, R"({"AccessKeyId":"A","SecretAccessKey":"b","Expiration":"2999-01-01T00:00:00Z"})"), "A 2592000"},
    };
    for (const auto &[answer, expected] : cases) {
        auto mint = make_mint(container(), "");
        ASSERT_TRUE(mint->start(kNow));
        EXPECT_EQ(told(*mint, answer), expected) << answer.body.substr(0, 100);
    }
}

TEST(AwsInstance, ATokenTheRoleItsCredentials) {
    auto mint = make_mint(instance("http://127.0.0.1:1338/base/"), "");
    auto first = mint->start(kNow);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->method, "PUT");
    EXPECT_EQ(first->url.path, "/base/latest/api/token");
    EXPECT_EQ(header(*first, "X-aws-ec2-metadata-token-ttl-seconds"), "300");
    auto step = mint->next(reply(200, "TOKEN==\n"), kNow);
    ASSERT_TRUE(step);
    const auto second = std::get<SideRequest>(*step);
    EXPECT_EQ(second.method, "GET");
    EXPECT_EQ(second.url.path, "/base/latest/meta-data/iam/security-credentials/");
    EXPECT_EQ(header(second, "X-aws-ec2-metadata-token"), "TOKEN==");
    step = mint->next(reply(200, "my+role@x\nanother"), kNow);
    ASSERT_TRUE(step);
    const auto third = std::get<SideRequest>(*step);
    EXPECT_EQ(third.url.path, "/base/latest/meta-data/iam/security-credentials/my%2Brole%40x");
    EXPECT_EQ(header(third, "X-aws-ec2-metadata-token"), "TOKEN==");
    step = mint->next(reply(200, R"({"Code":"Success",)" + kGood.substr(1)), kNow);
    ASSERT_TRUE(step);
    EXPECT_EQ(std::get<Minted>(*step).expires, kEnd);
    ASSERT_TRUE(mint->start(kNow));  // and once more from the beginning
    EXPECT_EQ(told(*mint, reply(200, "T")), "another call");
}

TEST(AwsInstance, EachCallMayFail) {
    auto after = [](int calls, const SideReply &answer) {
        auto mint = make_mint(instance(), "");
        EXPECT_TRUE(mint->start(kNow));
        for (const char *good : {"T", "role"}) {
            if (calls-- > 0) {
                EXPECT_TRUE(mint->next(reply(200, good), kNow));
            }
        }
        return told(*mint, answer);
    };
    EXPECT_EQ(after(0, reply(405, "")), "answered 405");
    EXPECT_EQ(after(0, reply(200, "")), "answered no session token");
    EXPECT_EQ(after(0, reply(200, "a\r\nb")), "answered no session token");
    EXPECT_EQ(after(1, reply(404, "")), "answered 404: the instance has no role");
    EXPECT_EQ(after(1, reply(401, "")), "answered 401");
    EXPECT_EQ(after(1, reply(200, "\n")), "answered no role");
    EXPECT_EQ(after(1, reply(200, std::string(65, 'r'))), "answered no role");
    EXPECT_EQ(after(1, reply(200, std::string(64, 'r'))), "another call");
    EXPECT_EQ(after(2, reply(404, "")), "answered 404");
    EXPECT_EQ(after(2, reply(200, kGood)), "AKIA " + std::to_string(kEnd - kNow));
}

TEST(GoogleInstance, OneCallWithItsFlavour) {
    MintSource source = instance();
    source.kind = MintKind::GoogleInstance;
    auto mint = make_mint(source, "");
    auto request = mint->start(kNow);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->url.path, "/computeMetadata/v1/instance/service-accounts/default/token");
    EXPECT_EQ(header(*request, "Metadata-Flavor"), "Google");
    EXPECT_EQ(told(*mint, reply(200, R"({"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"})")), "ya29.x 3599");
    EXPECT_EQ(told(*mint, reply(200, R"({"access_token":"ya29.x"})")), "ya29.x 900");
    EXPECT_EQ(told(*mint, reply(200, R"({"access_token":"ya29.x","expires_in":"soon"})")), "answered a token that has expired");
    EXPECT_EQ(told(*mint, reply(200, R"({"access_token":"ya29.x","expires_in":0})")), "answered a token that has expired");
    EXPECT_EQ(told(*mint, reply(200, R"({"access_token":"a\nb","expires_in":9})")), "answered without a token");
    EXPECT_EQ(told(*mint, reply(200, "{")), "answered what is no JSON object");
    EXPECT_EQ(told(*mint, reply(404, "")), "answered 404: the machine has no service account");
    EXPECT_EQ(told(*mint, reply(400, R"({"error":"invalid_grant","error_description":"sEcr3t"})")), "answered 400 (invalid_grant)");
    EXPECT_EQ(told(*mint, reply(403, R"({"error":{"status":"PERMISSION_DENIED","message":"x"}})")), "answered 403 (PERMISSION_DENIED)");
}

TEST(SourceKey, TellsSourcesApart) {
    std::vector<std::string> keys{source_key(instance()), source_key(instance("http://169.254.169.254/x")), source_key(container()),
                                  source_key(container("t")), source_key(container("", "t")), source_key(instance("https://169.254.169.254"))};
    for (size_t i = 0; i < keys.size(); i++) {
        for (size_t j = 0; j < i; j++) {
            EXPECT_NE(keys[i], keys[j]);
        }
    }
    EXPECT_EQ(source_key(container("t")), source_key(container("t")));
}

TEST(ParseUtc, TakesWhatAwsWrites) {
    EXPECT_EQ(parse_utc("2016-02-25T06:03:31Z"), kEnd);
    EXPECT_EQ(parse_utc("2016-02-25T06:03:31.123Z"), kEnd);
    EXPECT_EQ(parse_utc("2016-02-25T06:03:31+00:00"), kEnd);
    EXPECT_EQ(parse_utc("1970-01-01T00:00:00Z"), 0);
    EXPECT_EQ(parse_utc("2024-02-29T00:00:00Z"), 1'709'164'800);
    for (const char *bad : {"", "2016-02-25", "2016-02-25T06:03:31", "2016-02-25 06:03:31Z", "2016-13-25T06:03:31Z",
                            "2016-02-25T24:03:31Z", "2016-02-25T06:03:31+01:00", "2016-02-25T06:03:3xZ", "2016-00-25T06:03:31Z",
                            "2016-02-25T06:03:31.Zx"}) {
        EXPECT_EQ(parse_utc(bad), std::nullopt) << bad;
    }
}

}  // namespace
}  // namespace aigw::providers
