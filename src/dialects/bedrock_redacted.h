// Redacted thinking on its way through Converse, which wraps the vendor's data (a text for Anthropic) in base64 once more.
// Callers get the vendor's data, so that it fits Anthropic's API too. What is no text inside stays wrapped, and says so.
#pragma once

#include <string>
#include <string_view>

namespace aigw::dialects::bedrock {

// Of Converse's redactedContent, plain, to what callers see; safe inside a JSON string.
std::string unwrap_redacted(std::string_view content);
// And back, byte for byte.
std::string wrap_redacted(std::string_view data);

}  // namespace aigw::dialects::bedrock
