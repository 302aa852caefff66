// The plain reading of OpenAI's answers and of all that deviate from them: where the text, the thinking, the calls and the
// counts of each provider stand, written down once more than in the reader.
#pragma once

#include "dialects/plain_json.h"

namespace aigw::dialects::plain {

inline Tokens first_count(std::initializer_list<const json_t *> values) {
    for (const json_t *value : values) {
        if (json_number_value(value) > 0) return static_cast<Tokens>(json_number_value(value));
    }
    return 0;
}

inline void openai_usage(const json_t *root, PlainAnswer &to) {
    const json_t *usage = json_object_get(root, "usage");
    if (!json_is_object(usage)) usage = json_object_get(json_object_get(root, "x_groq"), "usage");
    if (!json_is_object(usage)) return;
    const json_t *prompt = json_object_get(usage, "prompt_tokens_details");
    const json_t *completion = json_object_get(usage, "completion_tokens_details");
    chat::Usage counts{count_of(usage, "prompt_tokens"), count_of(usage, "completion_tokens"), 0, 0, 0};
    // DeepSeek, Mistral, Moonshot and Together have names of their own.
    counts.cached = first_count({json_object_get(prompt, "cached_tokens"), json_object_get(usage, "prompt_cache_hit_tokens"),
                                 json_object_get(usage, "num_cached_tokens"), json_object_get(usage, "cached_tokens")});
    counts.cache_write = count_of(prompt, "cache_write_tokens");
    counts.reasoning = first_count({json_object_get(completion, "reasoning_tokens"), json_object_get(usage, "reasoning_tokens")});
    // xAI: beside the completion, not in it. Grok on Azure: more from the cache than was asked.
    if (counts.reasoning > 0 && count_of(usage, "total_tokens") == counts.prompt + counts.completion + counts.reasoning) {
        counts.completion += counts.reasoning;
    }
    counts.cached = std::min(counts.cached, counts.prompt);
    // Gemini through OpenRouter: the same tokens told twice, as written and as read.
    counts.cache_write = std::min(counts.cache_write, counts.prompt - counts.cached);
    counts.reasoning = std::min(counts.reasoning, counts.completion);
    to.usage = counts;
}

inline size_t call_slot(const json_t *call, const PlainChoice &to) {
    const json_t *index = json_object_get(call, "index");
    std::string id = text_of(call, "id");
    for (size_t at = 0; !id.empty() && at < to.tools.size(); ++at) {
        if (to.tools[at].id == id) return at;
    }
    if (json_is_integer(index)) {
        auto at = static_cast<size_t>(json_integer_value(index));
        // Another id at a place that is taken is another call.
        return at < to.tools.size() && !id.empty() && !to.tools[at].id.empty() ? to.tools.size() : at;
    }
    bool begins = !text_of(json_object_get(call, "function"), "name").empty();
    return begins || to.tools.empty() ? to.tools.size() : to.tools.size() - 1;
}

inline void openai_call(const json_t *call, PlainChoice &to) {
    const json_t *function = json_object_get(call, "function");
    if (!function) return;  // a custom tool, for its own dialect only
    size_t at = call_slot(call, to);
    if (at >= to.tools.size()) to.tools.resize(at + 1);
    // Some repeat both with every piece.
    if (std::string id = text_of(call, "id"); !id.empty()) to.tools[at].id = id;
    if (std::string name = text_of(function, "name"); !name.empty()) to.tools[at].name = name;
    const json_t *google = json_object_get(json_object_get(call, "extra_content"), "google");
    if (std::string s = text_of(google, "thought_signature"); !s.empty()) to.signatures.push_back(s);
    const json_t *arguments = json_object_get(function, "arguments");
    if (!json_is_object(arguments)) {
        to.tools[at].arguments += text_of(arguments);
        return;
    }
    char *text = json_dumps(arguments, JSON_COMPACT);
    to.tools[at].arguments += text;
    free(text);
}

// Lists: Mistral's thinking (a list itself), Databricks' reasoning (with a summary), texts.
inline void openai_content(const json_t *content, PlainChoice &to) {
    to.text += text_of(content);
    size_t i, j;
    json_t *part, *piece;
    if (!json_is_array(content)) return;
    json_array_foreach(content, i, part) {
        std::string type = text_of(part, "type");
        if (type != "thinking" && type != "reasoning") {
            to.text += text_of(part, "text");
            continue;
        }
        json_t *inner = json_object_get(part, type == "thinking" ? "thinking" : "summary");
        to.reasoning += text_of(inner);
        if (!json_is_array(inner)) continue;
        json_array_foreach(inner, j, piece) {
            to.reasoning += text_of(piece, "text");
            if (std::string s = text_of(piece, "signature"); !s.empty()) to.signatures.push_back(s);
        }
    }
}

// The same thinking stands in one member or in several: the first of these that says something.
inline void openai_reasoning(const json_t *delta, PlainChoice &to) {
    size_t i;
    json_t *item;
    std::string before = to.reasoning, details;
    json_array_foreach(json_object_get(delta, "reasoning_details"), i, item) {
        details += text_of(item, "text") + text_of(item, "summary");
        if (!text_of(item, "format").starts_with("anthropic")) continue;
        if (std::string s = text_of(item, "signature"); !s.empty()) to.signatures.push_back(s);
        if (std::string s = text_of(item, "data"); !s.empty()) to.redacted.push_back(s);
    }
    for (const std::string &text : {text_of(delta, "reasoning_content"), text_of(delta, "reasoning"), details}) {
        if (to.reasoning == before) to.reasoning += text;
    }
    json_array_foreach(json_object_get(delta, "thinking_blocks"), i, item) {
        if (std::string s = text_of(item, "signature"); !s.empty()) to.signatures.push_back(s);
        if (std::string s = text_of(item, "data"); !s.empty()) to.redacted.push_back(s);
    }
}

inline void openai_choice(const json_t *value, bool stream, PlainChoice &to) {
    const json_t *delta = json_object_get(value, stream ? "delta" : "message");
    openai_content(json_object_get(delta, "content"), to);
    to.refusal += text_of(delta, "refusal");
    openai_reasoning(delta, to);
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(delta, "tool_calls"), i, item) openai_call(item, to);
    if (std::string word = text_of(value, "finish_reason"); !word.empty()) to.finish = finish_of(word);
    const json_t *old = json_object_get(delta, "function_call");
    if (text_of(old, "name").empty() && text_of(old, "arguments").empty()) return;
    if (to.tools.empty()) to.tools.emplace_back();
    to.tools[0].name += text_of(old, "name");
    to.tools[0].arguments += text_of(old, "arguments");
}

inline void openai(const json_t *root, bool stream, PlainAnswer &to) {
    if (to.id.empty()) to.id = text_of(root, "id");
    if (to.model.empty()) to.model = text_of(root, "model");
    openai_usage(root, to);
    size_t i;
    json_t *choice;
    json_array_foreach(json_object_get(root, "choices"), i, choice) {
        openai_choice(choice, stream, to.choices[static_cast<uint32_t>(count_of(choice, "index"))]);
    }
}

}  // namespace aigw::dialects::plain
