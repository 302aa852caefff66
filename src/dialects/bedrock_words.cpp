#include "dialects/bedrock_words.h"

#include <algorithm>

#include "dialects/common.h"

namespace aigw::dialects::bedrock {

using chat::FinishReason;

bool is_malformed(JsonValue reason) {
    return reason.equals("malformed_model_output") || reason.equals("malformed_tool_use");
}

FinishReason finish_of(JsonValue reason) {
    static constexpr struct {
        std::string_view word;
        FinishReason finish;
    } kWords[] = {
        {"max_tokens", FinishReason::Length},
        {"model_context_window_exceeded", FinishReason::Length},
        {"tool_use", FinishReason::ToolCalls},
        {"guardrail_intervened", FinishReason::ContentFilter},
        {"content_filtered", FinishReason::ContentFilter},
    };
    for (const auto &row : kWords) {
        if (reason.equals(row.word))
            return row.finish;
    }
    return FinishReason::Stop;
}

chat::Usage usage_of(JsonValue usage) {
    const auto count = [&](std::string_view name, std::string_view twin) {
        const auto told = read_count(usage[name]);
        return told ? *told : read_count(usage[twin]).value_or(0);
    };
    const Tokens input = count("inputTokens", {});
    chat::Usage out;
    out.cached = count("cacheReadInputTokens", "cacheReadInputTokenCount");
    out.cache_write = count("cacheWriteInputTokens", "cacheWriteInputTokenCount");
    out.prompt = std::min(input + out.cached + out.cache_write, kMaxTokens);
    out.cached = std::min(out.cached, out.prompt);
    out.cache_write = std::min(out.cache_write, out.prompt - out.cached);
    out.completion = count("outputTokens", {});
    return out;
}

}  // namespace aigw::dialects::bedrock
