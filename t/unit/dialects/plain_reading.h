// A second, plain reading of answers, by jansson and without any code of ours: what the dialects' readers are measured by.
#pragma once

#include "dialects/plain_gemini.h"
#include "dialects/plain_openai.h"
#include "dialects/plain_responses.h"

namespace aigw::dialects::plain {

// The counts as they stand now: a later one overwrites.
struct AnthropicCounts {
    Tokens input = 0, output = 0, read = 0, write = 0, thinking = 0;
    bool told = false;

    void take(const json_t *usage) {
        if (!json_is_object(usage)) return;
        told = true;
        overwrite(usage, "input_tokens", input);
        overwrite(usage, "output_tokens", output);
        overwrite(usage, "cache_read_input_tokens", read);
        overwrite(usage, "cache_creation_input_tokens", write);
        overwrite(json_object_get(usage, "output_tokens_details"), "thinking_tokens", thinking);
    }
    static void overwrite(const json_t *object, const char *name, Tokens &to) {
        if (json_t *value = json_object_get(object, name); json_is_integer(value)) to = json_integer_value(value);
    }
    chat::Usage usage() const { return {input + read + write, output, read, write, thinking}; }
};

inline void anthropic_block(const json_t *block, PlainChoice &to) {
    std::string type = text_of(block, "type");
    if (type == "text") to.text += text_of(block, "text");
    if (type == "thinking") {
        to.reasoning += text_of(block, "thinking");
        if (std::string s = text_of(block, "signature"); !s.empty()) to.signatures.push_back(s);
    }
    if (type == "redacted_thinking") to.redacted.push_back(text_of(block, "data"));
    if (type != "tool_use") return;
    std::string arguments;
    if (const json_t *input = json_object_get(block, "input"); json_object_size(input) > 0) {
        char *text = json_dumps(input, JSON_COMPACT);
        arguments = text;
        free(text);
    }
    to.tools.push_back({text_of(block, "id"), text_of(block, "name"), arguments});
}

inline void anthropic_answer(const json_t *root, PlainAnswer &to) {
    to.id = text_of(root, "id");
    to.model = text_of(root, "model");
    PlainChoice &choice = to.choices[0];
    size_t i;
    json_t *block;
    json_array_foreach(json_object_get(root, "content"), i, block) anthropic_block(block, choice);
    choice.finish = finish_of(text_of(root, "stop_reason"));
    AnthropicCounts counts;
    counts.take(json_object_get(root, "usage"));
    to.usage = counts.usage();
}

inline void anthropic_event(const json_t *root, PlainAnswer &to, AnthropicCounts &counts) {
    std::string type = text_of(root, "type");
    PlainChoice &choice = to.choices[0];
    const json_t *delta = json_object_get(root, "delta");
    if (type == "message_start" && to.id.empty()) {
        const json_t *message = json_object_get(root, "message");
        to.id = text_of(message, "id");
        to.model = text_of(message, "model");
        counts.take(json_object_get(message, "usage"));
    } else if (type == "content_block_start") {
        anthropic_block(json_object_get(root, "content_block"), choice);
    } else if (type == "content_block_delta") {
        choice.text += text_of(delta, "text");
        choice.reasoning += text_of(delta, "thinking");
        if (std::string s = text_of(delta, "signature"); !s.empty()) choice.signatures.push_back(s);
        if (text_of(delta, "type") == "input_json_delta" && !choice.tools.empty()) {
            choice.tools.back().arguments += text_of(delta, "partial_json");
        }
    } else if (type == "message_delta") {
        choice.finish = finish_of(text_of(delta, "stop_reason"));
        counts.take(json_object_get(root, "usage"));
    }
}

inline void canonise(PlainAnswer &answer) {
    for (auto &[number, choice] : answer.choices) {
        for (PlainTool &tool : choice.tools) {
            tool.arguments = canonical(tool.arguments);
        }
        if (choice.finish == chat::FinishReason::None) choice.finish = chat::FinishReason::Stop;
        // A forced call finishes with stop: the calls tell.
        if (!choice.tools.empty() && choice.finish == chat::FinishReason::Stop) choice.finish = chat::FinishReason::ToolCalls;
    }
}

// An answer of `dialect`, whole or streamed. `error` is set if something in it is no JSON.
inline PlainAnswer read(std::string_view dialect, bool stream, std::string_view body) {
    PlainAnswer answer;
    AnthropicCounts counts;
    GeminiCalls calls;
    bool is_openai = dialect == "openai_chat", is_gemini = dialect == "gemini";
    for (std::string_view payload : stream ? payloads(body) : std::vector<std::string_view>{body}) {
        if (payload == "[DONE]") {
            answer.ends += is_openai;
            continue;
        }
        Json root = parse(payload);
        if (!root) {
            answer.error = "not JSON";
            return answer;
        }
        if (text_of(root.get(), "type") == "message_stop") ++answer.ends;
        if (dialect == "openai_responses") {
            stream ? responses_event(root.get(), answer) : responses_answer(root.get(), answer);
        } else if (is_openai) {
            openai(root.get(), stream, answer);
        } else if (is_gemini) {
            gemini(root.get(), answer, calls);
        } else if (stream) {
            anthropic_event(root.get(), answer, counts);
        } else {
            anthropic_answer(root.get(), answer);
        }
    }
    if (counts.told) answer.usage = counts.usage();
    if (is_gemini && !stream) answer.ends = 0;
    canonise(answer);
    return answer;
}

}  // namespace aigw::dialects::plain
