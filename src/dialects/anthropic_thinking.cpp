#include "dialects/anthropic_thinking.h"

#include <algorithm>

#include "dialects/anthropic_model.h"
#include "dialects/common.h"

namespace aigw::dialects::anthropic {

using chat::Reasoning;

namespace {

constexpr std::string_view kPath = "reasoning_effort";

// OpenAI's word for an effort in Anthropic's; empty if it is none.
std::string_view own_effort(JsonText effort) {
    static constexpr struct {
        std::string_view theirs, ours;
    } kEfforts[] = {{"minimal", "low"}, {"low", "low"}, {"medium", "medium"},
                    {"high", "high"},   {"xhigh", "xhigh"}, {"max", "max"}};
    for (const auto &row : kEfforts) {
        if (effort == row.theirs)
            return row.ours;
    }
    return {};
}

// What the caller wants, before anybody asks whether it can be had.
chat::Result<ThinkingPlan> wanted(const Reasoning &reasoning, bool adaptive_only) {
    using Mode = ThinkingPlan::Mode;
    ThinkingPlan plan;
    switch (reasoning.mode) {
    case Reasoning::Mode::Unset:
        break;
    case Reasoning::Mode::Off:
        plan.mode = Mode::Disabled;
        break;
    case Reasoning::Mode::Budget:
        plan.mode = adaptive_only ? Mode::Adaptive : Mode::Budget;
        plan.budget = std::max(reasoning.budget, kMinBudget);
        plan.effort = adaptive_only ? effort_of_budget(reasoning.budget) : std::string_view();
        break;
    case Reasoning::Mode::Adaptive:
        plan.mode = adaptive_only ? Mode::Adaptive : Mode::Budget;
        plan.effort = own_effort(reasoning.effort);
        plan.budget = budget_of_effort(reasoning.effort.empty() ? JsonText{"high"} : reasoning.effort);
        break;
    case Reasoning::Mode::Effort:
        if (reasoning.effort == "none") {
            plan.mode = Mode::Disabled;
            break;
        }
        plan.effort = own_effort(reasoning.effort);
        if (plan.effort.empty())
            return chat::fail(chat::invalid_request(
                "invalid_value", "reasoning_effort must be none, minimal, low, medium, high, xhigh or max.",
                std::string(kPath)));
        plan.mode = adaptive_only ? Mode::Adaptive : Mode::Budget;
        plan.budget = budget_of_effort(reasoning.effort);
        break;
    }
    return plan;
}

}  // namespace

chat::Result<ThinkingPlan> plan_thinking(const chat::ChatRequest &request, const RequestOptions &options,
                                         const Conversation &conversation, std::vector<std::string> &dropped) {
    auto planned = wanted(request.reasoning, traits_of(options.model).adaptive_only);
    if (!planned)
        return planned;
    ThinkingPlan &plan = *planned;
    plan.max_tokens = request.max_tokens.value_or(options.default_max_tokens);
    if (plan.mode != ThinkingPlan::Mode::Budget)
        return planned;

    const bool room = !request.max_tokens || *request.max_tokens > kMinBudget;
    if (!room || !takes_thinking(conversation)) {
        plan.mode = ThinkingPlan::Mode::Unset;
        dropped.emplace_back(request.paths.reasoning);
    } else if (request.max_tokens) {
        plan.budget = std::min(plan.budget, plan.max_tokens - 1);
    } else if (plan.max_tokens <= plan.budget) {
        plan.max_tokens += plan.budget;
    }
    return planned;
}

}  // namespace aigw::dialects::anthropic
