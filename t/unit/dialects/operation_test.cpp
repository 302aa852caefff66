#include "dialects/operation.h"

#include <gtest/gtest.h>

#include "dialects/audio.h"
#include "dialects/embeddings.h"
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

TEST(Operation, GoogleCountsByItsPath) {
    const ProviderOperation *count = find_operation(Operation::GoogleCountTokens, "gemini", "gemini");
    ASSERT_NE(count, nullptr);
    EXPECT_EQ(find_operation(Operation::GoogleCountTokens, "openai", "openai_chat"), nullptr);
    EXPECT_EQ(count->path("models/gemini/x y"), "/models/gemini%2Fx%20y:countTokens");
    Parsed plain(R"({ "contents":[{"parts":[{"text":"h\u0069"}]}],"model":"a" })");
    EXPECT_EQ(count->write_request(plain.doc, call("g"))->body, R"({ "contents":[{"parts":[{"text":"h\u0069"}]}] })");
    Parsed whole(R"({"generateContentRequest":{"model":"models/a","contents":[]}})");
    EXPECT_EQ(count->write_request(whole.doc, call("g"))->body, R"({"generateContentRequest":{"model":"models/g","contents":[]}})");
    Parsed counted(R"({"totalTokens":7,"promptTokensDetails":[]})"), strange(R"({"total":7})"), failed(R"({"error":{"code":429,"message":"No."}})");
    EXPECT_TRUE(count->read_answer(counted.doc, plain.doc.root(), {})->body.empty());
    EXPECT_EQ(count->read_answer(strange.doc, plain.doc.root(), {}).error().status, 502);
    EXPECT_EQ(count->read_answer(failed.doc, plain.doc.root(), {}).error().kind, chat::ErrorKind::RateLimit);
    EXPECT_FALSE(check_operation(Operation::GoogleCountTokens, plain.doc.root()));
    EXPECT_EQ(check_operation(Operation::GoogleCountTokens, strange.doc.root())->param, "contents");
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
    Parsed failed(R"({"error":{"message":"too long","type":"invalid_request_error"}})");
    auto answer = operations::openai_embeddings().read_answer(failed.doc, request.doc.root(), {});
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().kind, chat::ErrorKind::InvalidRequest);
    Parsed empty("{}");
    EXPECT_EQ(operations::openai_embeddings().read_answer(empty.doc, request.doc.root(), {}).error().code, "upstream_error");
}

struct Family {
    const char *dialect, *path, *request, *answer, *told;
};

// The same call and the same two vectors in each provider's words.
const Family kFamilies[] = {
    {"gemini", "/models/a%2Fm:batchEmbedContents",
     R"({"requests":[{"model":"models/a/m","content":{"parts":[{"text":"x\n"}]},"outputDimensionality":2},)"
     R"({"model":"models/a/m","content":{"parts":[{"text":"y"}]},"outputDimensionality":2}]})",
     R"({"embeddings":[{"values":[1,0.5]},{"values":[-2.0,0]}]})", nullptr},
    {"vertex", "/models/a%2Fm:predict",
     R"({"instances":[{"content":"x\n"},{"content":"y"}],"parameters":{"autoTruncate":false,"outputDimensionality":2}})",
     R"({"predictions":[{"embeddings":{"values":[1,0.5],"statistics":{"token_count":3,"truncated":false}}},)"
     R"({"embeddings":{"values":[-2.0,0],"statistics":{"token_count":5.0,"truncated":false}}}]})", "8"},
    {"ollama_chat", "/embed", R"({"model":"a/m","input":["x\n","y"],"dimensions":2})",
     R"({"embeddings":[[1,0.5],[-2.0,0]],"prompt_eval_count":8})", "8"},
    {"cohere_chat", "/embed",
     R"({"model":"a/m","texts":["x\n","y"],"input_type":"search_document","embedding_types":["float"],"output_dimension":2})",
     R"({"embeddings":{"float":[[1,0.5],[-2.0,0]]},"meta":{"billed_units":{"input_tokens":8}}})", "8"},
};

TEST(Embeddings, AreWrittenForEachFamily) {
    Parsed request(R"({"model":"m","input":["x\n","y"],"dimensions":2,"encoding_format":"float"})");
    for (const Family &family : kFamilies) {
        std::string_view dialect = family.dialect;
        const ProviderOperation *operation = find_operation(Operation::Embeddings, dialect, dialect == "vertex" ? "gemini" : dialect);
        ASSERT_NE(operation, nullptr) << family.dialect;
        EXPECT_EQ(operation->path("a/m"), family.path);
        EXPECT_EQ(operation->write_request(request.doc, call("a/m"))->body, family.request);
        Parsed answer(family.answer);
        AnswerOptions options;
        options.model = "a/m";
        options.input_tokens = 5;
        auto read = operation->read_answer(answer.doc, request.doc.root(), options);
        ASSERT_TRUE(read.has_value()) << family.dialect;
        std::string tokens = family.told ? family.told : "5";
        EXPECT_EQ(read->body, R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[1,0.5]},)"
                              R"({"object":"embedding","index":1,"embedding":[-2.0,0]}],"model":"a/m","usage":{"prompt_tokens":)" +
                                  tokens + R"(,"total_tokens":)" + tokens + "}}");
        EXPECT_EQ(std::to_string(read->units.count), tokens);
        EXPECT_EQ(read->usage.has_value(), family.told != nullptr);
    }
}

TEST(Embeddings, BedrockGoesByTheModel) {
    const ProviderOperation &bedrock = operations::bedrock_embeddings();
    Parsed one(R"({"model":"m","input":"x"})"), two(R"({"model":"m","input":["x","y"]})");
    EXPECT_EQ(bedrock.path("amazon.titan-embed-text-v2:0"), "/model/amazon.titan-embed-text-v2%3A0/invoke");
    EXPECT_EQ(bedrock.write_request(one.doc, call("amazon.titan-embed-text-v2:0"))->body, R"({"inputText":"x"})");
    EXPECT_EQ(bedrock.write_request(two.doc, call("amazon.titan-embed-text-v2:0")).error().param, "input");
    EXPECT_EQ(bedrock.write_request(two.doc, call("eu.cohere.embed-v4:0"))->body, R"({"texts":["x","y"],"input_type":"search_document"})");
    Parsed titan(R"({"embedding":[1,2],"inputTextTokenCount":3})"), cohere(R"({"embeddings":[[1],[2]]})");
    EXPECT_EQ(bedrock.read_answer(titan.doc, one.doc.root(), {})->usage->prompt, 3);
    EXPECT_NE(bedrock.read_answer(cohere.doc, two.doc.root(), {})->body.find("[2]"), std::string::npos);
}

TEST(Embeddings, VertexTakesAsManyTextsAsTheModel) {
    const ProviderOperation &vertex = operations::vertex_embeddings();
    Parsed two(R"({"model":"m","input":["x","y"]})"), one(R"({"model":"m","input":"x"})");
    EXPECT_EQ(vertex.write_request(two.doc, call("gemini-embedding-001")).error().param, "input");
    EXPECT_TRUE(vertex.write_request(one.doc, call("gemini-embedding-001")).has_value());
    Parsed silent(R"({"predictions":[{"embeddings":{"values":[1]}}]})");
    AnswerOptions options;
    options.input_tokens = 4;
    auto read = vertex.read_answer(silent.doc, one.doc.root(), options);
    ASSERT_TRUE(read.has_value());
    EXPECT_FALSE(read->usage);
    EXPECT_NE(read->body.find(R"("prompt_tokens":4)"), std::string::npos);
}

// What OpenAI's SDKs ask for unless told otherwise.
TEST(Embeddings, AreGivenInBase64) {
    Parsed request(R"({"model":"m","input":"x","encoding_format":"base64"})"), answer(R"({"embeddings":[[1,-2.5]]})");
    auto read = operations::ollama_embeddings().read_answer(answer.doc, request.doc.root(), {});
    EXPECT_NE(read->body.find(R"("embedding":"AACAPwAAIMA=")"), std::string::npos) << read->body;
}

TEST(Embeddings, RefuseWhatHasNoPlace) {
    Parsed tokens(R"({"model":"m","input":[1,2]})"), odd(R"({"model":"m","input":"x","odd":1,"user":"u"})");
    const ProviderOperation &ollama = operations::ollama_embeddings();
    EXPECT_EQ(ollama.write_request(tokens.doc, call("m")).error().param, "input[0]");
    EXPECT_EQ(ollama.write_request(odd.doc, call("m")).error().param, "odd");
    RequestOptions dropping = call("m");
    dropping.drop_unsupported = true;
    EXPECT_EQ(ollama.write_request(odd.doc, dropping)->dropped, (std::vector<std::string>{"odd", "user"}));
}

TEST(Embeddings, OneForEachInputAndNumbersOnly) {
    Parsed request(R"({"model":"m","input":["x","y"]})"), base64(R"({"model":"m","input":["x"],"encoding_format":"base64"})");
    for (const char *text : {R"({"embeddings":[[1]]})", R"({"embeddings":[[1],[]]})", R"({"embeddings":[[1],"x"]})", "{}"}) {
        Parsed answer(text);
        EXPECT_FALSE(operations::ollama_embeddings().read_answer(answer.doc, request.doc.root(), {}).has_value()) << text;
    }
    Parsed words(R"({"embeddings":[["one"]]})");
    EXPECT_FALSE(operations::ollama_embeddings().read_answer(words.doc, base64.doc.root(), {}).has_value());
}

TEST(Operation, CountsCharactersNotBytes) {
    Parsed request(R"({"input":"Gr\u00fc\u00dfe \ud83e\udd8a"})");
    EXPECT_EQ(operations::openai_speech().units_of_request(request.doc.root()).count, 7);
}

// What an answer's JSON says of its length.
TEST(Transcription, IsCountedAsItSays) {
    struct {
        std::string_view answer;
        Unit unit;
        int64_t count;
    } cases[] = {
        {R"({"text":"a","usage":{"type":"tokens","input_tokens":14,"output_tokens":45,"total_tokens":59}})", Unit::Tokens, 59},
        {R"({"text":"a","usage":{"type":"duration","seconds":9}})", Unit::Seconds, 9},
        {R"({"text":"a","duration":8.01})", Unit::Seconds, 9},
        {R"({"text":"a","duration":"8.47"})", Unit::Seconds, 9},
        {R"({"text":"a","usage":{"prompt_audio_seconds":203,"prompt_tokens":4,"completion_tokens":6,"total_tokens":20}})", Unit::Tokens, 20},
        {R"({"text":"a"})", Unit::Calls, 1},
        {R"({"text":"a","duration":-1})", Unit::Calls, 1},
        {R"({"text":"a","duration":"x"})", Unit::Calls, 1},
        {R"({"text":"a","duration":1e300})", Unit::Calls, 1},
        {R"({"text":"a","usage":{"seconds":0}})", Unit::Calls, 1},
    };
    for (const auto &one : cases) {
        Parsed answer(one.answer);
        auto read = operations::openai_transcription().read_answer(answer.doc, {}, {});
        ASSERT_TRUE(read) << one.answer;
        EXPECT_EQ(read->units.unit, one.unit) << one.answer;
        EXPECT_EQ(read->units.count, one.count) << one.answer;
        EXPECT_TRUE(read->body.empty()) << "it passes";
    }
    Parsed broken(R"({"hello":1})"), error(R"({"error":{"message":"no"}})");
    EXPECT_FALSE(operations::openai_transcription().read_answer(broken.doc, {}, {}));
    EXPECT_FALSE(operations::openai_transcription().read_answer(error.doc, {}, {}));
}

TEST(Transcription, TakesAnswersByTheirType) {
    const ProviderOperation &operation = operations::openai_transcription();
    EXPECT_EQ(operation.taking("application/json", ""), Taking::Json);
    EXPECT_EQ(operation.taking("application/json", "srt"), Taking::Passed);
    EXPECT_EQ(operation.taking("text/plain", "json"), Taking::Passed);
    EXPECT_EQ(operation.taking("text/event-stream; charset=utf-8", "text"), Taking::Events);
}

TEST(Audio, IsAsLongAsItSays) {
    EXPECT_EQ(audio_seconds(""), 1);
    EXPECT_EQ(audio_seconds(std::string(16'000, 'x')), 1);
    EXPECT_EQ(audio_seconds(std::string(16'001, 'x')), 2);
    std::string wav = "RIFF....WAVEfmt " + std::string("\x10\0\0\0\1\0\1\0\x80\x3e\0\0\0\x7d\0\0\2\0\x10\0", 20) + "data....";
    EXPECT_EQ(audio_seconds(wav + std::string(96'000, '\0')), 3);
    EXPECT_EQ(audio_seconds(wav + std::string(96'001, '\0')), 4);
    wav.replace(28, 4, std::string(4, '\0'));
    EXPECT_EQ(audio_seconds(wav + std::string(32'000, '\0')), 2) << "a rate that makes no sense";
    EXPECT_EQ(audio_seconds(wav.substr(0, 44)), 1);
}

TEST(Rerank, ADocumentIsItsText) {
    Parsed request(R"({"query":"q","documents":[{"text":"a\u00e4"},"b"],"return_documents":true,"top_n":1})");
    auto written = operations::voyage_rerank().write_request(request.doc, call("r"));
    EXPECT_EQ(written->body, R"({"model":"r","query":"q","documents":["a\u00e4","b"],"top_k":1})");
    Parsed answer(R"({"data":[{"index":1,"relevance_score":0.50},{"index":7,"relevance_score":0.25}],"usage":{"total_tokens":26}})");
    AnswerOptions options;
    options.fallback_id = "req";
    options.model = "r";
    auto read = operations::voyage_rerank().read_answer(answer.doc, request.doc.root(), options);
    EXPECT_EQ(read->body, R"({"id":"req","model":"r","results":[{"index":1,"relevance_score":0.50,"document":{"text":"b"}},)"
                          R"({"index":7,"relevance_score":0.25}],"usage":{"total_tokens":26}})");
    Parsed odd(R"({"data":[{"index":1}]})");
    EXPECT_FALSE(operations::voyage_rerank().read_answer(odd.doc, request.doc.root(), options));
}

}  // namespace
}  // namespace aigw::dialects
