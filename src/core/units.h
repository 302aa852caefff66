// Time and counts as integers with their unit in the name. The clock is always an argument.
#pragma once

#include <cstdint>

namespace aigw {

using Millis = int64_t;       // a point on a monotonic clock, or a length of time
using UnixSeconds = int64_t;  // wall clock
using Tokens = int64_t;

inline constexpr Tokens kMaxTokens = 1'000'000'000;  // a count above this is a provider's error

}  // namespace aigw
