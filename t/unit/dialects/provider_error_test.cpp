#include <gtest/gtest.h>

#include "dialects/common.h"

namespace aigw::dialects {

namespace {

using chat::ApiError;
using chat::ErrorKind;

ApiError read(int status, std::string_view body) {
    JsonParser parser;
    return read_provider_error(status, body, parser);
}

ApiError in_stream(std::string_view json) {
    JsonParser parser;
    JsonDoc doc;
    EXPECT_TRUE(parser.parse(json, doc).has_value());
    return read_error_value(200, doc.root());
}

TEST(ProviderError, EveryShapeYieldsItsMessage) {
    for (std::string_view body :
         {R"({"error":{"message":"No such tool.","type":"invalid_request_error","param":null,"code":null}})",
          R"([{"error":{"code":400,"message":"No such tool.","status":"INVALID_ARGUMENT"}}])",
          R"({"code":"invalid-argument","error":"No such tool."})", R"({"detail":"No such tool."})",
          R"({"detail":[{"loc":["body"],"msg":"No such tool.","type":"missing"}]})", R"({"message":"No such tool."})",
          R"({"object":"error","message":{"detail":[{"msg":"No such tool."}]},"type":"x","code":3280})",
          R"({"error":"No such tool.","error_type":"validation"})", R"("No such tool.")", "No such tool.",
          R"({"type":"error","error":{"type":"invalid_request_error","message":"No such tool."},"request_id":"r"})"}) {
        ApiError error = read(400, body);
        EXPECT_EQ(error.message, "No such tool.") << body;
        EXPECT_EQ(error.kind, ErrorKind::InvalidRequest) << body;
        EXPECT_EQ(error.status, 400) << body;
    }
}

TEST(ProviderError, NothingAndHtmlGiveTheStatusOnly) {
    for (std::string_view body : {"", "   ", "<html><body>sorry</body></html>", "\n <!DOCTYPE html><p>x",
                                  R"({"error":{"message":"<html>secret</html>"}})", "{", "null", "[]", "{}", "17"}) {
        EXPECT_EQ(read(400, body).message.find("secret"), std::string::npos);
        EXPECT_EQ(read(400, body).message.find('<'), std::string::npos) << body;
        EXPECT_FALSE(read(400, body).message.empty()) << body;
    }
    EXPECT_EQ(read(404, "").message, "The provider answered with status 404.");
}

TEST(ProviderError, InnerDetailIsNotShown) {
    for (int status : {401, 403, 500, 502, 503, 504, 529}) {
        ApiError error = read(status, R"({"error":{"message":"stack trace at db-7"}})");
        EXPECT_EQ(error.message.find("db-7"), std::string::npos) << status;
        EXPECT_EQ(error.status, status);
    }
}

TEST(ProviderError, KindOfEachStatus) {
    struct {
        int status;
        ErrorKind kind;
    } cases[] = {{400, ErrorKind::InvalidRequest}, {401, ErrorKind::Authentication}, {402, ErrorKind::InsufficientQuota},
                 {403, ErrorKind::Permission},     {404, ErrorKind::NotFound},       {405, ErrorKind::InvalidRequest},
                 {408, ErrorKind::Upstream},       {413, ErrorKind::TooLarge},       {422, ErrorKind::InvalidRequest},
                 {429, ErrorKind::RateLimit},      {498, ErrorKind::Overloaded},     {500, ErrorKind::Upstream},
                 {503, ErrorKind::Overloaded},     {504, ErrorKind::Upstream},       {529, ErrorKind::Overloaded}};
    for (const auto &c : cases) {
        EXPECT_EQ(read(c.status, "{}").kind, c.kind) << c.status;
    }
}

TEST(ProviderError, MeaningBeyondTheStatus) {
    EXPECT_EQ(read(429, R"({"error":{"code":"insufficient_quota","message":"x"}})").kind, ErrorKind::InsufficientQuota);
    EXPECT_EQ(read(400, R"({"code":"c","error":"Incorrect API key provided: xai-abcdefghij"})").kind, ErrorKind::Authentication);
    EXPECT_EQ(read(400, R"({"error":{"code":400,"message":"x","details":[{"reason":"API_KEY_INVALID"}]}})").kind,
              ErrorKind::Authentication);
    EXPECT_EQ(read(500, R"({"error":{"type":"overloaded_error","message":"x"}})").kind, ErrorKind::Overloaded);
}

TEST(ProviderError, ContextOverflowHasOneCode) {
    for (std::string_view message : {"This model's maximum context length is 8192 tokens.", "prompt is too long: 9 > 8",
                                     "Input is too long for requested model."}) {
        std::string body = R"({"error":{"message":")" + std::string(message) + R"("}})";
        EXPECT_EQ(read(400, body).code, "context_length_exceeded") << message;
        EXPECT_EQ(read(400, body).message, message);
    }
    EXPECT_EQ(read(400, R"({"message":"x","error_type":"TOO_MANY_TOKENS"})").code, "context_length_exceeded");
}

TEST(ProviderError, CodesAndParamsAreNamesOrNothing) {
    EXPECT_EQ(read(400, R"({"error":{"message":"x","code":"content_filter","param":"prompt"}})").code, "content_filter");
    EXPECT_EQ(read(400, R"({"error":{"message":"x","code":"content_filter","param":"prompt"}})").param, "prompt");
    EXPECT_EQ(read(400, R"({"error":{"message":"x","code":"400"}})").code, "");
    EXPECT_EQ(read(400, R"({"error":{"message":"x","code":"invalid_request_error"}})").code, "");
    EXPECT_EQ(read(400, R"({"error":{"message":"x","code":"two words"}})").code, "");
    EXPECT_EQ(read(400, R"({"error":{"message":"x","param":"a b\r\nc"}})").param, "");
    EXPECT_EQ(read(400, R"({"error":{"message":"x","param":"sk-abcdefghijklm"}})").param, "[masked]");
}

TEST(ProviderError, RetryTimesInTheBody) {
    EXPECT_EQ(read(429, R"({"error":{"message":"Please try again in 1.5s."}})").retry_after_ms, 1500);
    EXPECT_EQ(read(429, R"({"error":{"message":"try again in 20ms."}})").retry_after_ms, 20);
    EXPECT_EQ(read(429, R"({"error":{"message":"try again in 1m2.5s."}})").retry_after_ms, 62'500);
    EXPECT_EQ(read(429, R"({"error":{"message":"x","details":[{"retryDelay":"34.4s"}]}})").retry_after_ms, 34'400);
    EXPECT_FALSE(read(429, R"({"error":{"message":"try again in 99999h"}})").retry_after_ms);
    EXPECT_FALSE(read(429, R"({"error":{"message":"try again in a while"}})").retry_after_ms);
    EXPECT_FALSE(read(400, R"({"error":{"message":"try again in 5s"}})").retry_after_ms);
}

TEST(ProviderError, InsideAStreamTheValueNamesTheStatus) {
    EXPECT_EQ(in_stream(R"({"error":{"message":"x","code":429}})").status, 429);
    EXPECT_EQ(in_stream(R"({"error":{"message":"x","code":"429"}})").status, 429);
    EXPECT_EQ(in_stream(R"({"error":{"message":"x","type":"overloaded_error"}})").status, 529);
    EXPECT_EQ(in_stream(R"({"error":{"message":"bad call","code":"tool_use_failed"}})").message, "bad call");
    EXPECT_EQ(in_stream(R"({"error":{"message":"bad call","code":"tool_use_failed"}})").kind, ErrorKind::InvalidRequest);
    EXPECT_EQ(in_stream(R"({"error":{"message":"x"}})").status, 502);
    EXPECT_EQ(in_stream(R"({"error":"boom"})").kind, ErrorKind::Upstream);
    EXPECT_EQ(in_stream(R"({"error":{"message":"x","code":200}})").status, 502);
}

TEST(ProviderError, DeepAndOddValuesDoNoHarm) {
    std::string deep = R"({"error":{"message":)" + std::string(150, '[') + std::string(150, ']') + "}}";
    EXPECT_FALSE(read(400, deep).message.empty());
    std::string too_deep = std::string(100'000, '[');
    EXPECT_FALSE(read(400, too_deep).message.empty());
    EXPECT_FALSE(read(400, R"({"error":[],"message":7,"code":{},"type":[],"param":1e999})").message.empty());
    EXPECT_FALSE(read(400, "\xFF\xFE\x00").message.empty());
}

}  // namespace

}  // namespace aigw::dialects
