// Points in time as JSON files write them.
#pragma once

#include <optional>
#include <string_view>

#include "core/units.h"

namespace aigw::identity {

// 2027-01-01T00:00:00Z, also with a fraction (cut off), with an offset, with a leap second.
std::optional<UnixSeconds> parse_rfc3339(std::string_view text);

}  // namespace aigw::identity
