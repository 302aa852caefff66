// Secrets that are known by what stands before them.
#pragma once

#include "guards/recogniser.h"

namespace aigw::guards {

inline constexpr size_t kMaxSecret = 4096;       // bytes that one token may have
inline constexpr size_t kMaxPrivateKey = 16384;  // bytes between BEGIN and END

// At : or =, api_key = "…": the value.
Probe probe_assigned(const Site &site);
// At the dashes behind PRIVATE KEY: what stands between the lines BEGIN and END.
Probe probe_private_key(const Site &site);
// At the : of a URL's scheme, postgres://user:…@host: the password.
Probe probe_url_password(const Site &site);

}  // namespace aigw::guards
