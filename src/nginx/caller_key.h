// The virtual key in the caller's headers.
#pragma once

#include <string_view>
#include <vector>

#include "nginx/context.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

struct CallerKey {
    enum class Fault : uint8_t { None, Missing, Two, TooLong };
    std::string_view value;
    Fault fault = Fault::Missing;
};

// The one credential of Authorization: Bearer, x-api-key, api-key and x-goog-api-key, and of the parameter `key` in calls of
// Google's API; a second, different one is a fault. Valid as long as the request.
CallerKey caller_key(ngx_http_request_t *r);

// Takes the key out of the request's parameters, as if the caller had not sent it, and out of what is logged of the
// request's first line. caller_key() still finds it.
void hide_parameter(Context &context);

// Takes headers out of what is proxied, as if the caller had not sent them: those that hold his key, and
// Accept-Encoding where the answer is to be read. `proxy_set_header NAME $http_NAME` still finds them.
void hide_headers(Context &context, bool key, bool accept_encoding);

// The indices of the variables that keep the hidden headers' values; those that the configuration uses.
std::vector<ngx_uint_t> hidden_header_variables(ngx_conf_t *cf);

}  // namespace aigw::ngx
