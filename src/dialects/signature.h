// Signatures on their way through callers whose dialect has no word for whose they are. Anthropic's travel as they are; all
// others get a prefix that no signature begins with, and go back to their maker without it.
//
//   gemini:SIGNATURE        of a text or a thought: a thinking block's signature
//   openai:SIGNATURE        encrypted thinking of the Responses API: a thinking block's signature
//   gemini-call:SIGNATURE   of a tool call, where calls have no place for one: a thinking block of its own before the call
#pragma once

#include <string_view>

#include "chat/signer.h"
#include "core/json.h"

namespace aigw::dialects {

inline constexpr std::string_view kOpenAiPrefix = "openai:";
inline constexpr std::string_view kGeminiPrefix = "gemini:";
inline constexpr std::string_view kGeminiCallPrefix = "gemini-call:";

// What stands before a thinking block's signature (or redacted data) of this signer; empty for Anthropic's.
std::string_view signature_prefix(chat::Signer signer);

struct CarriedSignature {
    JsonText text;  // without the prefix; a view into what was given
    chat::Signer signer = chat::Signer::Anthropic;
    bool of_call = false;
};
CarriedSignature split_signature(JsonText carried);

}  // namespace aigw::dialects
