// What a request passes between its complete body and its content, one step after the other, in a gateway location and
// before a proxy alike.
#pragma once

#include "nginx/context.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

// From the step on that the request has come to. NGX_DECLINED: the content may begin; NGX_DONE: a step waits, the phases
// are run again when it goes on; else what the phase handler shall say.
ngx_int_t admit(Context &context);

}  // namespace aigw::ngx
