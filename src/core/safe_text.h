// A caller's text for places where a control character would do harm: logs, headers, keys of counters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aigw {

inline constexpr size_t kMaxSafeText = 1024;  // bytes of the result

// Control characters (also DEL) as %XX, everything else as it is; cut at kMaxSafeText on the edge of a character.
std::string safe_text(std::string_view text);

// Whether any byte is a control character, tabs included.
bool has_control(std::string_view text);

}  // namespace aigw
