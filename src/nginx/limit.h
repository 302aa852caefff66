// ai_token_limit and ai_request_limit of one request: which lines apply, what the caller is told.
#pragma once

#include "nginx/context.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

// A step of admission: reserves. NGX_OK, or the status of a refusal.
ngx_int_t reserve_limits(Context &context);
// Bytes of the answer came. False: the answer has reached a limit and ends here, with limit_reached.
bool within_limits(Context &context);
chat::ApiError limit_reached(Context &context);
// The conversation has ended: settles.
void settle_limits(Context &context);

// passed, rejected, dry_run (it would have been rejected); nothing where no limit applied.
std::string_view limit_status(const Context &context);
// Of the tightest token limit, else of the tightest request limit.
std::optional<Tokens> limit_remaining(const Context &context);

// x-ratelimit-*; nothing where no limit applied.
void add_limit_headers(Context &context);

}  // namespace aigw::ngx
