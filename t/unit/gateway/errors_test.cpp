#include "gateway/errors.h"

#include <gtest/gtest.h>

namespace aigw::gateway {
namespace {

using chat::ApiError;
using chat::ErrorKind;

FailureClass class_of(int status, ErrorKind kind = ErrorKind::Upstream) {
    return classify({status, kind, "", "secret detail", "", {}});
}

TEST(Errors, Classes) {
    EXPECT_EQ(class_of(400), FailureClass::Final);
    EXPECT_EQ(class_of(404), FailureClass::Final);
    EXPECT_EQ(class_of(422), FailureClass::Final);
    EXPECT_EQ(class_of(401), FailureClass::OtherTarget);
    EXPECT_EQ(class_of(402), FailureClass::OtherTarget);
    EXPECT_EQ(class_of(403), FailureClass::OtherTarget);
    EXPECT_EQ(class_of(302), FailureClass::OtherTarget);
    EXPECT_EQ(class_of(429, ErrorKind::RateLimit), FailureClass::Throttled);
    EXPECT_EQ(class_of(429, ErrorKind::InsufficientQuota), FailureClass::OtherTarget);
    EXPECT_EQ(class_of(529, ErrorKind::Overloaded), FailureClass::Throttled);
    EXPECT_EQ(class_of(500), FailureClass::Retryable);
    EXPECT_EQ(class_of(503, ErrorKind::Overloaded), FailureClass::Retryable);
    EXPECT_EQ(class_of(400, ErrorKind::Authentication), FailureClass::OtherTarget);
    EXPECT_EQ(class_of(200, ErrorKind::Overloaded), FailureClass::Throttled);
    EXPECT_EQ(class_of(408), FailureClass::Retryable);
}

TEST(Errors, OnlyTheCallersOwnMistakeIsQuoted) {
    ApiError bad{422, ErrorKind::InvalidRequest, "context_length_exceeded", "too long", "messages", {}};
    ApiError told = caller_error(bad, FailureClass::Final, "claude");
    EXPECT_EQ(told.status, 400);
    EXPECT_EQ(told.message, "too long");
    EXPECT_EQ(told.code, "context_length_exceeded");

    for (int status : {401, 402, 403, 500, 503}) {
        ApiError error{status, ErrorKind::Authentication, "x", "key sk-secret is wrong", "", {}};
        told = caller_error(error, classify(error), "claude");
        EXPECT_EQ(told.status, 502);
        EXPECT_EQ(told.code, "upstream_error");
        EXPECT_EQ(told.message, "The provider \"claude\" answered " + std::to_string(status) + ".");
    }
}

TEST(Errors, ALimitKeepsItsMeaning) {
    ApiError error{429, ErrorKind::RateLimit, "x", "detail", "", 7000};
    ApiError told = caller_error(error, FailureClass::Throttled, "openai");
    EXPECT_EQ(told.status, 429);
    EXPECT_EQ(told.kind, ErrorKind::RateLimit);
    EXPECT_EQ(told.retry_after_ms, 7000);
    error.status = 529;
    told = caller_error(error, FailureClass::Throttled, "openai");
    EXPECT_EQ(told.status, 503);
    EXPECT_EQ(told.kind, ErrorKind::Overloaded);
}

TEST(Errors, TimeIs504) {
    EXPECT_EQ(caller_error(Cause::Timeout, "p").status, 504);
    EXPECT_EQ(caller_error(Cause::Total, "p").code, "timeout");
    EXPECT_EQ(caller_error(Cause::Connect, "p").status, 502);
    EXPECT_EQ(caller_error(Cause::Dns, "p").code, "upstream_error");
    EXPECT_EQ(caller_error(Cause::Credentials, "p").status, 503);
    EXPECT_EQ(caller_error(Cause::Credentials, "p").code, "overloaded");
}

TEST(Errors, RetryAfterInEveryForm) {
    EXPECT_EQ(parse_retry_after("3", 0), 3000);
    EXPECT_EQ(parse_retry_after("0", 0), 0);
    EXPECT_EQ(parse_retry_after("0.5", 0), 500);
    EXPECT_EQ(parse_retry_after("Sat, 21 Nov 2026 12:00:10 GMT", 1795262400), 10'000);
    EXPECT_EQ(parse_retry_after("Sat, 21 Nov 2026 11:00:00 GMT", 1795262400), 0);
    EXPECT_EQ(parse_retry_after("soon", 0), std::nullopt);
    EXPECT_EQ(parse_retry_after("-1", 0), std::nullopt);
    EXPECT_EQ(parse_retry_after("nan", 0), std::nullopt);
    EXPECT_GT(parse_retry_after("99999999999999999999", 0).value_or(0), 0);
    EXPECT_EQ(parse_retry_after_ms("1500"), 1500);
    EXPECT_EQ(parse_retry_after_ms(""), std::nullopt);
}

}  // namespace
}  // namespace aigw::gateway
