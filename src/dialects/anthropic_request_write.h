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
    bool betas = false;          // the header anthropic-beta is a member of the body
};

// Of a header anthropic-beta: those that another vendor's Claude knows, with commas between; it answers 400 to others.
// `left_out`: whether there were any.
std::string hosted_betas(std::string_view header, bool &left_out);

chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request, const RequestOptions &options,
                                           const Hosting &hosting = {});

}  // namespace aigw::dialects::anthropic
