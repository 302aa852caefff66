// A second, plain reading of answers, by jansson and without any code of ours: what the dialects' readers are measured by.
#pragma once

#include <jansson.h>

#include <memory>
#include <string>
#include <string_view>

#include "dialects/answers.h"

namespace aigw::dialects::plain {

struct Free {
    void operator()(json_t *value) const { json_decref(value); }
};
using Json = std::unique_ptr<json_t, Free>;

inline Json parse(std::string_view text) {
    return Json(json_loadb(text.data(), text.size(), JSON_DECODE_ANY | JSON_ALLOW_NUL, nullptr));
}

inline std::string text_of(const json_t *value) {
    return json_is_string(value) ? std::string(json_string_value(value), json_string_length(value)) : std::string();
}
inline std::string text_of(const json_t *object, const char *name) { return text_of(json_object_get(object, name)); }
inline Tokens count_of(const json_t *object, const char *name) { return json_integer_value(json_object_get(object, name)); }

// The same arguments are the same text; what is no JSON stays as it is.
inline std::string canonical(const std::string &arguments) {
    Json value = parse(arguments.empty() ? "{}" : arguments);
    if (!value) return arguments;
    char *text = json_dumps(value.get(), JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);
    std::string out(text);
    free(text);
    return out;
}

// The data of each event, by lines; one data line an event, as all recordings have it.
inline std::vector<std::string_view> payloads(std::string_view stream) {
    std::vector<std::string_view> out;
    while (!stream.empty()) {
        size_t end = std::min(stream.find('\n'), stream.size());
        std::string_view line = stream.substr(0, end);
        stream.remove_prefix(std::min(end + 1, stream.size()));
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (!line.starts_with("data:")) continue;
        line.remove_prefix(5);
        if (line.starts_with(" ")) line.remove_prefix(1);
        out.push_back(line);
    }
    return out;
}

inline chat::FinishReason finish_of(const std::string &word) {
    using chat::FinishReason;
    if (word == "length" || word == "max_tokens" || word == "model_context_window_exceeded") return FinishReason::Length;
    if (word == "tool_calls" || word == "function_call" || word == "tool_use") return FinishReason::ToolCalls;
    if (word == "content_filter" || word == "refusal") return FinishReason::ContentFilter;
    return FinishReason::Stop;
}

inline void openai_usage(const json_t *root, PlainAnswer &to) {
    const json_t *usage = json_object_get(root, "usage");
    if (!json_is_object(usage)) return;
    const json_t *prompt = json_object_get(usage, "prompt_tokens_details");
    const json_t *completion = json_object_get(usage, "completion_tokens_details");
    to.usage = {count_of(usage, "prompt_tokens"), count_of(usage, "completion_tokens"), count_of(prompt, "cached_tokens"),
                count_of(prompt, "cache_write_tokens"), count_of(completion, "reasoning_tokens")};
}

inline void openai_call(const json_t *call, PlainChoice &to) {
    const json_t *function = json_object_get(call, "function");
    if (!function) return;  // a custom tool, for its own dialect only
    const json_t *index = json_object_get(call, "index");
    size_t at = json_is_integer(index) ? static_cast<size_t>(json_integer_value(index)) : to.tools.size();
    if (at >= to.tools.size()) to.tools.resize(at + 1);
    // Some repeat both with every piece.
    if (std::string id = text_of(call, "id"); !id.empty()) to.tools[at].id = id;
    if (std::string name = text_of(function, "name"); !name.empty()) to.tools[at].name = name;
    to.tools[at].arguments += text_of(function, "arguments");
}

inline void openai_choice(const json_t *value, PlainChoice &to) {
    const json_t *delta = json_object_get(value, "delta");
    if (!delta) delta = json_object_get(value, "message");
    to.text += text_of(delta, "content");
    to.refusal += text_of(delta, "refusal");
    to.reasoning += text_of(delta, "reasoning_content");
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(delta, "tool_calls"), i, item) openai_call(item, to);
    json_array_foreach(json_object_get(delta, "thinking_blocks"), i, item) {
        if (std::string s = text_of(item, "signature"); !s.empty()) to.signatures.push_back(s);
        if (std::string s = text_of(item, "data"); !s.empty()) to.redacted.push_back(s);
    }
    if (std::string word = text_of(value, "finish_reason"); !word.empty()) to.finish = finish_of(word);
    const json_t *old = json_object_get(delta, "function_call");
    if (text_of(old, "name").empty() && text_of(old, "arguments").empty()) return;
    if (to.tools.empty()) to.tools.emplace_back();
    to.tools[0].name += text_of(old, "name");
    to.tools[0].arguments += text_of(old, "arguments");
}

inline void openai(const json_t *root, PlainAnswer &to) {
    if (to.id.empty()) to.id = text_of(root, "id");
    if (to.model.empty()) to.model = text_of(root, "model");
    openai_usage(root, to);
    size_t i;
    json_t *choice;
    json_array_foreach(json_object_get(root, "choices"), i, choice) {
        openai_choice(choice, to.choices[static_cast<uint32_t>(count_of(choice, "index"))]);
    }
}

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
    bool is_openai = dialect == "openai_chat";
    for (std::string_view payload : stream ? payloads(body) : std::vector<std::string_view>{body}) {
        if (payload == "[DONE]") {
            ++answer.ends;
            continue;
        }
        Json root = parse(payload);
        if (!root) {
            answer.error = "not JSON";
            return answer;
        }
        if (text_of(root.get(), "type") == "message_stop") ++answer.ends;
        if (is_openai) {
            openai(root.get(), answer);
        } else if (stream) {
            anthropic_event(root.get(), answer, counts);
        } else {
            anthropic_answer(root.get(), answer);
        }
    }
    if (counts.told) answer.usage = counts.usage();
    canonise(answer);
    return answer;
}

}  // namespace aigw::dialects::plain
