#include "dialects/anthropic_stop.h"

namespace aigw::dialects::anthropic {

using chat::FinishReason;

namespace {

constexpr struct {
    std::string_view word;
    FinishReason finish;
} kWords[] = {
    {"end_turn", FinishReason::Stop},
    {"stop_sequence", FinishReason::Stop},
    {"pause_turn", FinishReason::Stop},
    {"max_tokens", FinishReason::Length},
    {"model_context_window_exceeded", FinishReason::Length},
    {"tool_use", FinishReason::ToolCalls},
    {"refusal", FinishReason::ContentFilter},
};

}  // namespace

FinishReason finish_of(JsonText stop_reason) {
    for (const auto &row : kWords) {
        if (stop_reason == row.word)
            return row.finish;
    }
    return FinishReason::Stop;
}

std::string_view stop_reason_of(FinishReason finish, JsonText own, bool hit_stop_sequence, bool called_tools) {
    for (const auto &row : kWords) {
        if (own == row.word)
            return row.word;
    }
    switch (finish) {
    case FinishReason::Length:
        return "max_tokens";
    case FinishReason::ContentFilter:
        return "refusal";
    case FinishReason::ToolCalls:
        return "tool_use";
    case FinishReason::None:
    case FinishReason::Stop:
        break;
    }
    if (hit_stop_sequence)
        return "stop_sequence";
    return called_tools ? "tool_use" : "end_turn";
}

}  // namespace aigw::dialects::anthropic
