#include "dialects/anthropic_model.h"

#include <algorithm>

namespace aigw::dialects::anthropic {

namespace {

// The number that `token` is, if it has one or two digits; else -1. Dates and words are no versions.
int version_number(std::string_view token) {
    if (token.empty() || token.size() > 2)
        return -1;
    int number = 0;
    for (const char c : token) {
        if (c < '0' || c > '9')
            return -1;
        number = number * 10 + (c - '0');
    }
    return number;
}

}  // namespace

ModelTraits traits_of(std::string_view model) {
    const size_t start = model.find("claude");
    if (start == std::string_view::npos)
        return {};
    int major = -1;
    int minor = 0;
    for (size_t at = start; at < model.size();) {
        const size_t end = std::min(model.find_first_of("-.@:", at), model.size());
        const int number = version_number(model.substr(at, end - at));
        at = end + 1;
        if (major >= 0) {
            minor = number < 0 ? 0 : number;
            break;
        }
        major = number;
    }
    return {.adaptive_only = major > 4 || (major == 4 && minor >= 7)};
}

}  // namespace aigw::dialects::anthropic
