// What the plain readings of all dialects share: jansson's values, a stream's payloads, words for the end.
#pragma once

#include <jansson.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/answers.h"

namespace aigw::dialects::plain {

struct Free {
    void operator()(json_t *value) const { json_decref(value); }
};
using Json = std::unique_ptr<json_t, Free>;

// Integers that jansson has no room for (seeds) make all numbers of the text reals.
inline Json parse(std::string_view text) {
    constexpr size_t kFlags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_error_t error;
    Json value(json_loadb(text.data(), text.size(), kFlags, &error));
    if (value || json_error_code(&error) != json_error_numeric_overflow) return value;
    return Json(json_loadb(text.data(), text.size(), kFlags | JSON_DECODE_INT_AS_REAL, nullptr));
}

inline std::string text_of(const json_t *value) {
    return json_is_string(value) ? std::string(json_string_value(value), json_string_length(value)) : std::string();
}
inline std::string text_of(const json_t *object, const char *name) { return text_of(json_object_get(object, name)); }
inline Tokens count_of(const json_t *object, const char *name) {
    return static_cast<Tokens>(json_number_value(json_object_get(object, name)));
}

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

// Signatures of another vendor begin with its name.
inline std::string bare(const std::string &signature) {
    for (std::string prefix : {"gemini-call:", "gemini:", "openai:"}) {
        if (signature.rfind(prefix, 0) == 0) return signature.substr(prefix.size());
    }
    return signature;
}

inline chat::FinishReason finish_of(const std::string &word) {
    using chat::FinishReason;
    if (word == "length" || word == "max_tokens" || word == "model_length" || word == "model_context_window_exceeded") return FinishReason::Length;
    if (word == "tool_calls" || word == "function_call" || word == "tool_use") return FinishReason::ToolCalls;
    if (word == "content_filter" || word == "refusal") return FinishReason::ContentFilter;
    return FinishReason::Stop;
}

}  // namespace aigw::dialects::plain
