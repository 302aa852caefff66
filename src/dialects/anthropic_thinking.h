// How much the model thinks, and the limit on its answer, which depend on each other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/error.h"
#include "chat/message.h"
#include "dialects/anthropic_turns.h"
#include "dialects/dialect.h"

namespace aigw::dialects::anthropic {

inline constexpr Tokens kMinBudget = 1024;  // Anthropic's

struct ThinkingPlan {
    enum class Mode { Unset, Disabled, Budget, Adaptive };
    Mode mode = Mode::Unset;
    Tokens budget = 0;        // Budget
    std::string_view effort;  // Adaptive: plain, static; may be empty
    Tokens max_tokens = 0;

    bool on() const { return mode == Mode::Budget || mode == Mode::Adaptive; }
};

// An effort becomes a budget below max_tokens, or where the model has no budgets an effort of Anthropic's own. Thinking
// that can't be had (no room below the caller's max_tokens, a conversation that does not take it) is left out and
// listed as reasoning_effort.
chat::Result<ThinkingPlan> plan_thinking(const chat::ChatRequest &request, const RequestOptions &options,
                                         const Conversation &conversation, std::vector<std::string> &dropped);

}  // namespace aigw::dialects::anthropic
