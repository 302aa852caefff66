// Deltas in, what an Anthropic caller sees out. Streams are read back with the dialect's own reader as well, which knows
// the protocol's rules; the exact bytes are pinned where they matter.
#include <gtest/gtest.h>

#include "dialects/anthropic_response_write.h"
#include "dialects/anthropic_support.h"

using namespace aigw;
using namespace aigw::dialects;
using namespace aigw::dialects::test;
using chat::Delta;
using chat::FinishReason;
using Kind = chat::Delta::Kind;

namespace {

Delta text_of(Kind kind, std::string_view text, uint32_t index = 0) {
    Delta delta{.kind = kind};
    delta.text = {text};
    delta.index = index;
    return delta;
}
Delta start() {
    Delta delta{.kind = Kind::Start};
    delta.id = {"chatcmpl-1"};
    delta.name = {"gpt"};
    return delta;
}
Delta tool(uint32_t index, std::string_view id, std::string_view name) {
    Delta delta{.kind = Kind::ToolStart};
    delta.index = index;
    delta.id = {id};
    delta.name = {name};
    return delta;
}
Delta args(uint32_t index, std::string_view text) { return text_of(Kind::ToolArgs, text, index); }
Delta tool_end(uint32_t index) { return text_of(Kind::ToolEnd, {}, index); }
Delta finish(FinishReason reason, std::string_view word = {}) {
    Delta delta = text_of(Kind::Finish, word);
    delta.finish = reason;
    return delta;
}
const chat::Usage kUsage{.prompt = 30, .completion = 7, .cached = 20, .cache_write = 4, .reasoning = 2};
Delta usage(const chat::Usage &counts = kUsage) {
    Delta delta{.kind = Kind::Usage};
    delta.usage = &counts;
    return delta;
}
Delta end() { return Delta{.kind = Kind::End}; }

AnswerOptions options(bool stream) {
    AnswerOptions options;
    options.stream = stream;
    options.fallback_id = "req_1";
    options.model = "asked";
    options.input_tokens = 25;
    return options;
}

std::string write(bool stream, const std::vector<Delta> &deltas) {
    auto writer = anthropic_messages().response_writer(options(stream));
    std::string out;
    for (const Delta &delta : deltas)
        writer->write(delta, out);
    return out;
}

// The events' names with the index of their block, and what deltas carry.
std::string outline(const std::string &stream) {
    std::string out;
    for_each_event({stream}, [&](const SseEvent &event, const JsonDoc *doc) {
        ASSERT_NE(doc, nullptr) << event.data;
        const JsonValue root = doc->root();
        EXPECT_TRUE(root["type"].equals(event.name)) << event.data;
        const std::string index = std::string(root["index"].raw());
        if (event.name == "content_block_start")
            out += "[" + index + root["content_block"]["type"].text().decode() + " ";
        else if (event.name == "content_block_stop")
            out += index + "] ";
        else if (event.name == "content_block_delta")
            for (const char *member : {"text", "thinking", "signature", "partial_json"})
                out += root["delta"][member].text().decode();
        else
            out += std::string(event.name) + " ";
    });
    return out;
}

std::string stream_outline(std::vector<Delta> content) {
    content.insert(content.begin(), start());
    content.push_back(finish(FinishReason::Stop));
    content.push_back(end());
    const std::string all = outline(write(true, content));
    const std::string head = "message_start ping ", tail = "message_delta message_stop ";
    EXPECT_EQ(all.substr(0, head.size()), head);
    EXPECT_GE(all.size(), head.size() + tail.size());
    EXPECT_EQ(all.substr(all.size() - tail.size()), tail);
    return all.substr(head.size(), all.size() - head.size() - tail.size());
}

}  // namespace

TEST(AnthropicStreamWrite, WritesTextExactly) {
    EXPECT_EQ(write(true, {start(), text_of(Kind::Text, "a\\n\\u00e9"), finish(FinishReason::Stop), usage(), end()}),
              "event: message_start\n"
              R"(data: {"type":"message_start","message":{"id":"chatcmpl-1","type":"message","role":"assistant","model":"gpt",)"
              R"("content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,)"
              R"("cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}})"
              "\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n"
              "event: content_block_start\n"
              R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
              "\n\nevent: content_block_delta\n"
              R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\n\u00e9"}})"
              "\n\nevent: content_block_stop\n"
              R"(data: {"type":"content_block_stop","index":0})"
              "\n\nevent: message_delta\n"
              R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":)"
              R"({"input_tokens":6,"cache_creation_input_tokens":4,"cache_read_input_tokens":20,"output_tokens":7,)"
              R"("output_tokens_details":{"thinking_tokens":2}}})"
              "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}

TEST(AnthropicStreamWrite, WritesEachEventAtOnce) {
    auto writer = anthropic_messages().response_writer(options(true));
    std::string out;
    writer->write(start(), out);
    EXPECT_EQ(outline(out), "message_start ping ");
    out.clear();
    writer->write(text_of(Kind::Text, "a"), out);
    EXPECT_EQ(outline(out), "[0text a");
    out.clear();
    writer->write(text_of(Kind::Text, "b"), out);
    EXPECT_EQ(outline(out), "b");
    out.clear();
    writer->write(finish(FinishReason::Stop), out);
    EXPECT_EQ(outline(out), "0] ");
    out.clear();
    writer->write(usage(), out);
    EXPECT_EQ(out, "");
}

TEST(AnthropicStreamWrite, ClosesABlockBeforeTheNext) {
    EXPECT_EQ(stream_outline({text_of(Kind::Reasoning, "hm"), text_of(Kind::Signature, "sig"), text_of(Kind::Redacted, "xx"),
                              text_of(Kind::Text, "a"), text_of(Kind::Refusal, "b"), tool(0, "t", "f"), args(0, "{}"),
                              tool_end(0), text_of(Kind::Text, "c")}),
              "[0thinking hmsig0] [1redacted_thinking 1] [2text ab2] [3tool_use {}3] [4text c4] ");
}

TEST(AnthropicStreamWrite, KeepsThinkingBlocksApart) {
    EXPECT_EQ(stream_outline({text_of(Kind::Reasoning, "a", 0), text_of(Kind::Reasoning, "b", 1), text_of(Kind::Signature, "s", 1),
                              text_of(Kind::Signature, "only", 2)}),
              "[0thinking a0] [1thinking bs1] [2thinking only2] ");
}

TEST(AnthropicStreamWrite, NeverMakesUpASignature) {
    const std::string out = write(true, {start(), text_of(Kind::Reasoning, "hm"), finish(FinishReason::Stop), end()});
    EXPECT_EQ(out.find("signature_delta"), std::string::npos);
    EXPECT_NE(out.find(R"({"type":"thinking","thinking":"","signature":""})"), std::string::npos);
}

TEST(AnthropicStreamWrite, StreamsParallelToolsThatFollowEachOther) {
    auto writer = anthropic_messages().response_writer(options(true));
    std::string out;
    for (const Delta &delta : {start(), tool(0, "a", "f"), args(0, "{\\\"x\\\":"), args(0, "1}"), tool(1, "b", "g"), args(1, "{")})
        writer->write(delta, out);
    EXPECT_EQ(outline(out), "message_start ping [0tool_use {\"x\":1}0] [1tool_use {");
}

TEST(AnthropicStreamWrite, BuffersInterleavedTools) {
    EXPECT_EQ(stream_outline({tool(0, "a", "f"), args(0, "{0"), tool(1, "b", "g"), args(1, "{1"), args(0, "0"), tool(2, "c", "h"),
                              args(1, "1}"), text_of(Kind::Text, "t"), args(0, "}"), tool_end(0), args(2, "{}")}),
              "[0tool_use {00}0] [1tool_use {11}1] [2tool_use {}2] [3text t3] ");
}

TEST(AnthropicStreamWrite, WritesToolsWithoutArguments) {
    const std::string out = write(true, {start(), tool(0, "a\\/", "f"), tool_end(0), finish(FinishReason::ToolCalls), end()});
    EXPECT_NE(out.find(R"("content_block":{"type":"tool_use","id":"a\/","name":"f","input":{}})"), std::string::npos);
    EXPECT_EQ(out.find("input_json_delta"), std::string::npos);
}

TEST(AnthropicStreamWrite, LeavesOutEmptyPieces) {
    EXPECT_EQ(stream_outline({text_of(Kind::Text, ""), text_of(Kind::Reasoning, ""), text_of(Kind::Signature, ""),
                              text_of(Kind::Refusal, ""), args(5, "{}"), tool_end(5)}),
              "");
}

TEST(AnthropicStreamWrite, MapsFinishReasons) {
    const auto reason = [](std::vector<Delta> deltas) {
        deltas.push_back(end());
        const std::string out = write(true, deltas);
        const std::string key = "\"stop_reason\":\"";
        const size_t at = out.find(key) + key.size();
        return out.substr(at, out.find('"', at) - at);
    };
    EXPECT_EQ(reason({finish(FinishReason::Stop, "stop")}), "end_turn");
    EXPECT_EQ(reason({finish(FinishReason::Length, "length")}), "max_tokens");
    EXPECT_EQ(reason({finish(FinishReason::ToolCalls, "tool_calls")}), "tool_use");
    EXPECT_EQ(reason({finish(FinishReason::ContentFilter, "content_filter")}), "refusal");
    EXPECT_EQ(reason({}), "end_turn");
    EXPECT_EQ(reason({tool(0, "a", "f"), finish(FinishReason::Stop, "stop")}), "tool_use");
    EXPECT_EQ(reason({finish(FinishReason::Stop, "pause_turn")}), "pause_turn");
    Delta hit = finish(FinishReason::Stop, "stop");
    hit.stop_sequence = {"END\\n"};
    EXPECT_EQ(reason({hit}), "stop_sequence");
    EXPECT_NE(write(true, {hit, end()}).find(R"("stop_sequence":"END\n"})"), std::string::npos);
}

TEST(AnthropicStreamWrite, StandsInForWhatTheProviderLeftOut) {
    const std::string out = write(true, {text_of(Kind::Text, "a"), end()});
    EXPECT_EQ(outline(out), "message_start ping [0text a0] message_delta message_stop ");
    EXPECT_NE(out.find(R"("id":"req_1")"), std::string::npos);
    EXPECT_NE(out.find(R"("model":"asked")"), std::string::npos);
    EXPECT_EQ(outline(write(true, {end()})), "message_start ping message_delta message_stop ");
}

TEST(AnthropicStreamWrite, EndsOnce) {
    const std::string once = write(true, {start(), end()});
    EXPECT_EQ(write(true, {start(), end(), end(), text_of(Kind::Text, "late"), usage()}), once);
    chat::ApiError error;
    error.message = "Cut.";
    Delta failed{.kind = Kind::Error};
    failed.error = &error;
    EXPECT_EQ(outline(write(true, {start(), text_of(Kind::Text, "a"), failed, end()})), "message_start ping [0text aerror ");
}

TEST(AnthropicStreamWrite, KeepsToTheFirstChoice) {
    Delta other = text_of(Kind::Text, "no");
    other.choice = 1;
    EXPECT_EQ(stream_outline({text_of(Kind::Text, "a"), other}), "[0text a0] ");
}

TEST(AnthropicStreamWrite, BoundsWhatWaits) {
    const std::string piece(anthropic::kMaxWaitingBytes / 4, 'x');
    std::vector<Delta> deltas{start(), tool(0, "a", "f"), args(0, "{"), tool(1, "b", "g")};
    for (int i = 0; i < 4; ++i)
        deltas.push_back(args(1, piece));
    EXPECT_EQ(write(true, deltas).find("event: error"), std::string::npos);
    deltas.push_back(args(1, "y"));
    deltas.push_back(end());
    const std::string over = write(true, deltas);
    EXPECT_NE(over.find("event: error"), std::string::npos);
    EXPECT_EQ(over.find("message_stop"), std::string::npos);
}

TEST(AnthropicMessageWrite, WritesWholeMessage) {
    EXPECT_EQ(write(false, {start(), text_of(Kind::Reasoning, "hm"), text_of(Kind::Signature, "s="), text_of(Kind::Redacted, "x"),
                            text_of(Kind::Text, "a"), text_of(Kind::Text, "\\nb"), tool(0, "t1", "f"), tool(1, "t2", "g"),
                            args(0, "{\\\"k\\\": "), args(0, "\\\"\\\\u00e9\\\"}"), tool_end(0), tool_end(1),
                            finish(FinishReason::ToolCalls, "tool_calls"), usage(), end()}),
              R"({"id":"chatcmpl-1","type":"message","role":"assistant","model":"gpt","content":[)"
              R"({"type":"thinking","thinking":"hm","signature":"s="},{"type":"redacted_thinking","data":"x"},)"
              R"({"type":"text","text":"a\nb"},{"type":"tool_use","id":"t1","name":"f","input":{"k": "\u00e9"}},)"
              R"({"type":"tool_use","id":"t2","name":"g","input":{}}],"stop_reason":"tool_use","stop_sequence":null,"usage":)"
              R"({"input_tokens":6,"cache_creation_input_tokens":4,"cache_read_input_tokens":20,"output_tokens":7,)"
              R"("output_tokens_details":{"thinking_tokens":2}}})");
}

TEST(AnthropicMessageWrite, KeepsArgumentsThatAreNoObjectVisible) {
    for (const char *bad : {"{\\\"a\\\":", "[1]", "nope", "1"}) {
        const std::string out = write(false, {start(), tool(0, "t", "f"), args(0, bad), finish(FinishReason::Length), end()});
        EXPECT_NE(out.find(R"("input":{"INVALID_JSON":")" + std::string(bad) + "\"}"), std::string::npos) << out;
        EXPECT_TRUE(is_json(out)) << out;
    }
    EXPECT_NE(write(false, {start(), tool(0, "t", "f"), args(0, " "), end()}).find(R"("input":{})"), std::string::npos);
}

TEST(AnthropicMessageWrite, WritesNothingBeforeTheEnd) {
    EXPECT_EQ(write(false, {start(), text_of(Kind::Text, "a"), finish(FinishReason::Stop), usage()}), "");
    EXPECT_TRUE(is_json(write(false, {end()})));
    const std::string once = write(false, {start(), end()});
    EXPECT_EQ(write(false, {start(), end(), end(), text_of(Kind::Text, "late")}), once);
}

TEST(AnthropicMessageWrite, CountsCannotGoBelowZero) {
    const chat::Usage odd{.prompt = 7, .completion = 1, .cached = 163, .cache_write = 0, .reasoning = 0};
    EXPECT_NE(write(false, {start(), usage(odd), end()}).find(R"("input_tokens":0,)"), std::string::npos);
}

TEST(AnthropicRoundTrip, ReadsBackWhatItWrote) {
    const std::vector<Delta> deltas{start(),
                                    text_of(Kind::Reasoning, "h\\u0000m"),
                                    text_of(Kind::Signature, "s"),
                                    text_of(Kind::Text, "\\ud83d\\ude00 \\\"q\\\""),
                                    tool(0, "t1", "f"),
                                    args(0, "{\\\"a\\\":"),
                                    tool(1, "t2", "g"),
                                    args(1, "{}"),
                                    args(0, "1}"),
                                    tool_end(0),
                                    tool_end(1),
                                    finish(FinishReason::ToolCalls, "tool_calls"),
                                    usage(),
                                    end()};
    Answer sent;
    for (const Delta &delta : deltas)
        sent.on_delta(delta);
    const Answer streamed = read_stream(anthropic_messages(), write(true, deltas));
    Answer whole = read_whole(anthropic_messages(), write(false, deltas));
    EXPECT_EQ(streamed.text, sent.text);
    EXPECT_EQ(streamed.reasoning, sent.reasoning);
    EXPECT_EQ(streamed.signature, sent.signature);
    EXPECT_EQ(streamed.tools, sent.tools);
    EXPECT_EQ(streamed.usages, sent.usages);
    EXPECT_EQ(streamed.finish, sent.finish);
    EXPECT_EQ(whole.text, sent.text);
    EXPECT_EQ(whole.usages, sent.usages);
    EXPECT_EQ(whole.tools.at(0), sent.tools.at(0));
    EXPECT_EQ(whole.tools.at(1).arguments, "");  // {} needs no arguments
}
