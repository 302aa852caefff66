// The virtual keys in shared memory: two fixed tables, one in use, one that the leader fills. Readers take no lock:
// they read the sequence, copy, and read it again.
#pragma once

#include <string>
#include <string_view>

#include "core/units.h"
#include "identity/identity.h"
#include "nginx/ngx.h"
#include "nginx/zone.h"

namespace aigw::ngx {

enum class KeyState : uint8_t { Known, Unknown, Expired, Disabled, NotLoaded };

// Who presents this credential. `out` is filled for Known only.
KeyState find_key(const Zones &zones, std::string_view credential, UnixSeconds now, identity::Identity &out);

// Reads and checks a key file as `nginx -t` does: "" or what is wrong, without a secret. `path` ends with a NUL.
std::string check_keys_file(const ngx_str_t &path);

}  // namespace aigw::ngx
