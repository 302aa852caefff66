// What a request passes between its complete body and its content, one step after the other, in a gateway location and
// before a proxy alike.
#pragma once

#include "nginx/context.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

// From the step on that the request has come to. NGX_DECLINED: the content may begin; NGX_DONE: a step waits, the phases
// are run again when it goes on; else what the phase handler shall say.
ngx_int_t admit(Context &context);

// For a step that waits for something else than its turn: NGX_DONE, which the step returns. A client who leaves meanwhile
// ends the request, and with it whatever waits in the context.
ngx_int_t suspend_admission(Context &context);
// The same step again, in a turn of its own; once for each suspension.
void resume_admission(Context &context);

}  // namespace aigw::ngx
