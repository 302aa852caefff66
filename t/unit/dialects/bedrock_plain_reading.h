// The plain reading of Bedrock's answers, by jansson and OpenSSL and without any code of ours (plain_reading.h).
#pragma once

#include <openssl/evp.h>

#include <string>
#include <string_view>
#include <vector>

#include "dialects/plain_reading.h"

namespace aigw::dialects::plain {

struct Frame {
    std::string event;  // :event-type
    std::string payload;
};

inline size_t big_endian(std::string_view bytes, size_t at, int size) {
    size_t value = 0;
    for (int i = 0; i < size; ++i) {
        value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<size_t>(i)]);
    }
    return value;
}

// String headers only, as all recordings have them.
inline std::vector<Frame> frames(std::string_view stream) {
    std::vector<Frame> out;
    while (stream.size() >= 16) {
        const size_t all = big_endian(stream, 0, 4), headers = big_endian(stream, 4, 4);
        Frame frame;
        for (size_t at = 12; at < 12 + headers;) {
            const size_t name = big_endian(stream, at, 1), value = big_endian(stream, at + 2 + name, 2);
            if (stream.substr(at + 1, name) == ":event-type") frame.event = stream.substr(at + 4 + name, value);
            at += 4 + name + value;
        }
        frame.payload = stream.substr(12 + headers, all - 16 - headers);
        out.push_back(std::move(frame));
        stream.remove_prefix(all);
    }
    return out;
}

inline std::string from_base64(const std::string &text) {
    std::string out(text.size(), '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char *>(out.data()),
                                     reinterpret_cast<const unsigned char *>(text.data()), static_cast<int>(text.size()));
    if (size < 0) return {};
    size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    out.resize(static_cast<size_t>(size) - padding);
    return out;
}

inline chat::FinishReason converse_finish(const std::string &word) {
    if (word == "guardrail_intervened" || word == "content_filtered") return chat::FinishReason::ContentFilter;
    return finish_of(word);
}

inline void converse_usage(const json_t *usage, PlainAnswer &to) {
    if (!json_is_object(usage)) return;
    const Tokens read = count_of(usage, "cacheReadInputTokens"), write = count_of(usage, "cacheWriteInputTokens");
    to.usage = {count_of(usage, "inputTokens") + read + write, count_of(usage, "outputTokens"), read, write, 0};
    EXPECT_EQ(count_of(usage, "totalTokens"), to.usage->total()) << "the recording's own sum";
}

inline bool is_client_tool(const json_t *tool) { return tool && text_of(tool, "type") != "server_tool_use"; }

inline void converse_block(const json_t *block, PlainChoice &to) {
    to.text += text_of(block, "text");
    const json_t *tool = json_object_get(block, "toolUse");
    const json_t *thinking = json_object_get(block, "reasoningContent");
    const json_t *thought = json_object_get(thinking, "reasoningText");
    if (is_client_tool(tool)) {
        char *input = json_dumps(json_object_get(tool, "input"), JSON_COMPACT);
        to.tools.push_back({text_of(tool, "toolUseId"), text_of(tool, "name"), input});
        free(input);
    }
    to.reasoning += text_of(thought, "text");
    if (std::string s = text_of(thought, "signature"); !s.empty()) to.signatures.push_back(s);
    if (std::string s = text_of(thinking, "redactedContent"); !s.empty()) to.redacted.push_back(from_base64(s));
    size_t i;
    json_t *piece;
    json_array_foreach(json_object_get(json_object_get(block, "citationsContent"), "content"), i, piece) {
        to.text += text_of(piece, "text");
    }
}

inline void converse_event(const Frame &frame, const json_t *root, PlainAnswer &to, bool &client_tool) {
    PlainChoice &choice = to.choices[0];
    const json_t *delta = json_object_get(root, "delta");
    const json_t *thinking = json_object_get(delta, "reasoningContent");
    if (frame.event == "contentBlockStart") {
        const json_t *tool = json_object_get(json_object_get(root, "start"), "toolUse");
        client_tool = is_client_tool(tool);
        if (client_tool) choice.tools.push_back({text_of(tool, "toolUseId"), text_of(tool, "name"), {}});
    } else if (frame.event == "contentBlockDelta") {
        choice.text += text_of(delta, "text");
        choice.reasoning += text_of(thinking, "text");
        if (std::string s = text_of(thinking, "signature"); !s.empty()) choice.signatures.push_back(s);
        if (client_tool) choice.tools.back().arguments += text_of(json_object_get(delta, "toolUse"), "input");
    } else if (frame.event == "contentBlockStop") {
        client_tool = false;
    } else if (frame.event == "messageStop") {
        choice.finish = converse_finish(text_of(root, "stopReason"));
    } else if (frame.event == "metadata") {
        converse_usage(json_object_get(root, "usage"), to);
    }
}

inline PlainAnswer read_converse(bool stream, std::string_view body) {
    PlainAnswer answer;
    if (!stream) {
        Json root = parse(body);
        size_t i;
        json_t *block;
        const json_t *message = json_object_get(json_object_get(root.get(), "output"), "message");
        json_array_foreach(json_object_get(message, "content"), i, block) converse_block(block, answer.choices[0]);
        answer.choices[0].finish = converse_finish(text_of(root.get(), "stopReason"));
        converse_usage(json_object_get(root.get(), "usage"), answer);
    }
    bool client_tool = false;
    for (const Frame &frame : stream ? frames(body) : std::vector<Frame>()) {
        converse_event(frame, parse(frame.payload).get(), answer, client_tool);
    }
    canonise(answer);
    return answer;
}

// InvokeModel of a Claude: Anthropic's events, each in base64.
inline PlainAnswer read_invoked_claude(bool stream, std::string_view body) {
    if (!stream) return read("anthropic_messages", false, body);
    PlainAnswer answer;
    AnthropicCounts counts;
    for (const Frame &frame : frames(body)) {
        Json chunk = parse(frame.payload);
        Json event = parse(from_base64(text_of(chunk.get(), "bytes")));
        anthropic_event(event.get(), answer, counts);
    }
    answer.usage = counts.usage();
    canonise(answer);
    return answer;
}

}  // namespace aigw::dialects::plain
