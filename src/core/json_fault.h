// Where a text that simdjson's first stage refused goes wrong. Slow path, byte by byte.
#pragma once

#include <string_view>

#include "core/json.h"

namespace aigw {

// The first byte that is not UTF-8, else the first control character in a string, else the quote of a string that
// never ends, else `otherwise`. Strings are told apart by their quotes alone, so broken grammar before the fault
// can shift the second and third answer.
JsonError locate_json_fault(std::string_view text, JsonError otherwise);

}  // namespace aigw
