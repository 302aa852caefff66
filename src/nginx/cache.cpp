#include "nginx/cache.h"

#include "cache/record.h"
#include "cache/retold.h"
#include "nginx/access.h"
#include "nginx/admission.h"
#include "nginx/cache_zone.h"
#include "nginx/filter.h"
#include "nginx/guard.h"
#include "nginx/metrics.h"
#include "nginx/precontent.h"
#include "nginx/reply.h"
#include "nginx/text.h"

namespace aigw::ngx {
namespace {

using Role = cache::Flight::Role;
using Status = CacheUse::Status;

constexpr Millis kProxyWait = 60'000;  // ms; as proxy_read_timeout's default
constexpr size_t kMaxWords = 256;  // bytes of a caller's wishes that are looked at

std::string_view evaluate(ngx_http_request_t *r, ngx_http_complex_value_t &value) {
    ngx_str_t text;
    if (ngx_http_complex_value(r, &value, &text) != NGX_OK) {
        throw std::bad_alloc();
    }
    return view(text);
}

bool is_on(ngx_http_request_t *r, const CacheRule &rule) {
    if (rule.mode == nullptr) {
        return rule.exact;
    }
    std::string_view mode = evaluate(r, *rule.mode);
    if (mode == "exact") {
        return true;
    }
    if (!mode.empty() && mode != "off") {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "aigw: the mode of \"ai_cache\" is neither \"off\" nor \"exact\"");
    }
    return false;
}

// `word` is one of a list with commas or blanks.
bool has_word(std::string_view list, std::string_view word) {
    list = list.substr(0, kMaxWords);
    while (!list.empty()) {
        size_t end = list.find_first_of(", \t");
        std::string_view one = list.substr(0, end);
        if (one.size() == word.size()
            && ngx_strncasecmp(reinterpret_cast<u_char *>(const_cast<char *>(one.data())),
                               reinterpret_cast<u_char *>(const_cast<char *>(word.data())), word.size()) == 0) {
            return true;
        }
        list.remove_prefix(end == list.npos ? list.size() : end + 1);
    }
    return false;
}

bool trusts_controls(Context &context) {
    const auto &trust = policies_in_force(context, &PolicySet::trust).trust.rule;
    if (trust == nullptr) {
        return false;
    }
    return trust->words != nullptr ? has_word(evaluate(context.r, *trust->words), "cache") : trust->cache;
}

// Whose answers these are; empty: nobody's who is known.
std::string owner_of(Context &context, const CacheRule &rule) {
    if (rule.scope != nullptr) {
        std::string_view scope = evaluate(context.r, *rule.scope);
        return scope.empty() ? std::string() : "scope:" + std::string(scope);
    }
    const identity::Identity *caller = identify(context.r);
    if (caller == nullptr) {
        return {};
    }
    if (!caller->team.empty()) {
        return "team:" + caller->team;
    }
    return caller->key_id.empty() ? std::string() : "key:" + caller->key_id;
}

// What the caller's words mean depends on these too.
std::string api_of(const Context &context) {
    const ngx_http_request_t *r = context.r;
    std::string api(const_cast<Context &>(context).conversation()->caller_dialect().name());
    for (std::string_view header : {"anthropic-version", "anthropic-beta", "openai-beta"}) {
        (api += '\n') += request_header(r, header);
    }
    return api;
}

std::string policy_of(const Context &context) {
    std::string policy = loc_conf(context.r)->policy.drop_unsupported ? "drop" : "reject";
    if (context.guard) {
        policy += '\n' + context.guard->set->version;
        if (context.guard->set->conditional) {
            policy += '\n' + std::to_string(context.guard->active);
        }
    }
    return policy;
}

// What would be called. Of an existing proxy only the place is known.
std::string resolved(const Context &context) {
    if (context.exchange) {
        return context.exchange->first_target();
    }
    ngx_http_request_t *r = context.r;
    auto *server = static_cast<ngx_http_core_srv_conf_t *>(ngx_http_get_module_srv_conf(r, ngx_http_core_module));
    auto *core = static_cast<ngx_http_core_loc_conf_t *>(ngx_http_get_module_loc_conf(r, ngx_http_core_module));
    std::string name = "proxy";
    for (const ngx_str_t &part : {server->server_name, core->name}) {
        (name += '\0') += view(part);
    }
    return (name += '\0') + context.filter->place();
}

// A call whose answer a record can hold.
bool is_call(const Context &context) {
    return context.exchange ? context.exchange->answers_chat() : context.filter && context.filter->answers_chat();
}

// How long another's answer is waited for: as long as the own call might take.
Millis longest_wait(const Context &context) {
    return context.exchange ? context.exchange->model()->targets.front().provider->timeouts.total : kProxyWait;
}

// An answer into which the caller's own values were put back is his alone.
bool has_secrets(const Context &context) { return context.guard && !context.guard->guarding.vault.empty(); }

std::optional<cache::Key> key_of(Context &context, const CacheRule &rule) {
    std::string owner = owner_of(context, rule);
    JsonValue body = context.conversation()->request_body();
    if (owner.empty() || has_secrets(context) || !cache::can_be_retold(body)) {
        return std::nullopt;
    }
    std::string api = api_of(context), model = resolved(context), policy = policy_of(context);
    return cache::request_key({owner, api, model, policy}, body);
}

// ms that the answer has lived.
Millis age(const cache::Recording &recording) { return static_cast<Millis>(ngx_time() - recording.created) * 1000; }

// NGX_DONE: answered; NGX_DECLINED: this is no answer.
ngx_int_t answer_from(Context &context, const std::string &record, bool elsewhere) {
    CacheUse &use = *context.cache;
    auto recording = cache::read_record(record);
    if (!recording || age(*recording) > use.rule->ttl) {
        CacheMemory(use.zones).remove(use.key);
        return NGX_DECLINED;
    }
    if (elsewhere) {
        CacheMemory(use.zones).put(use.key, record, use.rule->ttl - age(*recording));
        use.finish();
    }
    use.status = Status::Hit;
    use.keeps = false;
    return answer_with(context, context.conversation()->replay(*recording, now()));
}

// The call is ours.
ngx_int_t call(Context &context) {
    if (context.cache->keeps) {
        context.conversation()->keep_answer(context.cache->rule->max_bytes);
    }
    return NGX_OK;
}

ngx_int_t answer_or_call(Context &context, const std::optional<std::string> &record, bool elsewhere = false) {
    ngx_int_t rc = record ? answer_from(context, *record, elsewhere) : ngx_int_t(NGX_DECLINED);
    return rc == NGX_DECLINED ? call(context) : rc;
}

// It is not in the zone.
ngx_int_t look_elsewhere(Context &context) {
    context.cache->question = CacheQuestion::ask(context, context.cache->key);
    return context.cache->question ? suspend_admission(context) : call(context);
}

void wake(void *data) { resume_admission(*static_cast<Context *>(data)); }

ngx_int_t look(Context &context) {
    CacheUse &use = *context.cache;
    cache::Flight::Ticket ticket;
    auto record = CacheMemory(use.zones).find_or_join(use.key, FlightMember::kLease, ticket);
    if (record) {
        return answer_or_call(context, record);
    }
    use.flight.emplace(use.zones, use.key, wake, &context);
    use.flight->start(ticket, ngx_current_msec + static_cast<ngx_msec_t>(longest_wait(context)));
    return use.flight->role() == Role::Wait ? suspend_admission(context) : look_elsewhere(context);
}

// The one who called is done, or gone, or took too long.
ngx_int_t look_again(Context &context) {
    CacheUse &use = *context.cache;
    if (use.flight->role() == Role::Lead) {
        return look_elsewhere(context);
    }
    use.flight.reset();
    auto record = CacheMemory(use.zones).find(use.key);
    return record ? answer_or_call(context, record) : look_elsewhere(context);
}

// Redis has answered, or did not in time.
ngx_int_t remote_answer(Context &context) {
    CacheUse &use = *context.cache;
    auto record = use.question->take();
    use.question.reset();
    return answer_or_call(context, record, true);
}

}  // namespace

ngx_int_t look_in_cache(Context &context) {
    if (context.cache) {
        return context.cache->question ? remote_answer(context) : look_again(context);
    }
    const auto &rule = policies_in_force(context, &PolicySet::cache).cache.rule;
    if (rule == nullptr || !is_call(context) || !is_on(context.r, *rule)) {
        return NGX_OK;
    }
    context.cache = std::make_unique<CacheUse>(*main_conf(context.r)->zones, rule);
    CacheUse &use = *context.cache;
    std::string_view wish = trusts_controls(context) ? request_header(context.r, "x-aigw-cache") : std::string_view();
    bool may_keep = !has_word(wish, "no-store"), may_look = may_keep && !has_word(wish, "no-cache");
    auto key = may_keep ? key_of(context, *rule) : std::nullopt;
    if (!key) {
        return NGX_OK;
    }
    use.key = *key;
    use.keeps = true;
    if (!may_look) {
        return call(context);
    }
    use.status = Status::Miss;
    return look(context);
}

void store_answer(Context &context) {
    CacheUse *use = context.cache.get();
    if (use == nullptr || !use->keeps) {
        return;
    }
    use->keeps = false;
    auto record = context.conversation()->take_record();
    if (record && (context.filter || context.exchange->answered_as_resolved())) {
        CacheMemory(use->zones).put(use->key, *record, use->rule->ttl);
        put_remote(context.r, use->key, *record, use->rule->ttl);
    }
    use->finish();
}

void end_cache(Context &context, gateway::End how) {
    CacheUse *use = context.cache.get();
    if (use == nullptr) {
        return;
    }
    // A caller who left says nothing of the answer: one of those who wait calls instead.
    bool left = how == gateway::End::Client || how == gateway::End::Shutdown;
    if (!left || context.conversation()->done()) {
        store_answer(context);
    }
    use->flight.reset();
    count_cache(context.r, cache_status(context));
}

std::string_view cache_status(const Context &context) {
    if (!context.cache) {
        return {};
    }
    switch (context.cache->status) {
    case Status::Hit:
        return "HIT";
    case Status::Miss:
        return "MISS";
    case Status::Bypass:
        return "BYPASS";
    }
    return {};
}

}  // namespace aigw::ngx
