// Base64 in the alphabet for URLs (RFC 4648, section 5), without padding, as JSON Web Tokens have it.
#pragma once

#include <string>
#include <string_view>

namespace aigw {

void append_base64url(std::string &out, std::string_view bytes);

}  // namespace aigw
