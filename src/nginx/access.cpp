#include "nginx/access.h"

#include "nginx/caller_key.h"
#include "nginx/context.h"
#include "nginx/guarded.h"
#include "nginx/keys.h"
#include "nginx/phases.h"

namespace aigw::ngx {

namespace {

struct Decision {
    Context::Caller caller = Context::Caller::Anonymous;
    ngx_int_t status = NGX_OK;
    const char *why = nullptr;  // of a refusal
};

Decision refused(const char *why) {
    return {Context::Caller::Refused, NGX_HTTP_UNAUTHORIZED, why};
}

Decision judge(KeyState state) {
    switch (state) {
    case KeyState::Known:
        return {Context::Caller::Known, NGX_OK, nullptr};
    case KeyState::Unknown:
        return refused("unknown");
    case KeyState::Expired:
        return refused("expired");
    case KeyState::Disabled:
        return refused("disabled");
    case KeyState::NotLoaded:
        break;
    }
    return {Context::Caller::Refused, NGX_HTTP_SERVICE_UNAVAILABLE, "no keys are loaded"};
}

Decision decide(ngx_http_request_t *r, identity::Identity &identity) {
    CallerKey key = caller_key(r);
    switch (key.fault) {
    case CallerKey::Fault::Missing:
        return refused("missing");
    case CallerKey::Fault::Two:
        return refused("two different ones");
    case CallerKey::Fault::TooLong:
        return refused("too long");
    case CallerKey::Fault::None:
        break;
    }
    Zones *zones = main_conf(r)->zones;
    if (zones == nullptr || zones->keys == nullptr) {
        return judge(KeyState::NotLoaded);
    }
    return judge(find_key(*zones, key.value, ngx_time(), identity));
}

Decision look_up(Context &context) {
    context.identity = {};
    Decision decision = decide(context.r, context.identity);
    context.caller = decision.caller;
    return decision;
}

// Core takes it back when another access module lets the request in (satisfy any).
ngx_int_t challenge(ngx_http_request_t *r) {
    auto *header = static_cast<ngx_table_elt_t *>(ngx_list_push(&r->headers_out.headers));
    if (header == nullptr) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    *header = {};
    header->hash = 1;
    header->key = ngx_string("WWW-Authenticate");
    header->value = ngx_string("Bearer");
    r->headers_out.www_authenticate = header;
    return NGX_HTTP_UNAUTHORIZED;
}

// Looked up anew in each pass: what an earlier phase or another location found out lets nobody in.
ngx_int_t check_access(ngx_http_request_t *r) {
    Context &context = make_context(r);
    Decision decision = look_up(context);
    auto *core = static_cast<ngx_http_core_loc_conf_t *>(ngx_http_get_module_loc_conf(r, ngx_http_core_module));
    // What is refused may be a key too, with a second one beside it. Where others may let it in, it is none of ours.
    if (decision.status == NGX_OK || core->satisfy == NGX_HTTP_SATISFY_ALL) {
        hide_parameter(context);
    }
    if (decision.status == NGX_OK) {
        return NGX_OK;
    }
    context.refused = static_cast<ngx_uint_t>(decision.status);
    ngx_uint_t level = decision.status == NGX_HTTP_UNAUTHORIZED ? NGX_LOG_INFO : NGX_LOG_ERR;
    ngx_log_error(level, r->connection->log, 0, "aigw: key refused: %s", decision.why);
    return decision.status == NGX_HTTP_UNAUTHORIZED ? challenge(r) : decision.status;
}

}  // namespace

const identity::Identity *identify(ngx_http_request_t *r) {
    Context *context = find_context(r);
    if (context == nullptr || context->caller == Context::Caller::Unknown) {
        // Another location may ask for a key: nothing is remembered where none does.
        if (!loc_conf(r->main)->auth_is(Auth::Keys)) {
            return nullptr;
        }
        context = &make_context(r);
        look_up(*context);
    }
    return context->caller == Context::Caller::Known ? &context->identity : nullptr;
}

ngx_int_t access_handler(ngx_http_request_t *r) noexcept {
    LocConf *conf = loc_conf(r);
    if (!conf->serves() || r != r->main) {
        return NGX_DECLINED;
    }
    if (conf->auth_is(Auth::Keys)) {
        return guarded(r->connection->log, ngx_int_t(NGX_HTTP_INTERNAL_SERVER_ERROR), [&] { return check_access(r); });
    }
    // Anonymous here, whoever it was in the location before an internal redirect.
    if (Context *context = find_context(r)) {
        context->caller = Context::Caller::Unknown;
        context->identity = {};
    }
    return NGX_DECLINED;
}

}  // namespace aigw::ngx
