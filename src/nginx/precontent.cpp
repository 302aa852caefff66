// The body is read once, then the exchange begins. Runs after everything that may refuse the request (access, limits
// of other modules) and before the content. The phase is suspended while the body comes in: core's mirror module does
// it the same way.
#include "nginx/ngx.h"

#include "nginx/admission.h"
#include "nginx/answer.h"
#include "nginx/chain.h"
#include "nginx/context.h"
#include "nginx/filter.h"
#include "nginx/guarded.h"
#include "nginx/phases.h"
#include "nginx/precontent.h"
#include "nginx/request_body.h"
#include "nginx/text.h"

namespace aigw::ngx {
namespace {

// An answer of our own; what core says of it.
ngx_int_t send_answer(Context &context, const gateway::Answer &answer) {
    ngx_http_request_t *r = context.r;
    set_answer_header(context, answer.content_type, static_cast<off_t>(answer.body.size()));
    ngx_int_t rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }
    ngx_str_t body = copy(r->pool, answer.body);
    ngx_chain_t *out = refer_to(r->pool, view(body));
    out->buf->last_buf = 1;
    out->buf->last_in_chain = 1;
    return ngx_http_output_filter(r, out);
}

// A phase cannot say "answered"; it ends the request itself.
ngx_int_t finish_with(Context &context, const gateway::Answer &answer) {
    ngx_int_t rc = send_answer(context, answer);
    ngx_http_finalize_request(context.r, rc);
    return NGX_DONE;
}

ngx_int_t begin_exchange(Context &context, gateway::Body body) {
    gateway::Action action = context.exchange->begin(std::move(body), now());
    if (std::holds_alternative<gateway::Continue>(action)) {
        return NGX_OK;
    }
    if (auto *error = std::get_if<chat::ApiError>(&action)) {
        return refuse(context, *error);
    }
    return finish_with(context, std::get<gateway::Answer>(action));
}

// The whole body is here. What the phase handler shall say.
ngx_int_t begin(Context &context) {
    auto body = request_body(context);
    if (!body) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    ngx_int_t rc = context.filter ? begin_filter(context, std::move(body)) : begin_exchange(context, std::move(*body));
    return rc == NGX_OK ? admit(context) : rc;
}

// Also called when the body was there at once, from within read_client_request_body.
void on_body(ngx_http_request_t *r) noexcept {
    Context *context = find_context(r);
    if (context == nullptr) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }
    context->body = Context::Body::Begun;
    r->preserve_body = 1;
    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}

// A proxied request that is no call begins without its body.
ngx_int_t start(ngx_http_request_t *r) {
    Context &context = make_context(r);
    if (loc_conf(r)->gateway) {
        make_exchange(context);
    } else if (!make_filter(context)) {
        ngx_int_t rc = begin_filter(context, std::nullopt);
        return rc == NGX_OK ? admit(context) : rc;
    }
    context.body = Context::Body::Reading;
    ngx_int_t rc = read_request_body(context, on_body);
    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }
    ngx_http_finalize_request(r, NGX_DONE);  // the reference that reading took
    return NGX_DONE;
}

// Core runs no access phase for subrequests: where a key is asked for they would come in without one. The content
// handler of a gateway refuses them; a proxy's does not.
ngx_int_t subrequest(const LocConf &conf) {
    return conf.filter && conf.auth_is(Auth::Keys) ? NGX_HTTP_FORBIDDEN : NGX_DECLINED;
}

}  // namespace

ngx_int_t refuse(Context &context, const chat::ApiError &error) {
    context.conversation()->refuse(error);
    context.refused = static_cast<ngx_uint_t>(error.status);
    return error.status;
}

ngx_int_t answer_request(Context &context, std::string_view text) {
    return answer_with(context, context.conversation()->write_answer(text));
}

ngx_int_t answer_with(Context &context, std::string body) {
    context.answered = true;
    return finish_with(context, {std::string(context.conversation()->content_type()), std::move(body)});
}

bool is_true(ngx_http_request_t *r, ngx_http_complex_value_t &value) {
    ngx_str_t text;
    if (ngx_http_complex_value(r, &value, &text) != NGX_OK) {
        throw std::bad_alloc();
    }
    return text.len != 0 && view(text) != "0";
}

ngx_int_t precontent_handler(ngx_http_request_t *r) noexcept {
    const LocConf &conf = *loc_conf(r);
    if (!conf.serves()) {
        return NGX_DECLINED;
    }
    if (r != r->main) {
        return subrequest(conf);
    }
    Context *context = find_context(r);
    bool begun = context != nullptr && context->body == Context::Body::Begun;
    bool waiting = context != nullptr && context->waiting;
    return guarded(r->connection->log, ngx_int_t(NGX_HTTP_INTERNAL_SERVER_ERROR), [&] {
        if (waiting) {
            return admit(*context);
        }
        if (!begun) {
            return start(r);
        }
        context->body = Context::Body::Unread;  // of the next pass, after an internal redirect
        return begin(*context);
    });
}

}  // namespace aigw::ngx
