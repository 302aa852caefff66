// $ai_...: registered here, looked up in variable_values.cpp. Those of the credential work in any phase; the others are
// not found until what they tell has happened. nginx caches none of them: the location that asks for a key may come
// later than the first look, and an exchange goes on. Within one evaluation (nginx measures first, then copies)
// nothing that they read can change: no event is handled in between. Values are copied to the request's pool, since an
// internal redirect makes a new exchange, with control characters encoded.
#include "nginx/variables.h"

#include "core/safe_text.h"
#include "nginx/access.h"
#include "nginx/cache.h"
#include "nginx/guard.h"
#include "nginx/guarded.h"
#include "nginx/limit.h"
#include "nginx/log.h"
#include "nginx/phases.h"
#include "nginx/text.h"

namespace aigw::ngx {
namespace {

constexpr std::string_view kTagPrefix = "ai_tag_";
constexpr std::string_view kMetadataPrefix = "ai_metadata_";

void set(ngx_http_request_t *r, ngx_http_variable_value_t *v, const Value &value) {
    if (!value || value->empty()) {
        v->not_found = 1;
        return;
    }
    ngx_str_t text = copy(r->pool, safe_text(*value));
    v->data = text.data;
    v->len = static_cast<unsigned>(text.len);
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
}

// Runs `get` for a request that a gateway may have to do with.
template <class F>
ngx_int_t evaluate(ngx_http_request_t *r, ngx_http_variable_value_t *v, F &&get) noexcept {
    return guarded(r->connection->log, ngx_int_t{NGX_ERROR}, [&] {
        set(r, v, main_conf(r)->used ? get() : Value());
        return ngx_int_t{NGX_OK};
    });
}

const gateway::Conversation *conversation_of(ngx_http_request_t *r) {
    Context *context = find_context(r);
    return context != nullptr ? context->conversation() : nullptr;
}

// The NAME of a prefix variable: `data` is the whole name.
std::string_view suffix(uintptr_t data, std::string_view prefix) {
    return view(*reinterpret_cast<ngx_str_t *>(data)).substr(prefix.size());
}

ngx_int_t caller_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data) noexcept {
    return evaluate(r, v, [&] {
        const identity::Identity *caller = identify(r);
        return caller != nullptr ? Value(caller->*kCallerVariables[data].member) : Value();
    });
}

ngx_int_t tag_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data) noexcept {
    return evaluate(r, v, [&] {
        const identity::Identity *caller = identify(r);
        if (caller != nullptr) {
            for (const auto &[name, value] : caller->tags) {
                if (is_named(name, suffix(data, kTagPrefix))) {
                    return Value(value);
                }
            }
        }
        return Value();
    });
}

ngx_int_t conversation_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data) noexcept {
    return evaluate(r, v, [&] {
        const gateway::Conversation *conversation = conversation_of(r);
        return conversation != nullptr ? kConversationVariables[data].get(*conversation) : Value();
    });
}

ngx_int_t metadata_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data) noexcept {
    return evaluate(r, v, [&] {
        const gateway::Conversation *conversation = conversation_of(r);
        if (conversation == nullptr || conversation->record().began == 0) {
            return Value();
        }
        return metadata(r->main, *conversation, suffix(data, kMetadataPrefix));
    });
}

// Before there is an exchange no call was made; core may have refused the request.
ngx_int_t attempts_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data) noexcept {
    return evaluate(r, v, [&] {
        if (const gateway::Conversation *conversation = conversation_of(r)) {
            return Value(std::to_string(conversation->record().attempts));
        }
        return is_ours(r) ? Value("0") : Value();
    });
}

ngx_int_t error_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data) noexcept {
    return evaluate(r, v, [&] {
        Context *context = find_context(r);
        if (context == nullptr) {
            return Value();
        }
        const gateway::Conversation *conversation = context->conversation();
        bool told = conversation != nullptr && !conversation->record().error_code.empty();
        return Value(told ? conversation->record().error_code : context->core_error);
    });
}

// Of a policy: what `Get` says of the request's context, once there is one.
template <auto Get>
ngx_int_t policy_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t) noexcept {
    return evaluate(r, v, [&] {
        Context *context = find_context(r);
        return context != nullptr ? Value(Get(*context)) : Value();
    });
}

Value limit_remaining_text(const Context &context) {
    std::optional<Tokens> remaining = limit_remaining(context);
    return remaining ? Value(std::to_string(*remaining)) : Value();
}

void add(ngx_conf_t *cf, std::string_view name, ngx_http_get_variable_pt get, uintptr_t data, ngx_uint_t flags) {
    ngx_str_t copied = copy(cf->pool, name);
    ngx_http_variable_t *variable = ngx_http_add_variable(cf, &copied, flags);
    if (variable == nullptr) {
        throw std::bad_alloc();
    }
    variable->get_handler = get;
    variable->data = data;
}

}  // namespace

ngx_int_t add_variables(ngx_conf_t *cf) noexcept {
    return guarded(cf->log, ngx_int_t{NGX_ERROR}, [&] {
        for (uintptr_t i = 0; i < std::size(kCallerVariables); i++) {
            add(cf, kCallerVariables[i].name, caller_variable, i, NGX_HTTP_VAR_NOCACHEABLE);
        }
        for (uintptr_t i = 0; i < std::size(kConversationVariables); i++) {
            add(cf, kConversationVariables[i].name, conversation_variable, i, NGX_HTTP_VAR_NOCACHEABLE);
        }
        add(cf, kTagPrefix, tag_variable, 0, NGX_HTTP_VAR_PREFIX | NGX_HTTP_VAR_NOCACHEABLE);
        add(cf, kMetadataPrefix, metadata_variable, 0, NGX_HTTP_VAR_PREFIX | NGX_HTTP_VAR_NOCACHEABLE);
        add(cf, "ai_attempts", attempts_variable, 0, NGX_HTTP_VAR_NOCACHEABLE);
        add(cf, "ai_error", error_variable, 0, NGX_HTTP_VAR_NOCACHEABLE);
        add(cf, "ai_detected", policy_variable<detected_labels>, 0, NGX_HTTP_VAR_NOCACHEABLE);
        add(cf, "ai_guardrail", policy_variable<guardrail_action>, 0, NGX_HTTP_VAR_NOCACHEABLE);
        add(cf, "ai_cache_status", policy_variable<cache_status>, 0, NGX_HTTP_VAR_NOCACHEABLE);
        add(cf, "ai_limit_status", policy_variable<limit_status>, 0, NGX_HTTP_VAR_NOCACHEABLE);
        add(cf, "ai_limit_remaining", policy_variable<limit_remaining_text>, 0, NGX_HTTP_VAR_NOCACHEABLE);
        return ngx_int_t{NGX_OK};
    });
}

}  // namespace aigw::ngx
