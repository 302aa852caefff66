// A chat request of another dialect, written for the Messages API. Deterministic: the same request gives the same bytes,
// which prompt caches and retries rely on.
#pragma once

#include "chat/error.h"
#include "chat/message.h"
#include "dialects/dialect.h"

namespace aigw::dialects::anthropic {

// The stand-in for OpenAI's json_object, which Anthropic has no setting for: the last block of the system prompt.
inline constexpr std::string_view kJsonInstruction =
    "Answer with one valid JSON object and nothing else: no Markdown fence, no text before or after it.";

// Of the body around the message, where another vendor hosts Claude.
struct Hosting {
    std::string_view version;    // anthropic_version; empty: Anthropic itself, the model in the body
    bool stream_member = true;   // else the path says it
};

chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request, const RequestOptions &options,
                                           const Hosting &hosting = {});

}  // namespace aigw::dialects::anthropic
