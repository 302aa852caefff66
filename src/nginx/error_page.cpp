// Every special response of a gateway location (the pages that core makes for a status) becomes the error in the
// caller's own dialect: ours from the exchange, core's own (413, deny, limit_req, 404) from the status. What an
// operator's error_page answered is left alone: it is an answer of another location or of a `return` with a text.
// In an ai_filter location only what we refused ourselves does: all else is the proxy's. The filters of ai_filter hang
// here too. Installed only if the configuration has a gateway at all.
#include "gateway/endpoint.h"
#include "nginx/context.h"
#include "nginx/core_error.h"
#include "nginx/filter.h"
#include "nginx/guarded.h"
#include "nginx/limit.h"
#include "nginx/phases.h"
#include "nginx/reply.h"
#include "nginx/text.h"

namespace aigw::ngx {
namespace {

ngx_http_output_header_filter_pt next_header;
ngx_http_output_body_filter_pt next_body;

// Core's pages are text/html or empty; what a gateway answers itself never is.
bool is_core_page(ngx_http_request_t *r) {
    const LocConf &conf = *loc_conf(r);
    if (r != r->main || r->err_status < NGX_HTTP_BAD_REQUEST || !conf.serves()) {
        return false;
    }
    if (conf.filter) {
        Context *context = find_context(r);
        if (context == nullptr || context->refused != r->err_status) {
            return false;
        }
    }
    std::string_view type = view(r->headers_out.content_type);
    return type.empty() || type == "text/html";
}

// What the caller is told. The exchange's own error, if it is what this page stands for.
chat::ApiError error_of(Context &context, int status) {
    gateway::Conversation *conversation = context.conversation();
    if (conversation != nullptr && conversation->error() && conversation->error()->status == status) {
        return *conversation->error();
    }
    chat::ApiError error = core_error(status);
    if (conversation != nullptr) {
        conversation->refuse(error);
    }
    context.core_error = error.code;
    return error;
}

const dialects::Dialect &dialect_of(Context &context) {
    ngx_http_request_t *r = context.r;
    if (const gateway::Conversation *conversation = context.conversation()) {
        return conversation->caller_dialect();
    }
    bool anthropic_header = !request_header(r, "anthropic-version").empty();
    const LocConf &conf = *loc_conf(r);
    return conf.filter ? *gateway::read_filter_path(conf.filter_dialect, view(r->uri), {}, anthropic_header).dialect
                       : gateway::caller_dialect(api_path(r), anthropic_header);
}

// What no repetition makes better: the request, the key or the model is wrong, or the prompt is above the limit.
bool is_final(const chat::ApiError &error) {
    bool ours = error.code == "token_limit" || error.code == "request_limit";
    bool too_long = error.status == NGX_HTTP_TOO_MANY_REQUESTS && !error.retry_after_ms && ours;
    return too_long || error.status == NGX_HTTP_BAD_REQUEST || error.status == NGX_HTTP_UNAUTHORIZED ||
           error.status == NGX_HTTP_FORBIDDEN || error.status == NGX_HTTP_NOT_FOUND;
}

void add_error_headers(ngx_http_request_t *r, const chat::ApiError &error) {
    if (error.status == NGX_HTTP_UNAUTHORIZED && r->headers_out.www_authenticate == nullptr) {
        add_header(r, "WWW-Authenticate", "Bearer");
    }
    if (error.retry_after_ms && (error.status == NGX_HTTP_TOO_MANY_REQUESTS ||
                                 error.status == NGX_HTTP_SERVICE_UNAVAILABLE)) {
        add_header(r, "retry-after", std::to_string((*error.retry_after_ms + 999) / 1000));
    }
    // Claude Code repeats even a 401 for minutes if it is not told.
    if (is_final(error)) {
        add_header(r, "x-should-retry", "false");
    }
}

void replace_page(ngx_http_request_t *r) {
    Context &context = make_context(r);
    const dialects::Dialect &dialect = dialect_of(context);
    chat::ApiError error = error_of(context, static_cast<int>(r->headers_out.status));
    context.error_page = dialect.write_error(error, request_id(context));
    add_error_headers(r, error);
    add_exchange_headers(r, context, &dialect == &dialects::anthropic_messages());
    add_limit_headers(context);

    set_content_type(r, "application/json");
    set_content_length(r, static_cast<off_t>(context.error_page.size()));
    context.replacing = true;
}

// The context of a request whose answer ai_filter sees; null: not this one.
Context *filtered(ngx_http_request_t *r) {
    if (r != r->main) {
        return nullptr;
    }
    Context *context = find_context(r);
    return context != nullptr && context->filter && !context->replacing && !context->answered ? context : nullptr;
}

ngx_int_t header_filter(ngx_http_request_t *r) noexcept {
    if (is_core_page(r)) {
        guarded(r->connection->log, [&] { replace_page(r); });
    } else if (Context *context = filtered(r)) {
        bool withheld = guarded(r->connection->log, true, [&] { return filter_head(*context); });
        if (withheld) {
            return NGX_OK;
        }
    }
    return next_header(r);
}

// True if the chain ends the answer. Its bytes count as sent.
bool swallow(ngx_chain_t *in) {
    bool last = false;
    for (; in != nullptr; in = in->next) {
        ngx_buf_t *buf = in->buf;
        buf->pos = buf->last;
        buf->file_pos = buf->file_last;
        last = last || buf->last_buf;
    }
    return last;
}

ngx_int_t body_filter(ngx_http_request_t *r, ngx_chain_t *in) noexcept {
    if (in == nullptr || r != r->main) {
        return next_body(r, in);
    }
    if (Context *context = filtered(r)) {
        return guarded(r->connection->log, ngx_int_t(NGX_ERROR), [&] { return filter_body(*context, in, next_header, next_body); });
    }
    if (r->err_status < NGX_HTTP_BAD_REQUEST) {
        return next_body(r, in);
    }
    Context *context = find_context(r);
    if (context == nullptr || !context->replacing) {
        return next_body(r, in);
    }
    if (!swallow(in)) {
        return NGX_OK;
    }
    context->replacing = false;
    ngx_buf_t *buf = static_cast<ngx_buf_t *>(ngx_calloc_buf(r->pool));
    if (buf == nullptr) {
        return NGX_ERROR;
    }
    ngx_str_t page = str(context->error_page);
    buf->start = buf->pos = page.data;
    buf->end = buf->last = page.data + page.len;
    buf->memory = 1;
    buf->last_buf = 1;
    buf->last_in_chain = 1;
    ngx_chain_t out{buf, nullptr};
    return next_body(r, &out);
}

}  // namespace

ngx_int_t install_filters(ngx_conf_t *cf) noexcept {
    if (!main_conf(cf)->used) {
        return NGX_OK;
    }
    next_header = ngx_http_top_header_filter;
    ngx_http_top_header_filter = header_filter;
    next_body = ngx_http_top_body_filter;
    ngx_http_top_body_filter = body_filter;
    return NGX_OK;
}

}  // namespace aigw::ngx
