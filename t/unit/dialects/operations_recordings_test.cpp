// Recordings of calls that are no chat, and every recorded error, whatever it answers.
#include <iostream>

#include "dialects/operation.h"
#include "dialects/recordings.h"

namespace aigw::dialects {

namespace {

const ProviderDialect *anybody(const Recording &recording) {
    if (const Dialect *own = own_dialect(recording)) return own;
    if (const ProviderDialect *native = native_dialect(recording)) return native;
    if (recording.provider() == "bedrock") return &bedrock_converse();
    if (recording.provider() == "anthropic") return &anthropic_messages();
    if (recording.provider() == "cohere") return &cohere_chat();
    return recording.provider() == "ollama" ? &ollama_chat() : static_cast<const ProviderDialect *>(&openai_chat());
}

TEST_F(Recordings, ErrorsOfEveryEndpointSayWhatIsWrong) {
    int errors = 0;
    for (const Recording &recording : load(anybody)) {
        if (recording.status < 400) continue;
        ++errors;
        JsonParser parser;
        chat::ApiError error = recording.speaks->read_error(recording.status, recording.body, parser);
        EXPECT_EQ(error.status / 100, recording.status / 100) << recording.id;
        EXPECT_FALSE(error.message.empty()) << recording.id;
        for (const Dialect *to : all_dialects()) {
            JsonDoc doc;
            EXPECT_TRUE(parser.parse(to->write_error(error, "r"), doc)) << recording.id;
        }
        // A model that does not exist is that, whatever the endpoint.
        bool no_model = recording.has("error_model_not_found") && recording.status == 404;
        EXPECT_TRUE(!no_model || error.kind == chat::ErrorKind::NotFound) << recording.id << " " << error.message;
    }
    std::cout << "recordings: " << errors << " errors of all endpoints\n";
}

TEST_F(Recordings, TokensAreCounted) {
    auto counts = [](const Recording &recording) -> const ProviderDialect * {
        return recording.endpoint == "count_tokens" && recording.status == 200 ? &anthropic_messages() : nullptr;
    };
    const ProviderOperation *operation = find_operation(Operation::CountTokens, "anthropic", "anthropic_messages");
    ASSERT_NE(operation, nullptr);
    for (const Recording &recording : load(counts)) {
        JsonParser parser;
        JsonDoc request, answer;
        ASSERT_TRUE(parser.parse(recording.request, request));
        ASSERT_TRUE(parser.parse(recording.body, answer));
        EXPECT_FALSE(check_operation(Operation::CountTokens, request.root())) << recording.id;
        RequestOptions options;
        options.model = recording.request.find("claude-opus-4-6") != std::string::npos ? "claude-opus-4-6" : "m";
        auto written = operation->write_request(request, options);
        ASSERT_TRUE(written) << recording.id;
        auto read = operation->read_answer(answer, request.root(), {});
        ASSERT_TRUE(read) << recording.id;
        EXPECT_TRUE(read->body.empty()) << "the answer passes as it is";
        EXPECT_EQ(read->units.count, 1);
    }
}

}  // namespace

}  // namespace aigw::dialects
