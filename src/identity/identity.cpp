#include "identity/identity.h"

#include <algorithm>

namespace aigw::identity {

bool matches_pattern(std::string_view pattern, std::string_view name) {
    if (!pattern.empty() && pattern.back() == '*') {
        return name.starts_with(pattern.substr(0, pattern.size() - 1));
    }
    return pattern == name;
}

bool Identity::allows_model(std::string_view name) const {
    return models.empty()
           || std::any_of(models.begin(), models.end(), [&](const auto &pattern) { return matches_pattern(pattern, name); });
}

}  // namespace aigw::identity
