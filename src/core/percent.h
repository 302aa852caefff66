// Percent-encoding of one segment of a URL's path: everything but RFC 3986's unreserved characters.
#pragma once

#include <string>
#include <string_view>

namespace aigw {

void append_percent_encoded(std::string &out, std::string_view plain);

}  // namespace aigw
