// A chat request, written for Converse and ConverseStream (which take the same body). Deterministic: the same request gives
// the same bytes. The conversation is put in order as for Anthropic's API, whose rules are Converse's too.
#pragma once

#include "chat/error.h"
#include "chat/message.h"
#include "dialects/dialect.h"

namespace aigw::dialects::bedrock {

chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request, const RequestOptions &options);

}  // namespace aigw::dialects::bedrock
