#include "dialects/gemini_thinking.h"

#include <algorithm>

namespace aigw::dialects::google {

namespace {

using chat::Reasoning;
using Thinking = ModelTraits::Thinking;

// What an effort is worth in tokens, as Google's own OpenAI API has it.
constexpr Tokens kLow = 1'024, kMedium = 8'192, kHigh = 24'576;
constexpr Tokens kDynamic = -1;

Tokens budget_of(JsonText effort, const ModelTraits &traits) {
    if (effort == "minimal" || effort == "low") return kLow;
    if (effort == "medium") return kMedium;
    return effort == "high" ? kHigh : traits.max_budget;
}

std::string_view level_of(const Reasoning &reasoning, const ModelTraits &traits) {
    std::string_view level = "high";
    if (reasoning.mode == Reasoning::Mode::Budget) {
        level = reasoning.budget <= kLow ? "low" : reasoning.budget <= kMedium ? "medium" : "high";
    } else if (reasoning.mode == Reasoning::Mode::Off || reasoning.effort == "minimal") {
        level = "minimal";
    } else if (reasoning.effort == "low" || reasoning.effort == "medium") {
        level = reasoning.effort == "low" ? "low" : "medium";
    }
    if (level == "minimal" && !traits.minimal) return "low";
    return level == "medium" && !traits.medium ? "high" : level;
}

void write_budget(const Reasoning &reasoning, const ModelTraits &traits, JsonWriter &json, bool &exact) {
    Tokens budget = 0;
    if (reasoning.mode == Reasoning::Mode::Budget) budget = reasoning.budget;
    if (reasoning.mode == Reasoning::Mode::Effort) budget = budget_of(reasoning.effort, traits);
    if (reasoning.mode == Reasoning::Mode::Adaptive) {
        budget = reasoning.effort.empty() ? kDynamic : budget_of(reasoning.effort, traits);
    }
    if (budget != kDynamic) {
        Tokens clamped = std::clamp(budget, traits.min_budget, traits.max_budget);
        exact = clamped == budget;
        budget = clamped;
    }
    json.key("thinkingBudget").number(budget);
}

}  // namespace

void write_thinking(const chat::ChatRequest &request, const ModelTraits &traits, JsonWriter &json,
                    std::vector<std::string> &dropped) {
    const Reasoning &reasoning = request.reasoning;
    if (reasoning.mode == Reasoning::Mode::Unset) return;
    bool off = reasoning.mode == Reasoning::Mode::Off;
    if (traits.thinking == Thinking::None) {
        if (!off) dropped.emplace_back(request.paths.reasoning);
        return;
    }
    bool exact = true;
    json.key("thinkingConfig").begin_object();
    if (!off) json.key("includeThoughts").boolean(true);
    if (traits.thinking == Thinking::Budget) {
        write_budget(reasoning, traits, json, exact);
    } else if (reasoning.mode != Reasoning::Mode::Adaptive || !reasoning.effort.empty()) {
        json.key("thinkingLevel").string(level_of(reasoning, traits));
        exact = !off;  // these models can't be stopped from thinking
    }
    json.end_object();
    if (!exact) dropped.emplace_back(request.paths.reasoning);
}

}  // namespace aigw::dialects::google
