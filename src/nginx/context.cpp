#include "nginx/ngx.h"

#include "nginx/context.h"

#include <algorithm>

#include "nginx/access.h"
#include "nginx/attempt.h"
#include "nginx/cache.h"
#include "nginx/filter.h"
#include "nginx/guard.h"
#include "nginx/limit.h"
#include "nginx/metrics.h"
#include "nginx/quota.h"
#include "nginx/pool.h"
#include "nginx/reply.h"
#include "nginx/request_id.h"
#include "nginx/text.h"

namespace aigw::ngx {
namespace {

constexpr size_t kMaxRequestId = 128;  // bytes of a caller's own id

ngx_uint_t live = 0;  // contexts of this worker

bool is_clean_id(std::string_view id) {
    return !id.empty() && id.size() <= kMaxRequestId && std::all_of(id.begin(), id.end(), [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
    });
}

std::string_view forced_model(ngx_http_request_t *r, LocConf *conf) {
    ngx_str_t model{};
    if (conf->model != nullptr && ngx_http_complex_value(r, conf->model, &model) != NGX_OK) {
        throw std::bad_alloc();
    }
    return view(model);
}

}  // namespace

Context::Context(ngx_http_request_t *request) : r(request) {
    live++;
}

Turn::~Turn() {
    if (event.posted) {
        ngx_delete_posted_event(&event);
    }
}

Context::~Context() {
    live--;
    stop_streaming();
}

gateway::Conversation *Context::conversation() {
    if (exchange) {
        return &*exchange;
    }
    return filter.get();
}

void Context::end(gateway::End how) {
    gateway::Conversation *under_way = conversation();
    if (under_way != nullptr && !ended) {
        ended = true;
        under_way->end(how, now());
        end_cache(*this, how);
        settle_limits(*this);
        count_guardrails(*this);
    }
}

void Context::forget_conversation() {
    end(gateway::End::Error);
    stop_streaming();
    driver.reset();
    exchange.reset();
    filter.reset();
    guard.reset();
    quota.reset();
    cache.reset();
    admitted = 0;
    ended = false;
}

void Context::stop_streaming() {
    if (streaming) {
        streaming = false;
        stream_ended();
    }
}

Context &make_context(ngx_http_request_t *r) {
    r = r->main;
    Context *context = find_context(r);
    if (context == nullptr) {
        context = make_in_pool<Context>(r->pool, r);
        ngx_http_set_ctx(r, context, ngx_http_aigw_module);
    }
    context->was_ours = context->was_ours || loc_conf(r)->serves();
    return *context;
}

Context *find_context(ngx_http_request_t *r) {
    r = r->main;
    auto *context = static_cast<Context *>(ngx_http_get_module_ctx(r, ngx_http_aigw_module));
    if (context != nullptr) {
        return context;
    }
    for (ngx_pool_cleanup_t *cleanup = r->pool->cleanup; cleanup != nullptr; cleanup = cleanup->next) {
        if (cleanup->handler == destroy_in_pool<Context>) {
            context = static_cast<Context *>(cleanup->data);
            ngx_http_set_ctx(r, context, ngx_http_aigw_module);
            return context;
        }
    }
    return nullptr;
}

std::string_view request_id(Context &context) {
    if (context.request_id.empty()) {
        std::string_view own = request_header(context.r, "x-request-id");
        context.request_id = is_clean_id(own) ? std::string(own) : core_request_id(context.r);
    }
    return context.request_id;
}

// The prefix itself also counts without its trailing slash.
std::string_view api_path(ngx_http_request_t *r) {
    std::string_view uri = view(r->uri);
    std::string_view prefix = view(loc_conf(r)->prefix);
    if (uri.substr(0, prefix.size()) == prefix) {
        return uri.substr(prefix.size());
    }
    return uri.size() + 1 == prefix.size() && prefix.substr(0, uri.size()) == uri ? std::string_view() : uri;
}

gateway::Exchange &make_exchange(Context &context) {
    ngx_http_request_t *r = context.r;
    LocConf *conf = loc_conf(r);
    context.forget_conversation();
    restore_body(context);
    gateway::Caller caller;
    caller.method = view(r->method_name);
    caller.path = api_path(r);
    caller.query = view(r->args);
    caller.content_type = request_header(r, "content-type");
    caller.request_id = request_id(context);
    caller.identity = identify(r);
    caller.forced_model = forced_model(r, conf);
    caller.anthropic_version = request_header(r, "anthropic-version");
    caller.anthropic_beta = request_header(r, "anthropic-beta");
    caller.openai_beta = request_header(r, "openai-beta");
    caller.idempotency_key = request_header(r, "idempotency-key");
    caller.traceparent = request_header(r, "traceparent");
    caller.tracestate = request_header(r, "tracestate");
    caller.now = ngx_time();
    caller.random = static_cast<uint32_t>(ngx_random());
    context.exchange = std::make_unique<gateway::Exchange>(main_conf(r)->scratch, conf->policy, caller);
    return *context.exchange;
}

ngx_uint_t live_contexts() {
    return live;
}

}  // namespace aigw::ngx
