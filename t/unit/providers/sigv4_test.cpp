// The cases of AWS's own signing test suite (aws-c-auth, aws-signing-test-suite/v4) that a request of ours can look like:
// no query. Their key, service and time; signatures as the suite has them.
#include "providers/sigv4.h"

#include <gtest/gtest.h>

#include <vector>

namespace aigw::providers {
namespace {

constexpr UnixSeconds kSuiteTime = 1440938160;  // 2015-08-30T12:36:00Z
const AwsCredentials kSuite{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
const std::string kToken =
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/"
    "qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+"
    "xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

struct SuiteCase {
    const char *name, *method, *path;
    std::vector<SignedHeader> headers;  // beside host
    const char *body;
    bool token;
    const char *signed_headers, *signature;
};

const SuiteCase kCases[] = {
    {"post-vanilla", "POST", "/", {}, "", false, "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-vanilla, no path", "POST", "", {}, "", false, "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-header-key-sort", "POST", "/", {{"my-header1", "value1"}}, "", false, "host;my-header1;x-amz-date",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"post-sts-header-before", "POST", "/", {}, "", true, "host;x-amz-date;x-amz-security-token",
     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
    {"post-x-www-form-urlencoded", "POST", "/",
     {{"content-type", "application/x-www-form-urlencoded"},
      {"content-length", "13"},
      {"x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}},
     "Param1=value1", false, "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
     "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
    {"get-utf8", "GET", "/\xE1\x88\xB4", {}, "", false, "host;x-amz-date",
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-space-unnormalized", "GET", "/example space/", {}, "", false, "host;x-amz-date",
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"get-header-value-trim", "GET", "/", {{"my-header1", " value1"}, {"my-header2", " \"a   b   c\""}}, "", false,
     "host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"get-header-value-order", "GET", "/",
     {{"my-header1", "value4"}, {"my-header1", "value1"}, {"my-header1", "value3"}, {"my-header1", "value2"}}, "", false,
     "host;my-header1;x-amz-date", "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
};

TEST(SigV4, PublicSuite) {
    for (const SuiteCase &test : kCases) {
        std::vector<SignedHeader> headers = test.headers;
        headers.push_back({"host", "example.amazonaws.com"});
        AwsCredentials credentials = kSuite;
        if (test.token) {
            credentials.session_token = kToken;
        }
        SigV4Request request{"us-east-1", "service", test.method, test.path, headers, sha256(test.body), kSuiteTime};
        SigV4 got = sign_v4(credentials, request);
        EXPECT_EQ(got.date, "20150830T123600Z");
        EXPECT_EQ(got.authorization, std::string("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/"
                                                 "aws4_request, SignedHeaders=") +
                                         test.signed_headers + ", Signature=" + test.signature)
            << test.name;
    }
}

TEST(SigV4, TheCanonicalRequestOfTheSuite) {
    const SignedHeader headers[] = {{"host", "example.amazonaws.com"}, {"my-header1", "value4"}, {"my-header1", "value1"}};
    SigV4Request request{"us-east-1", "service", "GET", "/", headers, sha256(""), kSuiteTime};
    EXPECT_EQ(canonical_request(kSuite, request),
              "GET\n/\n\nhost:example.amazonaws.com\nmy-header1:value4,value1\nx-amz-date:20150830T123600Z\n\n"
              "host;my-header1;x-amz-date\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// What is on the wire encoded is encoded again.
TEST(SigV4, PathsAreEncodedOnceMore) {
    const SignedHeader headers[] = {{"host", "h"}};
    SigV4Request request{"us-east-1", "bedrock", "POST", "/model/arn%3Aaws%3Abedrock%3Ax%2Fy.z-v1%3A0/converse", headers,
                         sha256(""), 0};
    std::string text = canonical_request(kSuite, request);
    EXPECT_TRUE(text.starts_with("POST\n/model/arn%253Aaws%253Abedrock%253Ax%252Fy.z-v1%253A0/converse\n\nhost:h\n")) << text;
}

TEST(SigV4, EveryInputCounts) {
    const SignedHeader headers[] = {{"host", "h"}};
    const SigV4Request base{"us-east-1", "bedrock", "POST", "/a", headers, sha256("body"), kSuiteTime};
    const std::string first = sign_v4(kSuite, base).authorization;
    EXPECT_EQ(sign_v4(kSuite, base).authorization, first);
    auto differs = [&](auto change) {
        SigV4Request request = base;
        change(request);
        EXPECT_NE(sign_v4(kSuite, request).authorization, first);
    };
    differs([](SigV4Request &r) { r.region = "eu-west-1"; });
    differs([](SigV4Request &r) { r.service = "s3"; });
    differs([](SigV4Request &r) { r.method = "GET"; });
    differs([](SigV4Request &r) { r.path = "/b"; });
    differs([](SigV4Request &r) { r.headers = {}; });
    differs([](SigV4Request &r) { r.payload = sha256("other"); });
    differs([](SigV4Request &r) { r.time += 1; });
    EXPECT_NE(sign_v4({"AKIDEXAMPLE", "other", ""}, base).authorization, first);
    EXPECT_EQ(first.find(kSuite.secret_key), std::string::npos);
}

}  // namespace
}  // namespace aigw::providers
