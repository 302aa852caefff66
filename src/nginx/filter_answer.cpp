// The answer of an existing proxy. Unless the filter rewrites it, its buffers pass as they are.
#include "nginx/filter.h"

#include "gateway/call_result.h"
#include "nginx/cache.h"
#include "nginx/chain.h"
#include "nginx/core_error.h"
#include "nginx/limit.h"
#include "nginx/metrics.h"
#include "nginx/reply.h"
#include "nginx/text.h"

namespace aigw::ngx {
namespace {

// Of one call that is over.
std::string_view call_result(const ngx_http_upstream_state_t &state) {
    if (state.status == 0) {
        return {};  // under way
    }
    if (state.status == NGX_HTTP_GATEWAY_TIME_OUT) {
        return gateway::result_of(gateway::Cause::Timeout);
    }
    if (state.status == NGX_HTTP_BAD_GATEWAY && state.header_time == static_cast<ngx_msec_t>(-1)) {
        bool connected = state.connect_time != static_cast<ngx_msec_t>(-1);
        return gateway::result_of(connected ? gateway::Cause::Closed : gateway::Cause::Connect);
    }
    if (state.status >= NGX_HTTP_BAD_REQUEST) {
        return gateway::result_of(core_error(static_cast<int>(state.status)).kind);
    }
    return {};  // as the conversation ends
}

struct Flags {
    bool last = false, last_in_chain = false;
};

// Takes the buffer's bytes and lets it count as sent.
void consume(ngx_buf_t *buf, Flags &flags) {
    flags.last = flags.last || buf->last_buf;
    flags.last_in_chain = flags.last_in_chain || buf->last_in_chain;
    buf->pos = buf->last;
    buf->file_pos = buf->file_last;
}

// The end of the answer on its last buffer. Every block is flushed as it is.
void mark_end(Context &context, ngx_chain_t **out, const Flags &flags) {
    if (*out == nullptr && flags.last) {
        *out = refer_to(context.r->pool, {});
        (*out)->buf->memory = 0;  // core's writer takes an empty buffer only without memory
    }
    if (*out != nullptr) {
        ngx_buf_t *buf = last_of(*out);
        buf->last_buf = flags.last;
        buf->last_in_chain = flags.last_in_chain;
    }
}

// False: the stream cannot be rewritten any further.
bool show(Context &context, ngx_chain_t *in, Flags &flags, bool take) {
    gateway::Filter &filter = *context.filter;
    for (; in != nullptr; in = in->next) {
        ngx_buf_t *buf = in->buf;
        if (ngx_buf_in_memory(buf) && buf->last > buf->pos) {
            std::string_view bytes(reinterpret_cast<char *>(buf->pos), static_cast<size_t>(buf->last - buf->pos));
            if (!filter.body(bytes, now())) {
                return false;
            }
        }
        if (buf->last_buf && !filter.body_end(now())) {
            return false;
        }
        if (buf->last_buf) {
            store_answer(context);
        }
        if (take) {
            consume(buf, flags);
        }
    }
    return true;
}

// out() and nothing more; the proxy's connection is closed.
ngx_int_t send_end(Context &context, ngx_http_output_body_filter_pt next) {
    ngx_chain_t *out = nullptr;
    append_blocks(context.r->pool, &context.free_links, &ngx_http_aigw_module, context.filter->out(), &out);
    Flags flags;
    flags.last = true;
    mark_end(context, &out, flags);
    next(context.r, out);
    return NGX_ERROR;
}

ngx_int_t stop(Context &context, ngx_http_output_body_filter_pt next) {
    context.filter->stop(limit_reached(context));
    return send_end(context, next);
}

ngx_int_t rewrite(Context &context, ngx_chain_t *in, ngx_http_output_body_filter_pt next) {
    ngx_http_request_t *r = context.r;
    ngx_chain_t *out = nullptr;
    Flags flags;
    if (context.filter->stopped()) {
        show(context, in, flags, true);
        return NGX_OK;
    }
    if (!show(context, in, flags, true)) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "aigw: an event of the proxied stream is too large");
        return NGX_ERROR;
    }
    if (context.filter->stopped()) {
        return send_end(context, next);
    }
    if (!within_limits(context)) {
        return stop(context, next);
    }
    append_blocks(r->pool, &context.free_links, &ngx_http_aigw_module, context.filter->out(), &out);
    context.filter->out().clear();
    mark_end(context, &out, flags);
    if (out == nullptr && context.busy_links == nullptr) {
        return NGX_OK;
    }
    ngx_int_t rc = next(r, out);
    ngx_chain_update_chains(r->pool, &context.free_links, &context.busy_links, &out, &ngx_http_aigw_module);
    return rc;
}

// A whole answer that goes through the rules: its header goes out with it, or with the error that takes its place.
ngx_int_t release(Context &context, ngx_chain_t *in, ngx_http_output_header_filter_pt next_header,
                  ngx_http_output_body_filter_pt next_body) {
    ngx_http_request_t *r = context.r;
    gateway::Filter &filter = *context.filter;
    Flags flags;
    show(context, in, flags, true);
    if (!flags.last || r->header_sent) {
        return NGX_OK;
    }
    context.error_page = std::move(filter.out());
    if (filter.error()) {
        context.error_page = filter.caller_dialect().write_error(*filter.error(), request_id(context));
        r->headers_out.status = static_cast<ngx_uint_t>(filter.error()->status);
        r->headers_out.status_line.len = 0;
    }
    set_content_type(r, "application/json");
    set_content_length(r, static_cast<off_t>(context.error_page.size()));
    ngx_int_t rc = next_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }
    ngx_chain_t *out = refer_to(r->pool, context.error_page);
    out->buf->last_buf = 1;
    out->buf->last_in_chain = 1;
    return next_body(r, out);
}

}  // namespace

void note_proxied_calls(Context &context) {
    ngx_http_request_t *r = context.r;
    std::vector<gateway::CallRecord> calls;
    std::string_view provider;
    Millis waited = 0;
    if (r->upstream != nullptr && r->upstream->upstream != nullptr) {
        provider = view(r->upstream->upstream->host);
    }
    ngx_array_t *states = r->upstream_states;
    for (ngx_uint_t i = 0; states != nullptr && i < states->nelts; i++) {
        const auto &state = static_cast<ngx_http_upstream_state_t *>(states->elts)[i];
        if (state.peer != nullptr) {  // else what divides the calls before an internal redirect from those after it
            calls.push_back({std::string(provider), call_result(state)});
            waited += state.response_time != static_cast<ngx_msec_t>(-1) ? static_cast<Millis>(state.response_time) : 0;
        }
    }
    context.filter->note_calls(provider, std::move(calls), waited, r->cached);
}

bool filter_head(Context &context) {
    ngx_http_request_t *r = context.r;
    gateway::Filter &filter = *context.filter;
    note_proxied_calls(context);
    add_limit_headers(context);
    if (std::string_view status = cache_status(context); !status.empty()) {
        add_header(r, "x-aigw-cache", status);
    }
    const ngx_table_elt_t *encoding = r->headers_out.content_encoding;
    bool encoded = encoding != nullptr && encoding->hash != 0 && encoding->value.len != 0;
    filter.head(static_cast<int>(r->headers_out.status), view(r->headers_out.content_type), encoded);
    if (r->header_only || !filter.watches()) {
        return false;
    }
    r->filter_need_in_memory = 1;
    if (filter.streams() && !context.streaming) {
        context.streaming = true;
        stream_began();
    }
    if (filter.rewrites()) {
        ngx_http_clear_content_length(r);
        ngx_http_clear_accept_ranges(r);
        ngx_http_weak_etag(r);
    }
    return filter.withholds();
}

ngx_int_t filter_body(Context &context, ngx_chain_t *in, ngx_http_output_header_filter_pt next_header,
                      ngx_http_output_body_filter_pt next) {
    if (context.filter->withholds()) {
        return release(context, in, next_header, next);
    }
    if (context.filter->rewrites()) {
        return rewrite(context, in, next);
    }
    Flags flags;
    show(context, in, flags, false);
    ngx_int_t rc = next(context.r, in);
    return rc != NGX_ERROR && !within_limits(context) ? stop(context, next) : rc;
}

}  // namespace aigw::ngx
