// $request_id, the same value that the log has, without its price where nobody asks for it: OpenSSL makes its 16 random bytes
// with a system call and a lock each time. An id that no configuration can see comes from a batch instead.
#pragma once

#include <string>

#include "nginx/ngx.h"

namespace aigw::ngx {

// 32 hex digits; empty only if there is no randomness to be had.
std::string core_request_id(ngx_http_request_t *r);

}  // namespace aigw::ngx
