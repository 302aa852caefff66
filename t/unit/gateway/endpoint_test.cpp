#include "gateway/endpoint.h"

#include <gtest/gtest.h>

namespace aigw::gateway {
namespace {

using Kind = Endpoint::Kind;

TEST(Endpoint, ChatInBothDialects) {
    for (const char *path : {"chat/completions", "/chat/completions", "v1/chat/completions", "v1beta/chat/completions"}) {
        auto endpoint = match_endpoint("POST", path, false);
        ASSERT_TRUE(endpoint) << path;
        EXPECT_EQ(endpoint->kind, Kind::Chat);
        EXPECT_EQ(endpoint->dialect->name(), "openai_chat");
    }
    auto messages = match_endpoint("POST", "v1/messages", false);
    ASSERT_TRUE(messages);
    EXPECT_EQ(messages->dialect->name(), "anthropic_messages");
}

TEST(Endpoint, ThePrefixItselfAnswersProbes) {
    for (const char *path : {"", "/", "v1", "v1/"}) {
        EXPECT_TRUE(match_endpoint("HEAD", path, false)) << path;
        EXPECT_TRUE(match_endpoint("GET", path, false)) << path;
        EXPECT_EQ(match_endpoint("POST", path, false).error().status, 405) << path;
    }
}

TEST(Endpoint, ModelIdsMayHoldSlashes) {
    auto endpoint = match_endpoint("GET", "v1/models/openai/gpt-4o:free", false);
    ASSERT_TRUE(endpoint);
    EXPECT_EQ(endpoint->kind, Kind::Model);
    EXPECT_EQ(endpoint->model, "openai/gpt-4o:free");
}

TEST(Endpoint, ModelsSpeakTheCallersDialect) {
    EXPECT_EQ(match_endpoint("GET", "models", true)->dialect->name(), "anthropic_messages");
    EXPECT_EQ(match_endpoint("GET", "models", false)->dialect->name(), "openai_chat");
}

TEST(Endpoint, OthersAreUnknown) {
    for (const char *path : {"v2/chat/completions", "engines/davinci/completions", "completions/x", "chat", "chat/completions/x", "messagesx", "v1x/models", "../x"}) {
        auto endpoint = match_endpoint("POST", path, false);
        ASSERT_FALSE(endpoint) << path;
        EXPECT_EQ(endpoint.error().status, 404);
        EXPECT_EQ(endpoint.error().code, "unknown_endpoint");
    }
}

TEST(Endpoint, Responses) {
    for (bool anthropic_header : {false, true}) {
        auto endpoint = match_endpoint("POST", "v1/responses", anthropic_header);
        ASSERT_TRUE(endpoint);
        EXPECT_EQ(endpoint->kind, Kind::Chat);
        EXPECT_EQ(endpoint->dialect->name(), "openai_responses");
    }
    EXPECT_EQ(match_endpoint("GET", "responses", false).error().status, 405);
    // Answers are not kept.
    for (const char *path : {"responses/resp_1", "responses/resp_1/input_items", "responses/resp_1/cancel", "responses/compact"}) {
        for (const char *method : {"GET", "DELETE", "POST"}) {
            EXPECT_EQ(match_endpoint(method, path, false).error().status, 404) << method << ' ' << path;
        }
    }
}

TEST(Endpoint, TheMethodIsChecked) {
    for (const char *method : {"GET", "PUT", "DELETE", "OPTIONS", ""}) {
        auto endpoint = match_endpoint(method, "chat/completions", false);
        ASSERT_FALSE(endpoint) << method;
        EXPECT_EQ(endpoint.error().status, 405);
        EXPECT_EQ(endpoint.error().code, "method_not_allowed");
    }
}

TEST(Endpoint, GooglesPathsNameModelAndMode) {
    const std::string vertex = "v1/projects/p/locations/global/publishers/google/models/gemini-2.5-pro:generateContent";
    for (const std::string &path : {std::string("v1beta/models/gemini-2.5-pro:generateContent"),
                                    std::string("models/gemini-2.5-pro:generateContent"), vertex}) {
        auto endpoint = match_endpoint("POST", path, false);
        ASSERT_TRUE(endpoint) << path;
        EXPECT_EQ(endpoint->kind, Endpoint::Kind::Chat);
        EXPECT_EQ(endpoint->dialect, &dialects::gemini());
        EXPECT_EQ(endpoint->model, "gemini-2.5-pro");
        EXPECT_FALSE(endpoint->stream);
    }
    auto stream = match_endpoint("POST", "/v1beta/models/a/b:c:streamGenerateContent", false);
    ASSERT_TRUE(stream);
    EXPECT_EQ(stream->model, "a/b:c");
    EXPECT_TRUE(stream->stream);
    EXPECT_EQ(match_endpoint("GET", "v1beta/models/m:generateContent", false).error().status, 405);
}

TEST(Endpoint, LegacyCompletions) {
    for (bool anthropic_header : {false, true}) {
        auto endpoint = match_endpoint("POST", "v1/completions", anthropic_header);
        ASSERT_TRUE(endpoint);
        EXPECT_EQ(endpoint->kind, Kind::Chat);
        EXPECT_EQ(endpoint->dialect, &dialects::openai_completions());
    }
    EXPECT_EQ(match_endpoint("GET", "completions", false).error().status, 405);
}

TEST(Endpoint, GoogleCountsTokens) {
    auto endpoint = match_endpoint("POST", "v1beta/models/a/b:countTokens", false);
    ASSERT_TRUE(endpoint);
    EXPECT_EQ(endpoint->kind, Kind::Operation);
    EXPECT_EQ(endpoint->operation, dialects::Operation::GoogleCountTokens);
    EXPECT_EQ(endpoint->dialect, &dialects::gemini());
    EXPECT_EQ(endpoint->model, "a/b");
    EXPECT_EQ(match_endpoint("GET", "v1beta/models/m:countTokens", false).error().status, 405);
}

TEST(Endpoint, GooglesListsStandUnderItsVersion) {
    EXPECT_EQ(match_endpoint("GET", "v1beta/models", false)->dialect, &dialects::gemini());
    EXPECT_EQ(match_endpoint("GET", "v1beta/models/m", false)->dialect, &dialects::gemini());
    EXPECT_EQ(match_endpoint("GET", "v1/models", false)->dialect, &dialects::openai_chat());
    EXPECT_EQ(match_endpoint("GET", "models", false)->dialect, &dialects::openai_chat());
    EXPECT_FALSE(match_endpoint("POST", "v1beta/models/m:tuneModel", false));
    EXPECT_FALSE(match_endpoint("POST", "x/publishers/google/models/m:generateContent", false));
}

}  // namespace
}  // namespace aigw::gateway
