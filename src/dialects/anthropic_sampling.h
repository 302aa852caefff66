// The sampling parameters as Claude takes them. Its temperature ends at 1; beside thinking, and for models of 4.7 and later
// at all, only the defaults pass.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/message.h"
#include "dialects/anthropic_thinking.h"

namespace aigw::dialects::anthropic {

struct Sampling {
    std::string_view temperature, top_p, top_k;  // raw JSON numbers; empty: not sent
};

// What is changed or left out, and is no default, is listed.
Sampling plan_sampling(const chat::ChatRequest &request, std::string_view model, const ThinkingPlan &plan,
                       std::vector<std::string> &dropped);

}  // namespace aigw::dialects::anthropic
