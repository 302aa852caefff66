// Why an answer ended, in Anthropic's words and in ours.
#pragma once

#include <string_view>

#include "chat/delta.h"

namespace aigw::dialects::anthropic {

// Unknown words count as Stop; Delta::text keeps them.
chat::FinishReason finish_of(JsonText stop_reason);

// `own` is the provider's word: one of Anthropic's goes back as it came. An answer that calls tools says so, whatever
// the provider thought (OpenAI says stop when the function was forced).
std::string_view stop_reason_of(chat::FinishReason finish, JsonText own, bool hit_stop_sequence, bool called_tools);

}  // namespace aigw::dialects::anthropic
