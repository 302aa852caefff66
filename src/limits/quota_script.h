// The limits in Redis: one Lua script over one hash (and its leases) for all windows of a caller. Same arithmetic as
// window.h and store.h; quota_command.h writes its arguments and reads its replies.
#pragma once

#include <string>
#include <string_view>

namespace aigw::limits {

// For EVAL.
std::string_view quota_script();
// For EVALSHA: hex SHA-1 of quota_script().
const std::string &quota_script_sha1();

}  // namespace aigw::limits
