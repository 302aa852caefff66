// How likely each token was: Google's logprobsResult, and the elements of OpenAI's logprobs.content that deltas carry.
#pragma once

#include <string>
#include <string_view>

#include "core/json.h"

namespace aigw::dialects::google {

// Elements with commas between; empty if there are none.
std::string read_logprobs(JsonValue result);
// The same back, as a value. Elements that are none are left out.
std::string write_logprobs(std::string_view elements);

}  // namespace aigw::dialects::google
