#include "nginx/cache.h"

#include "cache/record.h"
#include "cache/retold.h"
#include "nginx/access.h"
#include "nginx/admission.h"
#include "nginx/cache_zone.h"
#include "nginx/guard.h"
#include "nginx/metrics.h"
#include "nginx/precontent.h"
#include "nginx/reply.h"
#include "nginx/text.h"

namespace aigw::ngx {
namespace {

using Role = cache::Flight::Role;
using Status = CacheUse::Status;

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

// An answer into which the caller's own values were put back is his alone.
bool has_secrets(const Context &context) { return context.guard && !context.guard->guarding.vault.empty(); }

std::optional<cache::Key> key_of(Context &context, const CacheRule &rule) {
    std::string owner = owner_of(context, rule);
    JsonValue body = context.conversation()->request_body();
    if (owner.empty() || has_secrets(context) || !cache::can_be_retold(body)) {
        return std::nullopt;
    }
    std::string api = api_of(context), model = context.exchange->first_target(), policy = policy_of(context);
    return cache::request_key({owner, api, model, policy}, body);
}

bool is_fresh(const cache::Recording &recording, const CacheRule &rule) {
    return static_cast<Millis>(ngx_time() - recording.created) * 1000 <= rule.ttl;
}

// NGX_DONE: answered; NGX_DECLINED: this is no answer.
ngx_int_t answer_from(Context &context, const std::string &record) {
    CacheUse &use = *context.cache;
    auto recording = cache::read_record(record);
    if (!recording || !is_fresh(*recording, *use.rule)) {
        CacheMemory(use.zones).remove(use.key);
        return NGX_DECLINED;
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

void wake(void *data) { resume_admission(*static_cast<Context *>(data)); }

ngx_int_t look(Context &context) {
    CacheUse &use = *context.cache;
    cache::Flight::Ticket ticket;
    auto record = CacheMemory(use.zones).find_or_join(use.key, FlightMember::kLease, ticket);
    if (record) {
        ngx_int_t rc = answer_from(context, *record);
        return rc == NGX_DECLINED ? call(context) : rc;
    }
    Millis total = context.exchange->model()->targets.front().provider->timeouts.total;
    use.flight.emplace(use.zones, use.key, wake, &context);
    use.flight->start(ticket, ngx_current_msec + static_cast<ngx_msec_t>(total));
    return use.flight->role() == Role::Wait ? suspend_admission(context) : call(context);
}

// The one who called is done, or gone, or took too long.
ngx_int_t look_again(Context &context) {
    CacheUse &use = *context.cache;
    if (use.flight->role() == Role::Lead) {
        return call(context);
    }
    use.flight.reset();
    auto record = CacheMemory(use.zones).find(use.key);
    ngx_int_t rc = record ? answer_from(context, *record) : ngx_int_t(NGX_DECLINED);
    return rc == NGX_DECLINED ? call(context) : rc;
}

}  // namespace

ngx_int_t look_in_cache(Context &context) {
    if (context.cache && context.cache->flight) {
        return look_again(context);
    }
    const auto &rule = policies_in_force(context, &PolicySet::cache).cache.rule;
    if (rule == nullptr || !context.exchange || !is_on(context.r, *rule)) {
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
    if (record && context.exchange->answered_as_resolved()) {
        CacheMemory(use->zones).put(use->key, *record, use->rule->ttl);
    }
    if (use->flight) {
        use->flight->finish();
    }
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
