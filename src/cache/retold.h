// Whether an answer to a request can be told from its record: not where the caller asks for something that no record
// holds (log probabilities, audio, citations, what a provider's own tools did), or for a state that the provider keeps.
#pragma once

#include "core/json.h"

namespace aigw::cache {

// By what the body says, in any dialect of callers.
bool can_be_retold(JsonValue body);

}  // namespace aigw::cache
