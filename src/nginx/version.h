// This module's version, as CHANGELOG has it.
#pragma once

#include <string_view>

namespace aigw::ngx {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace aigw::ngx
