// The parts of the reader of a GenerateContentRequest.
#pragma once

#include "dialects/gemini_fields.h"

namespace aigw::dialects::google {

chat::Result<chat::ChatRequest> read_request(const JsonDoc &doc);

bool read_contents(JsonValue contents, Reading &reading);
bool read_system(JsonValue instruction, Reading &reading);
// One part, appended to `to`: it may become none (empty) or two (a signed text).
bool read_part(JsonValue value, const chat::Origin &at, chat::Role role, std::vector<chat::Part> &to, Reading &reading);
bool read_tools(JsonValue tools, Reading &reading);
bool read_tool_config(JsonValue config, Reading &reading);
bool read_config(JsonValue config, Reading &reading);

}  // namespace aigw::dialects::google
