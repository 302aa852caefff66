// A request of the Messages API, read into the vocabulary of chat/message.h.
#pragma once

#include "chat/error.h"
#include "chat/message.h"
#include "core/json.h"

namespace aigw::dialects::anthropic {

chat::Result<chat::ChatRequest> read_request(const JsonDoc &doc);

}  // namespace aigw::dialects::anthropic
