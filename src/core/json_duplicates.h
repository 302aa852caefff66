// The same member name twice in one object, however it is escaped.
#pragma once

#include <string_view>
#include <vector>

#include "core/json.h"

namespace aigw {

// Of the object that is node `object` of the tape. False: `error` names the first member that repeats another.
bool distinct_members(std::string_view text, const std::vector<JsonNode> &nodes, uint32_t object, JsonError &error);

}  // namespace aigw
