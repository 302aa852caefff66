// A tool call whose arguments are 64 KB, streamed by every provider's dialect to every caller's: whole, in pieces, and the
// same arguments however the stream is cut.
#include <gtest/gtest.h>

#include "../../fuzz/aws_frame.h"
#include "core/json_writer.h"
#include "dialects/base64.h"
#include "dialects/native.h"
#include "dialects/plain_reading.h"

namespace aigw::dialects {

namespace {

constexpr size_t kBytes = 64 << 10;
constexpr size_t kPiece = 61;  // of a delta: cuts escapes and characters of several bytes apart

// The arguments as a model writes them: escapes, quotes, characters of one to four bytes.
std::string arguments() {
    std::string out = R"({"path":"a.cpp","text":")";
    while (out.size() < kBytes - 2) {
        out += R"(int main() {\n\tputs(\"\u00e9 \\ \ud83d\ude00 )" "\xc3\xa9 \xf0\x9f\x98\x80\\\");\\n}";
    }
    return out + "\"}";
}

// Pieces of whole characters, each escaped as inside a JSON string.
std::vector<std::string> pieces(const std::string &text) {
    std::vector<std::string> out;
    for (size_t at = 0; at < text.size();) {
        size_t end = std::min(at + kPiece, text.size());
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
        out.emplace_back();
        append_json_escaped(out.back(), std::string_view(text).substr(at, end - at));
        at = end;
    }
    return out;
}

std::string sse(const std::string &data) { return "data: " + data + "\n\n"; }

std::string of_openai() {
    const std::string head = R"({"id":"c","created":1,"model":"m","choices":[{"index":0,"delta":)";
    std::string out = sse(head + R"({"role":"assistant","tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"write","arguments":""}}]},"finish_reason":null}]})");
    for (const std::string &piece : pieces(arguments())) {
        out += sse(head + R"({"tool_calls":[{"index":0,"function":{"arguments":")" + piece + R"("}}]},"finish_reason":null}]})");
    }
    return out + sse(head + R"({},"finish_reason":"tool_calls"}]})") + sse("[DONE]");
}

std::string of_converse() {
    std::string out = fuzz::aws_event("messageStart", R"({"role":"assistant"})") +
                      fuzz::aws_event("contentBlockStart", R"({"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t1","name":"write"}}})");
    for (const std::string &piece : pieces(arguments())) {
        out += fuzz::aws_event("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"toolUse":{"input":")" + piece + R"("}}})");
    }
    return out + fuzz::aws_event("contentBlockStop", R"({"contentBlockIndex":0})") +
           fuzz::aws_event("messageStop", R"({"stopReason":"tool_use"})") +
           fuzz::aws_event("metadata", R"({"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3}})");
}

std::string of_cohere() {
    std::string out = sse(R"({"type":"message-start","id":"c","delta":{"message":{"role":"assistant","content":[]}}})") +
                      sse(R"({"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"w1","type":"function","function":{"name":"write","arguments":""}}}}})");
    for (const std::string &piece : pieces(arguments())) {
        out += sse(R"({"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":")" + piece + R"("}}}}})");
    }
    return out + sse(R"({"type":"tool-call-end","index":0})") +
           sse(R"({"type":"message-end","delta":{"finish_reason":"TOOL_CALL","usage":{"tokens":{"input_tokens":1,"output_tokens":2}}}})");
}

std::string of_ollama() {
    return R"({"model":"m","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"write","arguments":)" +
           arguments() + "}}]},\"done\":false}\n" +
           R"({"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":1,"eval_count":2})" "\n";
}

AnswerOptions options_for(bool stream) {
    AnswerOptions options;
    options.stream = stream;
    options.include_usage = true;
    options.fallback_id = "r";
    options.model = "m";
    return options;
}

// Anthropic's events in AWS's frames.
std::string invoked(const std::string &events) {
    std::string out;
    for (std::string_view payload : plain::payloads(events)) {
        std::string chunk = "{\"bytes\":\"";
        append_base64(chunk, payload);
        out += fuzz::aws_event("chunk", chunk + "\"}");
    }
    return out;
}

std::string stream_of(const ProviderDialect &provider) {
    const std::string openai = of_openai();
    if (&provider == &openai_chat()) return openai;
    if (&provider == &bedrock_converse()) return of_converse();
    if (&provider == &cohere_chat()) return of_cohere();
    if (&provider == &ollama_chat()) return of_ollama();
    const auto *dialect = dynamic_cast<const Dialect *>(&provider);
    std::string events = translate(openai_chat(), dialect ? *dialect : anthropic_messages(), true, openai, options_for(true));
    return &provider == &bedrock_anthropic() ? invoked(events) : events;
}

TEST(LongArguments, ArriveWholeInEveryPair) {
    const std::string wanted = plain::canonical(arguments());
    ASSERT_GE(arguments().size(), kBytes);
    for (const ProviderDialect *from : provider_dialects()) {
        const std::string stream = stream_of(*from);
        for (const Dialect *to : all_dialects()) {
            for (bool streamed : {false, true}) {
                const std::string where = std::string(from->name()) + " to " + std::string(to->name()) + (streamed ? " streamed" : "");
                const std::string written = translate(*from, *to, true, stream, options_for(streamed));
                PlainAnswer seen = plain::read(to->name(), streamed, written);
                ASSERT_EQ(seen.choices[0].tools.size(), 1u) << where;
                EXPECT_EQ(seen.choices[0].tools[0].name, "write") << where;
                EXPECT_EQ(seen.choices[0].tools[0].arguments == wanted, true) << where;
                for (Cut cut : {Cut{1, SIZE_MAX}, Cut{997, SIZE_MAX}, Cut{SIZE_MAX, stream.size() / 2}}) {
                    EXPECT_EQ(translate(*from, *to, true, stream, options_for(streamed), cut) == written, true) << where;
                }
            }
        }
    }
}

}  // namespace

}  // namespace aigw::dialects
