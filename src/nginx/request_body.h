// The caller's body, in one piece and without a copy where core can be brought to read it so.
#pragma once

#include <optional>

#include "gateway/conversation.h"
#include "nginx/context.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

// As ngx_http_read_client_request_body. Throws bad_alloc.
ngx_int_t read_request_body(Context &context, ngx_http_client_body_handler_pt done);
// What was read, empty where a method has none. Nothing: a temporary file could not be read. Throws bad_alloc.
std::optional<gateway::Body> request_body(const Context &context);

}  // namespace aigw::ngx
