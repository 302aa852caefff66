// The same records in Redis: plain GET and SET, one key for each answer, which Redis forgets by itself. What comes back is
// bytes like any others: read_record() decides.
#pragma once

#include <string>
#include <string_view>

#include "cache/key.h"
#include "core/command.h"
#include "core/units.h"

namespace aigw::cache {

// Says nothing of the request: the digest alone.
std::string remote_name(std::string_view prefix, const Key &key);
Command get_command(std::string_view prefix, const Key &key);
// `ttl` in ms, at least 1.
Command set_command(std::string_view prefix, const Key &key, std::string_view record, Millis ttl);

}  // namespace aigw::cache
