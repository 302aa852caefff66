#include "dialects/anthropic_sampling.h"

#include <cstdlib>

#include "dialects/anthropic_model.h"

namespace aigw::dialects::anthropic {

Sampling plan_sampling(const chat::ChatRequest &request, std::string_view model, const ThinkingPlan &plan,
                       std::vector<std::string> &dropped) {
    const bool fixed = plan.on() || traits_of(model).adaptive_only;
    Sampling out{request.temperature, request.top_p, request.top_k};
    const auto number = [](std::string_view raw) { return std::strtod(std::string(raw).c_str(), nullptr); };
    const bool warm = !out.temperature.empty() && number(out.temperature) > 1;
    const bool neutral = !out.top_p.empty() && number(out.top_p) == 1;
    if (warm)
        out.temperature = "1";
    if (warm || (fixed && !out.temperature.empty() && number(out.temperature) != 1))
        dropped.emplace_back(request.paths.temperature);
    if (fixed)
        out.temperature = {};
    if (neutral && (fixed || !out.temperature.empty()))
        out.top_p = {};  // many models refuse both at once, and 1 says nothing
    if (fixed && !out.top_p.empty()) {
        dropped.emplace_back(request.paths.top_p);
        out.top_p = {};
    }
    if (fixed && !out.top_k.empty()) {
        dropped.emplace_back(request.paths.top_k);
        out.top_k = {};
    }
    return out;
}

}  // namespace aigw::dialects::anthropic
