// The plain reading of what only providers speak: Ollama's lines, Cohere's events.
#pragma once

#include "dialects/plain_json.h"

namespace aigw::dialects::plain {

inline std::string arguments_of(const json_t *function) {
    const json_t *arguments = json_object_get(function, "arguments");
    if (!json_is_object(arguments)) return text_of(arguments);
    char *text = json_dumps(arguments, JSON_COMPACT);
    std::string out(text);
    free(text);
    return out;
}

inline void end_of(PlainChoice &choice, chat::FinishReason reason) {
    choice.finish = !choice.tools.empty() && reason == chat::FinishReason::Stop ? chat::FinishReason::ToolCalls : reason;
    for (PlainTool &tool : choice.tools) {
        tool.arguments = canonical(tool.arguments);
    }
}

// A line, or the whole answer.
inline void ollama(const json_t *root, PlainAnswer &to) {
    PlainChoice &choice = to.choices[0];
    const json_t *message = json_object_get(root, "message");
    if (to.model.empty()) to.model = text_of(root, "model");
    choice.text += text_of(message, "content");
    choice.reasoning += text_of(message, "thinking");
    size_t i;
    json_t *call;
    json_array_foreach(json_object_get(message, "tool_calls"), i, call) {
        const json_t *function = json_object_get(call, "function");
        choice.tools.push_back({text_of(call, "id"), text_of(function, "name"), arguments_of(function)});
    }
    if (!json_is_true(json_object_get(root, "done"))) return;
    ++to.ends;
    end_of(choice, text_of(root, "done_reason") == "length" ? chat::FinishReason::Length : chat::FinishReason::Stop);
    if (json_object_get(root, "prompt_eval_count")) {
        to.usage = {count_of(root, "prompt_eval_count"), count_of(root, "eval_count"), 0, 0, 0};
    }
}

// `root` has finish_reason and usage.
inline void cohere_end(const json_t *root, PlainAnswer &to) {
    std::string word = text_of(root, "finish_reason");
    ++to.ends;
    end_of(to.choices[0], word == "MAX_TOKENS"  ? chat::FinishReason::Length
                          : word == "TOOL_CALL" ? chat::FinishReason::ToolCalls
                                                : chat::FinishReason::Stop);
    const json_t *usage = json_object_get(root, "usage"), *tokens = json_object_get(usage, "tokens");
    if (!tokens) return;
    to.usage = {count_of(tokens, "input_tokens"), count_of(tokens, "output_tokens"), count_of(usage, "cached_tokens"), 0,
                count_of(tokens, "reasoning_tokens")};
}

inline void cohere_answer(const json_t *root, PlainAnswer &to) {
    PlainChoice &choice = to.choices[0];
    const json_t *message = json_object_get(root, "message");
    choice.reasoning = text_of(message, "tool_plan");
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(message, "content"), i, item) {
        choice.text += text_of(item, "text");
        choice.reasoning += text_of(item, "thinking");
    }
    json_array_foreach(json_object_get(message, "tool_calls"), i, item) {
        const json_t *function = json_object_get(item, "function");
        choice.tools.push_back({text_of(item, "id"), text_of(function, "name"), arguments_of(function)});
    }
    cohere_end(root, to);
}

inline void cohere_event(const json_t *root, PlainAnswer &to) {
    PlainChoice &choice = to.choices[0];
    std::string type = text_of(root, "type");
    const json_t *delta = json_object_get(root, "delta"), *message = json_object_get(delta, "message");
    const json_t *content = json_object_get(message, "content"), *call = json_object_get(message, "tool_calls");
    const json_t *function = json_object_get(call, "function");
    if (type == "content-start" || type == "content-delta") {
        choice.text += text_of(content, "text");
        choice.reasoning += text_of(content, "thinking");
    } else if (type == "tool-plan-delta") {
        choice.reasoning += text_of(message, "tool_plan");
    } else if (type == "tool-call-start") {
        choice.tools.push_back({text_of(call, "id"), text_of(function, "name"), arguments_of(function)});
    } else if (type == "tool-call-delta") {
        choice.tools.back().arguments += arguments_of(function);
    } else if (type == "message-end") {
        cohere_end(delta, to);
    }
}

inline PlainAnswer read_native(std::string_view dialect, bool stream, const std::string &body) {
    PlainAnswer answer;
    bool lines = dialect == "ollama_chat";
    std::vector<std::string_view> texts{body};
    if (stream && !lines) texts = payloads(body);
    for (size_t at = 0; stream && lines && at < body.size();) {
        if (at == 0) texts.clear();
        size_t end = std::min(body.find('\n', at), body.size());
        texts.push_back(std::string_view(body).substr(at, end - at));
        at = end + 1;
    }
    for (std::string_view text : texts) {
        Json root = parse(text);
        if (!root) continue;  // [DONE], an empty line
        if (lines) {
            ollama(root.get(), answer);
        } else if (stream) {
            cohere_event(root.get(), answer);
        } else {
            cohere_answer(root.get(), answer);
        }
    }
    return answer;
}

}  // namespace aigw::dialects::plain
