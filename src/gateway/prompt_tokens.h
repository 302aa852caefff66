// An estimate of a prompt's tokens straight from the caller's body, in either dialect. Text counts, base64 does not:
// images and files count a fixed amount. For admission, for variables and where a provider reports nothing.
#pragma once

#include "core/json.h"
#include "core/units.h"

namespace aigw::gateway {

Tokens estimate_prompt(JsonValue body);

}  // namespace aigw::gateway
