#include <gtest/gtest.h>

#include "dialects/anthropic_support.h"

using namespace aigw;
using namespace aigw::dialects;
using namespace aigw::dialects::test;
using chat::ApiError;
using chat::ErrorKind;

namespace {

ApiError error_of(ErrorKind kind, int status = 400) {
    ApiError error;
    error.kind = kind;
    error.status = status;
    error.message = "Sorry \"you\".";
    return error;
}

ApiError read(int status, std::string_view body) {
    JsonParser parser;
    return anthropic_messages().read_error(status, body, parser);
}

}  // namespace

TEST(AnthropicErrors, WritesEveryKind) {
    const struct {
        ErrorKind kind;
        const char *type;
    } rows[] = {
        {ErrorKind::InvalidRequest, "invalid_request_error"}, {ErrorKind::Authentication, "authentication_error"},
        {ErrorKind::Permission, "permission_error"},          {ErrorKind::NotFound, "not_found_error"},
        {ErrorKind::TooLarge, "request_too_large"},           {ErrorKind::RateLimit, "rate_limit_error"},
        {ErrorKind::InsufficientQuota, "rate_limit_error"},   {ErrorKind::Upstream, "api_error"},
        {ErrorKind::Overloaded, "overloaded_error"},
    };
    for (const auto &row : rows) {
        EXPECT_EQ(anthropic_messages().write_error(error_of(row.kind), "r-1"),
                  R"({"type":"error","error":{"type":")" + std::string(row.type) +
                      R"(","message":"Sorry \"you\"."},"request_id":"r-1"})");
    }
    EXPECT_EQ(anthropic_messages().write_error(error_of(ErrorKind::Upstream), ""),
              R"({"type":"error","error":{"type":"api_error","message":"Sorry \"you\"."}})");
}

TEST(AnthropicErrors, NamesTheFieldInTheMessageOnce) {
    ApiError error = error_of(ErrorKind::InvalidRequest);
    error.param = "tools[0].type";
    EXPECT_NE(anthropic_messages().write_error(error, "").find(R"("tools[0].type: Sorry)"), std::string::npos);
    const std::string told = anthropic_messages().write_error(chat::unsupported("tools[0].type"), "");
    EXPECT_EQ(told.find("tools[0].type"), told.rfind("tools[0].type"));
}

TEST(AnthropicErrors, TellsThatThereAreNoThreads) {
    const std::string told = anthropic_messages().write_error(chat::unsupported("thread"), "");
    EXPECT_NE(told.find(R"("details":{"error_code":"thread_unsupported_request"}})"), std::string::npos) << told;
    EXPECT_EQ(anthropic_messages().write_error(chat::unsupported("container"), "").find("details"), std::string::npos);
}

TEST(AnthropicErrors, CarriesWhatBecameOfAThread) {
    for (const int status : {400, 404, 409}) {
        const ApiError error = read(status, R"({"type":"error","error":{"type":"invalid_request_error","message":"gone",)"
                                            R"("details":{"error_code":"thread_not_found"}}})");
        EXPECT_EQ(error.code, "thread_not_found") << status;
        EXPECT_NE(anthropic_messages().write_error(error, "").find(R"("details":{"error_code":"thread_not_found"}})"), std::string::npos);
    }
    const ApiError other = read(400, R"({"error":{"message":"x","details":{"error_code":"Thread <b>"}}})");
    EXPECT_EQ(other.code, "");
}

TEST(AnthropicErrors, WritesTheLastEventOfAStream) {
    std::string out;
    anthropic_messages().write_error_event(error_of(ErrorKind::Overloaded, 503), "r", out);
    EXPECT_EQ(out, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
                   "\"message\":\"Sorry \\\"you\\\".\"},\"request_id\":\"r\"}\n\n");
}

TEST(AnthropicErrors, ReadsItsOwnShape) {
    const struct {
        int status;
        const char *type;
        ErrorKind kind;
    } rows[] = {
        {400, "invalid_request_error", ErrorKind::InvalidRequest}, {401, "authentication_error", ErrorKind::Authentication},
        {402, "billing_error", ErrorKind::InsufficientQuota},      {403, "permission_error", ErrorKind::Permission},
        {404, "not_found_error", ErrorKind::NotFound},             {413, "request_too_large", ErrorKind::TooLarge},
        {429, "rate_limit_error", ErrorKind::RateLimit},           {500, "api_error", ErrorKind::Upstream},
        {529, "overloaded_error", ErrorKind::Overloaded},          {409, "conflict_error", ErrorKind::InvalidRequest},
    };
    for (const auto &row : rows) {
        const ApiError error = read(row.status, R"({"type":"error","error":{"type":")" + std::string(row.type) +
                                                    R"(","message":"told"},"request_id":"req_1"})");
        EXPECT_EQ(error.kind, row.kind) << row.type;
        EXPECT_EQ(error.status, row.status);
    }
    EXPECT_EQ(read(400, R"({"type":"error","error":{"type":"invalid_request_error","message":"told"}})").message, "told");
    EXPECT_EQ(read(400, R"({"error":{"type":"invalid_request_error","message":"prompt is too long: 9 > 8"}})").code,
              "context_length_exceeded");
}

TEST(AnthropicErrors, ReadsWhateverComesInstead) {
    const ApiError html = read(413, "<html><body>413 Request Entity Too Large</body></html>");
    EXPECT_EQ(html.kind, ErrorKind::TooLarge);
    EXPECT_EQ(html.message.find('<'), std::string::npos);
    for (const char *body : {"", "null", "[]", "{}", "{\"error\":null}", "\xff\xfe", "{\"error\":{\"message\":7}}"}) {
        const ApiError error = read(500, body);
        EXPECT_EQ(error.kind, ErrorKind::Upstream);
        EXPECT_FALSE(error.message.empty());
    }
    EXPECT_EQ(read(400, R"({"error":{"message":"bad key sk-ant-api03-AAAABBBBCCCCDDDDEEEEFFFF sent"}})")
                  .message.find("AAAABBBB"),
              std::string::npos);
}

TEST(AnthropicErrors, ListsModels) {
    EXPECT_EQ(anthropic_messages().write_models({"a", "b/c"}, 1700000000),
              R"({"data":[{"type":"model","id":"a","display_name":"a","created_at":"2023-11-14T22:13:20Z"},)"
              R"({"type":"model","id":"b/c","display_name":"b/c","created_at":"2023-11-14T22:13:20Z"}],)"
              R"("has_more":false,"first_id":"a","last_id":"b/c"})");
    EXPECT_EQ(anthropic_messages().write_models({}, 0), R"({"data":[],"has_more":false,"first_id":null,"last_id":null})");
    EXPECT_EQ(anthropic_messages().write_model("x\"y", 0),
              R"({"type":"model","id":"x\"y","display_name":"x\"y","created_at":"1970-01-01T00:00:00Z"})");
}
