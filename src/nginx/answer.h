// The header of a good answer to the caller.
#pragma once

#include <string_view>

#include "nginx/context.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

// Status 200, the type, the length in bytes (-1: unknown) and the gateway's own headers. Throws bad_alloc.
void set_answer_header(Context &context, std::string_view content_type, off_t length);

}  // namespace aigw::ngx
