// Headers of an answer to a gateway's caller: pushed once each, with values that can't break out of their line.
#pragma once

#include <string_view>

#include "nginx/context.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

// Appends the header unless the answer has one of that name. `name` lives as long as the request (a literal); `value`
// is copied, its control characters encoded. Throws bad_alloc.
void add_header(ngx_http_request_t *r, std::string_view name, std::string_view value);

// Bytes of the body; -1: unknown. Whatever a filter before us said of it.
void set_content_length(ngx_http_request_t *r, off_t length);
// Without a charset.
void set_content_type(ngx_http_request_t *r, std::string_view type);

// x-request-id (and request-id for Anthropic callers), x-aigw-*: for every answer, errors included.
void add_exchange_headers(ngx_http_request_t *r, Context &context, bool anthropic);

// The value of a request header, by its name in lower case; empty if it was not sent.
std::string_view request_header(const ngx_http_request_t *r, std::string_view lower_name);

}  // namespace aigw::ngx
