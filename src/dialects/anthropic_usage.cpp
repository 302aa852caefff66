#include "dialects/anthropic_usage.h"

#include <algorithm>

#include "dialects/common.h"

namespace aigw::dialects::anthropic {

namespace {

void take(JsonValue value, Tokens &to) {
    if (const auto count = read_count(value))
        to = *count;
}

}  // namespace

void UsageReader::read(JsonValue usage) {
    take(usage["input_tokens"], input_);
    take(usage["cache_read_input_tokens"], cache_read_);
    take(usage["cache_creation_input_tokens"], cache_write_);
    take(usage["output_tokens"], output_);
    take(usage["output_tokens_details"]["thinking_tokens"], thinking_);
}

void UsageReader::set_complete(JsonValue usage) {
    read(usage);
    complete_ = complete_ || read_count(usage["output_tokens"]).has_value();
}

chat::Usage UsageReader::usage() const {
    chat::Usage usage;
    usage.prompt = std::min(input_ + cache_read_ + cache_write_, kMaxTokens);
    usage.completion = output_;
    usage.cached = std::min(cache_read_, usage.prompt);
    usage.cache_write = std::min(cache_write_, usage.prompt - usage.cached);
    usage.reasoning = std::min(thinking_, output_);
    return usage;
}

void write_usage(JsonWriter &out, const chat::Usage &usage) {
    const Tokens input = usage.prompt - usage.cached - usage.cache_write;
    out.begin_object().key("input_tokens").number(std::max<Tokens>(input, 0));
    out.key("cache_creation_input_tokens").number(usage.cache_write);
    out.key("cache_read_input_tokens").number(usage.cached);
    out.key("output_tokens").number(usage.completion);
    if (usage.reasoning > 0)
        out.key("output_tokens_details").begin_object().key("thinking_tokens").number(usage.reasoning).end_object();
    out.end_object();
}

}  // namespace aigw::dialects::anthropic
