// The hand-made inputs of the fuzzers of dialects, limits and cache, and cuts of them, without a fuzzer.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "../../fuzz/cache_key_check.h"
#include "../../fuzz/cache_record_check.h"
#include "../../fuzz/limits_snapshot_check.h"
#include "../../fuzz/operations_check.h"
#include "../../fuzz/request_check.h"
#include "../../fuzz/stream_check.h"
#include "source_dir.h"

namespace {

template <class Check>
void run_corpus(const std::string &parser, size_t fewest, size_t step, Check check) {
    size_t files = 0;
    for (const auto &entry : std::filesystem::directory_iterator(AIGW_SOURCE_DIR "/t/fuzz/corpus/" + parser)) {
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        EXPECT_NO_THROW(check(bytes)) << entry.path();
        for (size_t cut = 0; cut < bytes.size(); cut += step) {
            EXPECT_NO_THROW(check(std::string_view(bytes).substr(0, cut))) << entry.path() << " cut at " << cut;
        }
        ++files;
    }
    EXPECT_GE(files, fewest) << parser;
}

}  // namespace

TEST(FuzzCorpus, OpenAIRequest) { run_corpus("openai_request", 20, 1, aigw::fuzz::check_openai_request); }
TEST(FuzzCorpus, AnthropicRequest) { run_corpus("anthropic_request", 20, 1, aigw::fuzz::check_anthropic_request); }
TEST(FuzzCorpus, ResponsesRequest) { run_corpus("responses_request", 20, 5, aigw::fuzz::check_responses_request); }
TEST(FuzzCorpus, ResponsesStream) { run_corpus("responses_stream", 10, 47, aigw::fuzz::check_responses_stream); }
TEST(FuzzCorpus, OpenAIStream) { run_corpus("openai_stream", 10, 17, aigw::fuzz::check_openai_stream); }
TEST(FuzzCorpus, AnthropicStream) { run_corpus("anthropic_stream", 6, 17, aigw::fuzz::check_anthropic_stream); }
TEST(FuzzCorpus, BedrockStream) { run_corpus("bedrock_stream", 8, 17, aigw::fuzz::check_bedrock_stream); }
TEST(FuzzCorpus, BedrockClaudeStream) { run_corpus("bedrock_claude_stream", 4, 17, aigw::fuzz::check_bedrock_claude_stream); }
TEST(FuzzCorpus, GeminiRequest) { run_corpus("gemini_request", 12, 7, aigw::fuzz::check_gemini_request); }
TEST(FuzzCorpus, GeminiStream) { run_corpus("gemini_stream", 6, 17, aigw::fuzz::check_gemini_stream); }
TEST(FuzzCorpus, OllamaStream) { run_corpus("ollama_stream", 6, 17, aigw::fuzz::check_ollama_stream); }
TEST(FuzzCorpus, CohereStream) { run_corpus("cohere_stream", 6, 17, aigw::fuzz::check_cohere_stream); }
TEST(FuzzCorpus, Operations) { run_corpus("operations", 10, 3, aigw::fuzz::check_operations); }
TEST(FuzzCorpus, CompletionsRequest) { run_corpus("completions_request", 15, 1, aigw::fuzz::check_completions_request); }
TEST(FuzzCorpus, CompletionsStream) { run_corpus("completions_stream", 5, 17, aigw::fuzz::check_completions_stream); }
TEST(FuzzCorpus, CacheKey) { run_corpus("cache_key", 7, 1, aigw::fuzz::check_cache_key); }
TEST(FuzzCorpus, CacheRecord) { run_corpus("cache_record", 10, 1, aigw::fuzz::check_cache_record); }
TEST(FuzzCorpus, LimitsSnapshot) { run_corpus("limits_snapshot", 4, 1, aigw::fuzz::check_limits_snapshot); }
