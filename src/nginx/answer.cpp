#include "nginx/ngx.h"

#include "nginx/answer.h"

#include "nginx/limit.h"
#include "nginx/reply.h"
#include "nginx/text.h"

namespace aigw::ngx {

void set_answer_header(Context &context, std::string_view content_type, off_t length) {
    ngx_http_request_t *r = context.r;
    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.status_line = {};
    set_content_type(r, content_type);
    set_content_length(r, length);
    bool anthropic = &context.conversation()->caller_dialect() == &dialects::anthropic_messages();
    add_exchange_headers(r, context, anthropic);
    add_limit_headers(context);
}

}  // namespace aigw::ngx
