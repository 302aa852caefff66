// Token counts of OpenAI-like answers. Numbers that make no sense are as good as none.
#include <algorithm>

#include "dialects/common.h"
#include "dialects/openai_chat.h"

namespace aigw::dialects::openai {

namespace {

Tokens first_count(std::initializer_list<JsonValue> values) {
    for (JsonValue value : values) {
        if (std::optional<Tokens> n = read_count(value); n && *n > 0) return *n;
    }
    return 0;
}

std::optional<chat::Usage> read_counts(JsonValue value) {
    if (!value.is_object()) return std::nullopt;
    JsonValue prompt_value = value["prompt_tokens"], completion_value = value["completion_tokens"];
    std::optional<Tokens> prompt = read_count(prompt_value), completion = read_count(completion_value);
    if ((given(prompt_value) && !prompt) || (given(completion_value) && !completion)) return std::nullopt;
    if (!prompt && !completion) return std::nullopt;

    chat::Usage usage;
    usage.prompt = prompt.value_or(0);
    usage.completion = completion.value_or(0);
    JsonValue details = value["prompt_tokens_details"];
    usage.cached = first_count({details["cached_tokens"], value["num_cached_tokens"], value["cached_tokens"],
                                value["prompt_cache_hit_tokens"]});
    usage.cache_write = first_count({details["cache_write_tokens"]});
    usage.reasoning = first_count({value["completion_tokens_details"]["reasoning_tokens"], value["reasoning_tokens"]});
    // xAI counts reasoning beside completion: its total tells.
    Tokens total = first_count({value["total_tokens"]});
    if (usage.reasoning > 0 && total == usage.total() + usage.reasoning) usage.completion += usage.reasoning;
    usage.cached = std::min(usage.cached, usage.prompt);
    usage.cache_write = std::min(usage.cache_write, usage.prompt - usage.cached);
    usage.reasoning = std::min(usage.reasoning, usage.completion);
    return usage;
}

}  // namespace

std::optional<chat::Usage> read_usage(JsonValue root) {
    return read_usage(root["usage"], root["x_groq"], root["choices"]);
}

std::optional<chat::Usage> read_usage(JsonValue told, JsonValue groq, JsonValue choices) {
    if (std::optional<chat::Usage> usage = read_counts(told)) return usage;
    if (std::optional<chat::Usage> usage = read_counts(groq["usage"])) return usage;
    for (JsonValue choice : choices.elements()) {  // Moonshot's
        if (std::optional<chat::Usage> usage = read_counts(choice["usage"])) return usage;
    }
    return std::nullopt;
}

void append_usage(std::string &out, const chat::Usage &usage) {
    JsonWriter json(out);
    json.begin_object();
    json.key("prompt_tokens").number(usage.prompt);
    json.key("completion_tokens").number(usage.completion);
    json.key("total_tokens").number(usage.total());
    json.key("prompt_tokens_details").begin_object().key("cached_tokens").number(usage.cached);
    if (usage.cache_write > 0) json.key("cache_write_tokens").number(usage.cache_write);
    json.end_object();
    json.key("completion_tokens_details").begin_object().key("reasoning_tokens").number(usage.reasoning).end_object();
    json.end_object();
}

}  // namespace aigw::dialects::openai
