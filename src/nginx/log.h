// Where the log phase's handler stands, and whose requests it counts.
#pragma once

#include "nginx/ngx.h"

namespace aigw::ngx {

// The main request is in a gateway location, or was in one before an internal redirect.
bool is_ours(ngx_http_request_t *r) noexcept;

// Puts log_handler before all others of its phase: log handlers run in the order in which they were added, and the
// access log's was added first.
ngx_int_t add_log_handler(ngx_conf_t *cf) noexcept;

}  // namespace aigw::ngx
