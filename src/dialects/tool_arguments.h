// Tool calls for providers that want the arguments as an object instead of its text, or that number calls instead of naming
// them.
#pragma once

#include <string>

#include "chat/error.h"
#include "chat/message.h"

namespace aigw::dialects {

// The arguments of a ToolUse part as a raw JSON object, {} if there are none. A 400 if they are something else.
chat::Result<std::string> arguments_object(const chat::Part &call);

// An id for the call `ordinal` of an answer, where the provider gives none: from letters and digits of `seed` (escaped text
// that no other answer has), so that it is the same at every reading.
std::string made_up_call_id(JsonText seed, size_t ordinal);

}  // namespace aigw::dialects
