#include "dialects/operation.h"

#include <gtest/gtest.h>

#include "dialects/operations.h"

namespace aigw::dialects {
namespace {

struct Parsed {
    JsonParser parser;
    JsonDoc doc;
    explicit Parsed(std::string_view text) { EXPECT_TRUE(parser.parse(text, doc).has_value()) << text; }
};

RequestOptions call(std::string_view model) {
    RequestOptions options;
    options.model = model;
    return options;
}

TEST(Operation, IsToldByThePath) {
    EXPECT_EQ(operation_of_path("embeddings"), Operation::Embeddings);
    EXPECT_EQ(operation_of_path("messages/count_tokens"), Operation::CountTokens);
    for (std::string_view path : {"", "embedding", "embeddings/", "chat/completions", "audio", "files"}) {
        EXPECT_EQ(operation_of_path(path), Operation::None) << path;
    }
}

TEST(Operation, BelongsToADialect) {
    EXPECT_NE(find_operation(Operation::Embeddings, "openai", "openai_chat"), nullptr);
    EXPECT_NE(find_operation(Operation::CountTokens, "anthropic", "anthropic_messages"), nullptr);
    EXPECT_EQ(find_operation(Operation::Embeddings, "anthropic", "anthropic_messages"), nullptr);
    EXPECT_EQ(find_operation(Operation::None, "openai", "openai_chat"), nullptr);
}

TEST(Operation, OnlyTheModelIsReplaced) {
    Parsed request(R"({ "input": ["a" , "b\u00e9"],"model" :"m", "encoding_format":"base64" })");
    auto written = operations::openai_embeddings().write_request(request.doc, call("text\"x"));
    EXPECT_EQ(written->body, R"({ "input": ["a" , "b\u00e9"],"model" :"text\"x", "encoding_format":"base64" })");
    Parsed forced(R"({"input":"a"})");
    EXPECT_EQ(operations::openai_embeddings().write_request(forced.doc, call("m"))->body, R"({"input":"a","model":"m"})");
}

TEST(Operation, ReadsWhatWasUsed) {
    Parsed request("{}");
    Parsed embedded(R"({"data":[],"usage":{"prompt_tokens":9,"total_tokens":9}})");
    auto answer = operations::openai_embeddings().read_answer(embedded.doc, request.doc.root(), {});
    EXPECT_EQ(answer->usage->prompt, 9);
    EXPECT_EQ(answer->units.unit, Unit::Tokens);
    EXPECT_EQ(answer->units.count, 9);
    Parsed painted(R"({"data":[{},{}],"usage":{"input_tokens":3,"output_tokens":70,"total_tokens":73}})");
    answer = operations::openai_images().read_answer(painted.doc, request.doc.root(), {});
    EXPECT_EQ(answer->usage->prompt, 3);
    EXPECT_EQ(answer->usage->completion, 70);
    EXPECT_EQ(answer->units.count, 2);
    Parsed odd(R"({"data":[],"usage":{"prompt_tokens":-9}})");
    EXPECT_FALSE(operations::openai_embeddings().read_answer(odd.doc, request.doc.root(), {})->usage);
}

TEST(Operation, AnErrorInAnAnswerIsAnError) {
    Parsed request("{}");
    Parsed failed(R"({"error":{"message":"overheated"}})");
    auto answer = operations::openai_embeddings().read_answer(failed.doc, request.doc.root(), {});
    ASSERT_FALSE(answer.has_value());
    EXPECT_NE(answer.error().message.find("overheated"), std::string::npos);
    Parsed empty("{}");
    EXPECT_EQ(operations::openai_embeddings().read_answer(empty.doc, request.doc.root(), {}).error().code, "upstream_error");
}

TEST(Operation, CountsCharactersNotBytes) {
    Parsed request(R"({"input":"Gr\u00fc\u00dfe \ud83e\udd8a"})");
    EXPECT_EQ(operations::openai_speech().units_of_request(request.doc.root()).count, 7);
}

}  // namespace
}  // namespace aigw::dialects
