// ai_filter: the conversation of a request that an existing proxy serves.
#pragma once

#include <optional>
#include <string>

#include "gateway/filter.h"
#include "nginx/conf.h"
#include "nginx/context.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

// filter_request.cpp. All throw bad_alloc.
// Makes (or makes anew, after an internal redirect) the filter for the location that r is in now. True: it wants the body.
bool make_filter(Context &context);
// The request is here. NGX_OK, or the status of a refusal.
ngx_int_t begin_filter(Context &context, std::optional<gateway::Body> body);
// The proxy is to begin, with the body as edited and without the caller's key.
void start_proxying(Context &context);
// Gives the request back the body that an earlier pass edited; nothing if there was none.
void restore_body(Context &context);

// filter_answer.cpp.
// The proxy's header is about to go out. True: it is withheld until the body is known.
bool filter_head(Context &context);
// Shows the answer to the filter and passes on what the caller is to get.
ngx_int_t filter_body(Context &context, ngx_chain_t *in, ngx_http_output_header_filter_pt next_header,
                      ngx_http_output_body_filter_pt next_body);
// What the proxy did so far: its name, its calls, its times. As $upstream_status and its kin have it.
void note_proxied_calls(Context &context);

}  // namespace aigw::ngx
