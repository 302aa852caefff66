// Why an answer ended and what it cost, in Converse's words.
#pragma once

#include "chat/delta.h"
#include "chat/usage.h"
#include "core/json.h"

namespace aigw::dialects::bedrock {

// Unknown words count as Stop; Delta::text keeps them.
chat::FinishReason finish_of(JsonValue stop_reason);
// The model wrote what nobody can read: no answer, but an error.
bool is_malformed(JsonValue stop_reason);
// inputTokens leaves out what was read from or written to the cache.
chat::Usage usage_of(JsonValue usage);

}  // namespace aigw::dialects::bedrock
