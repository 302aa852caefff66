// How many bytes a match of a regular expression can have at most, read from the expression's text.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace aigw::guards {

// An upper bound (each character counts four bytes, what is looked ahead at counts too), or nothing: *, +, {n,}, back
// references, recursion, conditions, verbs, free spacing.
std::optional<size_t> pattern_width(std::string_view pattern);

}  // namespace aigw::guards
