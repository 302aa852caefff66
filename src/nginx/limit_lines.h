// Which limits apply to a request: the lines in force and the key's own, with their variables' values.
#pragma once

#include "nginx/context.h"
#include "nginx/ngx.h"
#include "nginx/quota.h"

namespace aigw::ngx {

// Adds them to `quota`. NGX_OK, or the status of a refusal. Throws bad_alloc.
ngx_int_t add_limits(Context &context, Quota &quota);

// Of the error of a caller who has reached it.
std::string_view code_of(limits::Count count);

}  // namespace aigw::ngx
