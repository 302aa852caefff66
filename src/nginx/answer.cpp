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
    r->headers_out.content_type = copy(r->pool, content_type);
    r->headers_out.content_type_len = content_type.size();
    r->headers_out.content_type_lowcase = nullptr;
    r->headers_out.content_length_n = length;
    bool anthropic = &context.exchange->caller_dialect() == &dialects::anthropic_messages();
    add_exchange_headers(r, context, anthropic);
    add_limit_headers(context);
}

}  // namespace aigw::ngx
