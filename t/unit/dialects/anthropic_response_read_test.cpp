#include <gtest/gtest.h>

#include "dialects/anthropic_response_read.h"
#include "dialects/anthropic_support.h"

using namespace aigw;
using namespace aigw::dialects;
using namespace aigw::dialects::test;
using chat::FinishReason;

namespace {

const Dialect &dialect = anthropic_messages();

const std::string kStart =
    R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[],)"
    R"("usage":{"input_tokens":10,"cache_read_input_tokens":4,"cache_creation_input_tokens":2,"output_tokens":1}}})";
const std::string kStop = R"({"type":"message_stop"})";

std::string block_start(int index, const std::string &block) {
    return R"({"type":"content_block_start","index":)" + std::to_string(index) + R"(,"content_block":)" + block + "}";
}
std::string block_delta(int index, const std::string &delta) {
    return R"({"type":"content_block_delta","index":)" + std::to_string(index) + R"(,"delta":)" + delta + "}";
}
std::string block_stop(int index) {
    return R"({"type":"content_block_stop","index":)" + std::to_string(index) + "}";
}
std::string message_delta(const std::string &reason, const std::string &usage = R"({"output_tokens":7})") {
    return R"({"type":"message_delta","delta":{"stop_reason":)" + reason + R"(,"stop_sequence":null},"usage":)" + usage + "}";
}
std::string text_delta(int index, const std::string &text) {
    return block_delta(index, R"({"type":"text_delta","text":")" + text + "\"}");
}

Answer stream(std::vector<std::string> events) {
    return read_stream(dialect, anthropic_stream(events));
}

// The same content in a whole stream.
Answer around(std::vector<std::string> blocks, const std::string &reason = R"("end_turn")") {
    blocks.insert(blocks.begin(), kStart);
    blocks.push_back(message_delta(reason));
    blocks.push_back(kStop);
    return stream(blocks);
}

}  // namespace

TEST(AnthropicResponseRead, ReadsTextStream) {
    const Answer answer = around({block_start(0, R"({"type":"text","text":""})"), R"({"type": "ping"})",
                                  text_delta(0, "Hel"), text_delta(0, "lo \\ud83d\\ude00\\n"), block_stop(0)});
    EXPECT_EQ(answer.log, "STXUE");
    EXPECT_EQ(answer.id, "msg_1");
    EXPECT_EQ(answer.model, "claude");
    EXPECT_EQ(answer.text, "Hello \U0001F600\n");
    EXPECT_EQ(answer.finish, FinishReason::Stop);
    EXPECT_EQ(answer.finish_word, "end_turn");
    EXPECT_EQ(answer.error, "");
}

TEST(AnthropicResponseRead, TurnsDisjointCountsIntoOpenAIs) {
    const Answer answer = around({});
    ASSERT_EQ(answer.usages.size(), 1u);
    EXPECT_EQ(answer.usages[0], (chat::Usage{.prompt = 16, .completion = 7, .cached = 4, .cache_write = 2, .reasoning = 0}));
    ASSERT_EQ(answer.early_usages.size(), 1u);  // of message_start: what the prompt cost is known from the first event
    EXPECT_GT(answer.early_usages[0].prompt, 0);
}

TEST(AnthropicResponseRead, OverwritesCountsThatComeAgain) {
    const Answer answer = stream(
        {kStart,
         message_delta(R"("end_turn")", R"({"input_tokens":20,"cache_read_input_tokens":0,"cache_creation_input_tokens":5,)"
                                        R"("output_tokens":9,"output_tokens_details":{"thinking_tokens":3}})"),
         kStop});
    ASSERT_EQ(answer.usages.size(), 1u);
    EXPECT_EQ(answer.usages[0], (chat::Usage{.prompt = 25, .completion = 9, .cached = 0, .cache_write = 5, .reasoning = 3}));
}

TEST(AnthropicResponseRead, IgnoresCountsThatCantBe) {
    for (const char *bad : {"-1", "1e308", "1000000001", "\"5\"", "null", "1.5"}) {
        const Answer answer = stream({kStart, message_delta(R"("end_turn")", R"({"output_tokens":)" + std::string(bad) + "}"),
                                      kStop});
        EXPECT_TRUE(answer.usages.empty()) << bad;
        EXPECT_EQ(answer.error, "");
    }
    const Answer most = stream({kStart, message_delta(R"("end_turn")", R"({"output_tokens":1000000000})"), kStop});
    EXPECT_EQ(most.usages.at(0).completion, kMaxTokens);
    const Answer sum = stream({kStart,
                               message_delta(R"("end_turn")", R"({"input_tokens":1000000000,"output_tokens":1,)"
                                                              R"("cache_read_input_tokens":1000000000})"),
                               kStop});
    EXPECT_EQ(sum.usages.at(0).prompt, kMaxTokens);
    EXPECT_EQ(sum.usages.at(0).cached, kMaxTokens);
    EXPECT_EQ(sum.usages.at(0).cache_write, 0);
}

TEST(AnthropicResponseRead, NumbersToolsByThemselves) {
    const Answer answer = around(
        {block_start(0, R"({"type":"text","text":""})"), text_delta(0, "ok"), block_stop(0),
         block_start(1, R"({"type":"tool_use","id":"t1","name":"f","input":{}})"),
         block_delta(1, R"({"type":"input_json_delta","partial_json":""})"),
         block_delta(1, R"({"type":"input_json_delta","partial_json":"{\"a\": \"x\\n"})"),
         block_delta(1, R"({"type":"input_json_delta","partial_json":"\"}"})"), block_stop(1),
         block_start(2, R"({"type":"tool_use","id":"t2","name":"g","input":{}})"),
         block_delta(2, R"({"type":"input_json_delta","partial_json":""})"), block_stop(2)},
        R"("tool_use")");
    EXPECT_EQ(answer.log, "STtaeteXUE");
    ASSERT_EQ(answer.tools.size(), 2u);
    EXPECT_EQ(answer.tools[0], (Answer::Tool{"t1", "f", "{\"a\": \"x\\n\"}", true}));
    EXPECT_EQ(answer.tools[1], (Answer::Tool{"t2", "g", "", true}));
    EXPECT_EQ(answer.finish, FinishReason::ToolCalls);
}

TEST(AnthropicResponseRead, TakesInputThatStoodInTheStart) {
    const Answer whole = around({block_start(0, R"({"type":"tool_use","id":"t","name":"f","input":{"a": [1, "b c"]}})"),
                                 block_stop(0)});
    EXPECT_EQ(whole.tools.at(0).arguments, R"({"a":[1,"b c"]})");
    const Answer pieces = around({block_start(0, R"({"type":"tool_use","id":"t","name":"f","input":{"a":1}})"),
                                  block_delta(0, R"({"type":"input_json_delta","partial_json":"{}"})"), block_stop(0)});
    EXPECT_EQ(pieces.tools.at(0).arguments, "{}");
}

TEST(AnthropicResponseRead, FollowsInterleavedBlocks) {
    const Answer answer = around({block_start(3, R"({"type":"tool_use","id":"a","name":"f","input":{}})"),
                                  block_start(7, R"({"type":"tool_use","id":"b","name":"g","input":{}})"),
                                  block_delta(7, R"({"type":"input_json_delta","partial_json":"{7}"})"),
                                  block_delta(3, R"({"type":"input_json_delta","partial_json":"{3}"})"), block_stop(7)});
    EXPECT_EQ(answer.tools.at(0), (Answer::Tool{"a", "f", "{3}", true}));
    EXPECT_EQ(answer.tools.at(1), (Answer::Tool{"b", "g", "{7}", true}));
}

TEST(AnthropicResponseRead, ReadsThinking) {
    const Answer answer = around({block_start(0, R"({"type":"thinking","thinking":"","signature":""})"),
                                  block_delta(0, R"({"type":"thinking_delta","thinking":"hm"})"),
                                  block_delta(0, R"({"type":"signature_delta","signature":"c2ln/+="})"), block_stop(0),
                                  block_start(1, R"({"type":"redacted_thinking","data":"eHg="})"), block_stop(1),
                                  block_start(2, R"({"type":"text","text":"a"})"), block_stop(2)});
    EXPECT_EQ(answer.log, "SRGDTXUE");
    EXPECT_EQ(answer.reasoning, "hm");
    EXPECT_EQ(answer.signature, "c2ln/+=");
    EXPECT_EQ(answer.redacted, "eHg=;");
    EXPECT_EQ(answer.text, "a");
}

TEST(AnthropicResponseRead, NumbersThinkingBlocks) {
    struct : chat::DeltaSink {
        std::string seen;
        void on_delta(const chat::Delta &delta) override {
            if (delta.kind == chat::Delta::Kind::Reasoning || delta.kind == chat::Delta::Kind::Redacted)
                seen += std::to_string(delta.index);
        }
    } sink;
    const Parsed parsed(R"({"content":[{"type":"thinking","thinking":"a","signature":"s"},{"type":"redacted_thinking",)"
                        R"("data":"d"},{"type":"thinking","thinking":"b","signature":"s"}]})");
    EXPECT_TRUE(dialect.response_reader()->answer(parsed.doc(), sink).has_value());
    EXPECT_EQ(sink.seen, "012");
}

TEST(AnthropicResponseRead, PassesOverWhatItDoesNotKnow) {
    const Answer answer = around(
        {block_start(0, R"({"type":"server_tool_use","id":"s","name":"web_search","input":{}})"),
         block_delta(0, R"({"type":"input_json_delta","partial_json":"{\"query\":1}"})"), block_stop(0),
         block_start(1, R"({"type":"web_search_tool_result","tool_use_id":"s","content":[]})"), block_stop(1),
         block_start(2, R"({"type":"hologram","text":"no"})"), block_delta(2, R"({"type":"text_delta","text":"no"})"),
         block_stop(2), R"({"type":"weather","x":1})", block_start(3, R"({"type":"text","text":""})"),
         block_delta(3, R"({"type":"citations_delta","citation":{}})"), block_delta(3, R"({"type":"future_delta"})"),
         text_delta(3, "yes"), block_stop(3), block_start(4, R"({"type":"tool_use","id":"t","name":"f","input":{}})"),
         block_delta(9, R"({"type":"input_json_delta","partial_json":"{}"})"), block_stop(4), block_stop(11)});
    EXPECT_EQ(answer.log, "STteXUE");
    EXPECT_EQ(answer.text, "yes");
    EXPECT_EQ(answer.tools.at(0).arguments, "");
}

TEST(AnthropicResponseRead, TakesTheFirstStartOnly) {
    const std::string second = R"({"type":"message_start","message":{"id":"msg_2","model":"x","usage":{"input_tokens":99}}})";
    const Answer answer = around({second, block_start(0, R"({"type":"text","text":"a"})"), second, block_stop(0)});
    EXPECT_EQ(answer.log, "STXUE");
    EXPECT_EQ(answer.id, "msg_1");
    EXPECT_EQ(answer.usages.at(0).prompt, 16);
}

TEST(AnthropicResponseRead, MapsStopReasons) {
    const struct {
        const char *word;
        FinishReason finish;
    } rows[] = {
        {"end_turn", FinishReason::Stop},      {"stop_sequence", FinishReason::Stop}, {"pause_turn", FinishReason::Stop},
        {"max_tokens", FinishReason::Length},  {"tool_use", FinishReason::ToolCalls}, {"refusal", FinishReason::ContentFilter},
        {"tomorrow", FinishReason::Stop},      {"model_context_window_exceeded", FinishReason::Length},
    };
    for (const auto &row : rows) {
        const Answer answer = around({}, "\"" + std::string(row.word) + "\"");
        EXPECT_EQ(answer.finish, row.finish) << row.word;
        EXPECT_EQ(answer.finish_word, row.word);
    }
    const Answer hit = stream({kStart, R"({"type":"message_delta","delta":{"stop_reason":"stop_sequence",)"
                                       R"("stop_sequence":"END"},"usage":{"output_tokens":1}})",
                               kStop});
    EXPECT_EQ(hit.stop_sequence, "END");
}

TEST(AnthropicResponseRead, CallsACutStreamCut) {
    for (const std::vector<std::string> &events : std::vector<std::vector<std::string>>{
             {},
             {kStart},
             {kStart, block_start(0, R"({"type":"text","text":"a"})")},
             {kStart, block_start(0, R"({"type":"text","text":"a"})"), block_stop(0), message_delta(R"("end_turn")")}}) {
        const Answer answer = stream(events);
        EXPECT_EQ(answer.error, "502 upstream_error: The provider's answer was cut off.");
        EXPECT_EQ(answer.log.find('E'), std::string::npos);
    }
}

TEST(AnthropicResponseRead, EndsWithTheProvidersError) {
    const Answer busy = stream({kStart, block_start(0, R"({"type":"text","text":"a"})"),
                                R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"});
    EXPECT_EQ(busy.error.substr(0, 14), "529 overloaded");
    EXPECT_EQ(busy.log, "ST");
    const Answer limited = stream({R"({"type":"error","error":{"type":"rate_limit_error","message":"slow down"}})"});
    EXPECT_EQ(limited.error, "429 rate_limit_exceeded: slow down");
    const Answer field = read_stream(dialect, "error: {\"error\":{\"code\":500,\"message\":\"secret path\"}}\n\n");
    EXPECT_EQ(field.error.substr(0, 18), "500 upstream_error");
    EXPECT_EQ(field.error.find("secret"), std::string::npos);
}

TEST(AnthropicResponseRead, RefusesWhatIsNoEvent) {
    for (const char *bad : {"{\"type\":", "[]", "\"text\"", "1", "<html>"}) {
        const Answer answer = read_stream(dialect, "event: message_start\ndata: " + std::string(bad) + "\n\n");
        EXPECT_EQ(answer.error.substr(0, 18), "502 upstream_error") << bad;
    }
}

TEST(AnthropicResponseRead, StaysQuietAfterTheEnd) {
    std::string text = anthropic_stream({kStart, message_delta(R"("end_turn")"), kStop, kStart, text_delta(0, "more"),
                                         R"({"type":"error","error":{"type":"api_error","message":"late"}})"});
    text += "data: [DONE]\n\n";
    const Answer answer = read_stream(dialect, text);
    EXPECT_EQ(answer.log, "SXUE");
    EXPECT_EQ(answer.error, "");
}

TEST(AnthropicResponseRead, EndsWithoutAStopReason) {
    const Answer answer = stream({kStart, block_start(0, R"({"type":"tool_use","id":"t","name":"f","input":{}})"), kStop});
    EXPECT_EQ(answer.log, "SteXE");
    EXPECT_EQ(answer.finish, FinishReason::ToolCalls);
}

TEST(AnthropicResponseRead, BoundsOpenBlocks) {
    std::vector<std::string> events{kStart};
    for (size_t i = 0; i < anthropic::kMaxOpenBlocks; ++i)
        events.push_back(block_start(static_cast<int>(i), R"({"type":"text","text":""})"));
    const std::string full = anthropic_stream(events);
    EXPECT_EQ(read_pieces(dialect, {full}).error, "502 upstream_error: The provider's answer was cut off.");
    const std::string over = full + anthropic_stream({block_start(1000, R"({"type":"text","text":""})")});
    EXPECT_EQ(read_pieces(dialect, {over}).error, "502 upstream_error: The provider opened too many content blocks.");
}

TEST(AnthropicResponseRead, ReadsWholeAnswer) {
    const Answer answer = read_whole(
        dialect, R"({"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[)"
                 R"({"type":"thinking","thinking":"hm","signature":"sg"},{"type":"redacted_thinking","data":"d"},)"
                 R"({"type":"text","text":"one "},{"type":"server_tool_use","id":"s","name":"w","input":{"q":1}},)"
                 R"({"type":"text","text":"two"},{"type":"tool_use","id":"t1","name":"f","input":{ "a" : "b\"c" }},)"
                 R"({"type":"tool_use","id":"t2","name":"g","input":{}}],"stop_reason":"tool_use","stop_sequence":null,)"
                 R"("usage":{"input_tokens":1,"cache_read_input_tokens":2,"cache_creation_input_tokens":3,"output_tokens":4}})");
    EXPECT_EQ(answer.log, "SRGDTtaeteXUE");
    EXPECT_EQ(answer.text, "one two");
    ASSERT_EQ(answer.tools.size(), 2u);
    EXPECT_EQ(answer.tools[0].arguments, R"({"a":"b\"c"})");
    EXPECT_EQ(answer.tools[1].arguments, "");
    EXPECT_EQ(answer.usages.at(0), (chat::Usage{.prompt = 6, .completion = 4, .cached = 2, .cache_write = 3, .reasoning = 0}));
}

TEST(AnthropicResponseRead, ReadsAnEmptyAnswer) {
    const Answer answer = read_whole(dialect, R"({"id":"m","type":"message","content":[],"stop_reason":"refusal"})");
    EXPECT_EQ(answer.log, "SXE");
    EXPECT_EQ(answer.finish, FinishReason::ContentFilter);
}

TEST(AnthropicResponseRead, RefusesWhatIsNoAnswer) {
    for (const char *bad : {"[]", "{}", "null", R"({"content":"x"})", R"({"choices":[]})"})
        EXPECT_EQ(read_whole(dialect, bad).error, "502 upstream_error: The provider's answer is not a message.") << bad;
    EXPECT_EQ(read_whole(dialect, R"({"type":"error","error":{"type":"overloaded_error","message":"x"}})").error.substr(0, 14),
              "529 overloaded");
}

TEST(AnthropicResponseRead, PassesEventsByteForByte) {
    const std::string in = "id: 7\nevent: message_start\ndata: {\"type\":\"message_start\" }   \n\n: note\n\nevent:ping\r\n"
                           "data: {\"type\": \"ping\"}\r\n\r\nretry: 5\ndata: {\"type\":\"message_stop\"  }\n\ndata: [DONE]\n\n";
    std::string out;
    for_each_event({in}, [&](const SseEvent &event, const JsonDoc *doc) { dialect.pass_event(event, doc, {}, out); });
    EXPECT_EQ(out, "event: message_start\ndata: {\"type\":\"message_start\" }   \n\nevent: ping\ndata: {\"type\": \"ping\"}\n\n"
                   "event: message_stop\ndata: {\"type\":\"message_stop\"  }\n\n");
    EXPECT_EQ(dialect.terminal_event(), "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}
