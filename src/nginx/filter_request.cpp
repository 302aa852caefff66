// A request on its way to an existing proxy. What the proxy sends is r->request_body: an edited body takes its place, with
// the length that goes with it.
#include "nginx/filter.h"

#include "nginx/access.h"
#include "nginx/caller_key.h"
#include "nginx/chain.h"
#include "nginx/precontent.h"
#include "nginx/reply.h"
#include "nginx/text.h"

namespace aigw::ngx {
namespace {

void set_length(ngx_http_request_t *r, off_t length) {
    r->headers_in.content_length_n = length;
    if (ngx_table_elt_t *header = r->headers_in.content_length) {
        header->value = copy(r->pool, std::to_string(length));
    }
}

void edit_body(Context &context, const std::vector<std::string_view> &pieces) {
    ngx_http_request_t *r = context.r;
    context.original_body = r->request_body->bufs;
    context.original_length = r->headers_in.content_length_n;
    ngx_chain_t **tail = &r->request_body->bufs;
    off_t length = 0;
    for (std::string_view piece : pieces) {
        if (!piece.empty()) {
            *tail = refer_to(r->pool, piece);
            tail = &(*tail)->next;
            length += static_cast<off_t>(piece.size());
        }
    }
    set_length(r, length);
}

}  // namespace

bool make_filter(Context &context) {
    ngx_http_request_t *r = context.r;
    context.forget_conversation();
    restore_body(context);
    gateway::Caller caller;
    caller.method = view(r->method_name);
    caller.path = view(r->uri);
    caller.query = view(r->args);
    caller.request_id = request_id(context);
    caller.identity = identify(r);
    caller.anthropic_version = request_header(r, "anthropic-version");
    caller.now = ngx_time();
    context.filter = std::make_unique<gateway::Filter>(main_conf(r)->scratch, loc_conf(r)->policy,
                                                        loc_conf(r)->filter_dialect, caller);
    return context.filter->wants_body(request_header(r, "content-type"));
}

ngx_int_t begin_filter(Context &context, std::optional<gateway::Body> body) {
    if (auto error = context.filter->begin(std::move(body), now())) {
        return refuse(context, *error);
    }
    return NGX_OK;
}

void start_proxying(Context &context) {
    gateway::Filter &filter = *context.filter;
    if (auto pieces = filter.edited_body(); !pieces.empty()) {
        edit_body(context, pieces);
    }
    hide_headers(context, context.caller == Context::Caller::Known, filter.is_call());
}

void restore_body(Context &context) {
    if (context.original_body != nullptr) {
        context.r->request_body->bufs = context.original_body;
        set_length(context.r, context.original_length);
        context.original_body = nullptr;
    }
}

}  // namespace aigw::ngx
