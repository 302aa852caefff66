// Base64 (RFC 4648) of texts that ride in a request; standard alphabet, padding optional, white space refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aigw::dialects {

std::optional<std::string> decode_base64(std::string_view encoded);
// With padding.
void append_base64(std::string &out, std::string_view bytes);
// The alphabet for URLs (- and _) in the standard one. Works on escaped texts too.
std::string standard_base64(std::string_view encoded);

}  // namespace aigw::dialects
