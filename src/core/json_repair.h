// JSON from a stranger whose text broke on the way: a model cut inside a character, half a surrogate pair. Only what makes it
// unreadable as text is replaced; that the result is JSON is not promised.
#pragma once

#include <string>
#include <string_view>

namespace aigw {

// Each byte that is no UTF-8 and each escape of a lone surrogate becomes U+FFFD; everything else stays byte for byte.
std::string repair_json_text(std::string_view text);

}  // namespace aigw
