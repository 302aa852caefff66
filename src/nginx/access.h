// Who is calling.
#pragma once

#include "identity/identity.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

// The caller, by the ai_auth that is in force where r is now; null: anonymous or refused. Computed on first use, in
// any phase, and grants nothing: only the access phase lets in. Throws bad_alloc.
const identity::Identity *identify(ngx_http_request_t *r);

}  // namespace aigw::ngx
