#include "dialects/gemini_model.h"

namespace aigw::dialects::google {

namespace {

// The number behind "gemini-": 25 of gemini-2.5-pro, 30 of gemini-3-flash. 0: none.
int generation(std::string_view name) {
    constexpr std::string_view kFamily = "gemini-";
    size_t at = name.find(kFamily);
    if (at == std::string_view::npos) return 0;
    name.remove_prefix(at + kFamily.size());
    if (name.empty() || name[0] < '0' || name[0] > '9') return 0;
    int major = name[0] - '0';
    bool minor = name.size() > 2 && name[1] == '.' && name[2] >= '0' && name[2] <= '9';
    return major * 10 + (minor ? name[2] - '0' : 0);
}

bool holds(std::string_view name, std::string_view part) { return name.find(part) != std::string_view::npos; }

}  // namespace

ModelTraits traits_of(std::string_view model) {
    ModelTraits traits;
    int number = generation(model);
    bool pro = holds(model, "pro");
    if (!holds(model, "gemini") || (number > 0 && number < 25)) {
        traits.thinking = ModelTraits::Thinking::None;
    } else if (number == 25) {
        traits.thinking = ModelTraits::Thinking::Budget;
        traits.min_budget = pro ? 128 : 0;
        traits.max_budget = pro ? 32'768 : 24'576;
    } else {
        traits.minimal = !pro;
        traits.medium = !pro || number != 30;
    }
    bool newest = holds(model, "gemini") && (number == 0 || number >= 30);
    traits.signs_calls = newest;
    traits.media_in_results = newest;
    return traits;
}

}  // namespace aigw::dialects::google
