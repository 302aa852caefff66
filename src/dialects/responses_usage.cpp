// Token counts of Responses.
#include <algorithm>

#include "dialects/common.h"
#include "dialects/responses.h"

namespace aigw::dialects::responses {

std::optional<chat::Usage> read_usage(JsonValue root) {
    JsonValue value = root["usage"];
    if (!value.is_object()) value = root["response"]["usage"];
    JsonValue input = value["input_tokens"], output = value["output_tokens"];
    std::optional<Tokens> prompt = read_count(input), completion = read_count(output);
    if ((given(input) && !prompt) || (given(output) && !completion) || (!prompt && !completion)) return std::nullopt;

    chat::Usage usage;
    usage.prompt = prompt.value_or(0);
    usage.completion = completion.value_or(0);
    JsonValue details = value["input_tokens_details"];
    usage.cached = std::min(read_count(details["cached_tokens"]).value_or(0), usage.prompt);
    usage.cache_write = std::min(read_count(details["cache_write_tokens"]).value_or(0), usage.prompt - usage.cached);
    usage.reasoning = read_count(value["output_tokens_details"]["reasoning_tokens"]).value_or(0);
    // Reasoning that was counted beside the output, as in xAI's chat completions: the total tells.
    Tokens total = read_count(value["total_tokens"]).value_or(0);
    if (usage.reasoning > 0 && total == usage.total() + usage.reasoning) usage.completion += usage.reasoning;
    usage.reasoning = std::min(usage.reasoning, usage.completion);
    return usage;
}

void write_usage(JsonWriter &json, const chat::Usage &usage) {
    json.begin_object().key("input_tokens").number(usage.prompt);
    json.key("input_tokens_details").begin_object().key("cached_tokens").number(usage.cached);
    json.key("cache_write_tokens").number(usage.cache_write).end_object();
    json.key("output_tokens").number(usage.completion);
    json.key("output_tokens_details").begin_object().key("reasoning_tokens").number(usage.reasoning).end_object();
    json.key("total_tokens").number(usage.total()).end_object();
}

}  // namespace aigw::dialects::responses
