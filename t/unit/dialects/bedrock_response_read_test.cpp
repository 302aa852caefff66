// Bedrock's answers at the edges; whole ones are in t/golden and among the recordings.
#include "dialects/bedrock_response_read.h"

#include <gtest/gtest.h>

#include "../../fuzz/aws_frame.h"
#include "dialects/answers.h"
#include "dialects/base64.h"

namespace aigw::dialects {
namespace {

using fuzz::aws_event;
using fuzz::aws_exception;

// Whole, byte by byte, split everywhere.
PlainAnswer read(const ProviderDialect &dialect, const std::string &bytes) {
    PlainAnswer whole = read_plain_stream(dialect, bytes);
    EXPECT_EQ(read_plain_stream(dialect, bytes, {1, SIZE_MAX}), whole);
    for (size_t at = 1; at < bytes.size(); ++at) {
        EXPECT_EQ(read_plain_stream(dialect, bytes, {SIZE_MAX, at}), whole) << "split at " << at;
    }
    return whole;
}

std::string text(int block, const std::string &words) {
    return aws_event("contentBlockDelta",
                     R"({"contentBlockIndex":)" + std::to_string(block) + R"(,"delta":{"text":")" + words + R"("}})");
}
const std::string kStart = aws_event("messageStart", R"({"role":"assistant"})");
const std::string kStop = aws_event("messageStop", R"({"stopReason":"end_turn"})");
const std::string kMetadata = aws_event("metadata", R"({"usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5}})");

TEST(BedrockStream, TheUsageComesAfterTheStop) {
    PlainAnswer got = read(bedrock_converse(), kStart + text(0, "hi") + kStop + kMetadata);
    EXPECT_EQ(got.error, "");
    EXPECT_EQ(got.choices[0].text, "hi");
    EXPECT_EQ(got.usage->total(), 5);
    EXPECT_EQ(got.ends, 1);
}

TEST(BedrockStream, NothingAfterTheEndCounts) {
    PlainAnswer got = read(bedrock_converse(), kStart + text(0, "hi") + kStop + kMetadata + text(1, "more") + kMetadata);
    EXPECT_EQ(got.choices[0].text, "hi");
    EXPECT_EQ(got.ends, 1);
}

TEST(BedrockStream, CutIsAnError) {
    EXPECT_EQ(read(bedrock_converse(), kStart + text(0, "hi")).error, "upstream_error");
    EXPECT_EQ(read(bedrock_converse(), kStart + text(0, "hi") + kStop).error, "") << "only the usage is missing";
    EXPECT_EQ(read(bedrock_converse(), kStart + text(0, "hi") + kStop.substr(0, 20)).error, "upstream_error");
}

TEST(BedrockStream, AChangedByteIsAnError) {
    std::string bytes = kStart + text(0, "hi") + kStop + kMetadata;
    bytes[kStart.size() + 100] ^= 1;
    EXPECT_EQ(read(bedrock_converse(), bytes).error, "upstream_error");
}

TEST(BedrockStream, ExceptionsSayWhatHappened) {
    const std::pair<const char *, int> cases[] = {{"internalServerException", 500},     {"modelStreamErrorException", 424},
                                                  {"validationException", 400},         {"throttlingException", 429},
                                                  {"serviceUnavailableException", 503}, {"modelTimeoutException", 408},
                                                  {"somethingNew", 502}};
    for (const ProviderDialect *dialect : {&bedrock_converse(), &bedrock_anthropic()}) {
        for (auto [name, status] : cases) {
            JsonParser parser;
            JsonDoc doc;
            ASSERT_TRUE(parser.parse(R"({"message":"words"})", doc));
            PlainSink sink;
            auto result = dialect->response_reader()->event({name, doc.text(), true}, &doc, sink);
            ASSERT_FALSE(result) << name;
            EXPECT_EQ(result.error().status, status) << name;
            result = dialect->response_reader()->event({name, "", true}, nullptr, sink);
            ASSERT_FALSE(result) << name;
            EXPECT_EQ(result.error().status, status) << name << " without a body";
        }
    }
    EXPECT_EQ(read(bedrock_converse(), kStart + text(0, "a") + aws_exception("throttlingException", R"({"message":"x"})")).error,
              "rate_limit_exceeded");
}

// Text alone is never counted as an open block; thinking and calls are.
TEST(BedrockStream, BoundsOpenBlocks) {
    const auto open = [](size_t count) {
        std::string out = kStart;
        for (size_t i = 0; i < count; ++i) {
            out += aws_event("contentBlockStart", R"({"contentBlockIndex":)" + std::to_string(i) +
                                                      R"(,"start":{"toolUse":{"toolUseId":"t","name":"f"}}})");
        }
        return out + kStop + kMetadata;
    };
    PlainAnswer most = read_plain_stream(bedrock_converse(), open(bedrock::kMaxOpenBlocks));
    EXPECT_EQ(most.error, "");
    EXPECT_EQ(most.tool_ends, static_cast<int>(bedrock::kMaxOpenBlocks));
    EXPECT_EQ(read_plain_stream(bedrock_converse(), open(bedrock::kMaxOpenBlocks + 1)).error, "upstream_error");
    std::string texts = kStart;
    for (int i = 0; i < 200; ++i) texts += text(i, "x");
    EXPECT_EQ(read_plain_stream(bedrock_converse(), texts + kStop + kMetadata).choices[0].text, std::string(200, 'x'));
}

TEST(BedrockStream, BoundsRedactedThinking) {
    const auto redacted = [](size_t bytes) {
        const std::string piece = aws_event("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"reasoningContent":{"redactedContent":")" +
                                                                     std::string(bytes / 2, 'A') + R"("}}})");
        return kStart + piece + piece + kStop + kMetadata;
    };
    EXPECT_EQ(read_plain_stream(bedrock_converse(), redacted(bedrock::kMaxRedactedBytes)).error, "");
    EXPECT_EQ(read_plain_stream(bedrock_converse(), redacted(bedrock::kMaxRedactedBytes + 2)).error, "upstream_error");
}

TEST(BedrockStream, CountsThatCannotBe) {
    PlainAnswer got = read_plain_stream(bedrock_converse(), kStart + text(0, "a") + kStop +
                          aws_event("metadata", R"({"usage":{"inputTokens":-3,"outputTokens":1e30,"cacheReadInputTokens":7}})"));
    ASSERT_TRUE(got.usage);
    EXPECT_EQ(got.usage->prompt, 7);
    EXPECT_EQ(got.usage->cached, 7);
    EXPECT_EQ(got.usage->completion, 0);
}

TEST(BedrockClaude, FramesThatHoldNoEvent) {
    const auto chunk = [](const std::string &bytes) { return aws_event("chunk", R"({"bytes":")" + bytes + R"("})"); };
    std::string error;
    append_base64(error, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})");
    EXPECT_EQ(read(bedrock_anthropic(), chunk("*")).error, "upstream_error");
    EXPECT_EQ(read(bedrock_anthropic(), chunk("AAAA")).error, "upstream_error") << "no JSON";
    EXPECT_EQ(read(bedrock_anthropic(), chunk(error)).error, "overloaded");
    EXPECT_EQ(read(bedrock_anthropic(), aws_event("other", "{}")).error, "upstream_error") << "nothing came";
}

}  // namespace
}  // namespace aigw::dialects
