#include "nginx/limit_lines.h"

#include <algorithm>

#include "limits/key_memo.h"
#include "nginx/access.h"
#include "nginx/limit_rule.h"
#include "nginx/metrics.h"
#include "nginx/precontent.h"
#include "nginx/text.h"

namespace aigw::ngx {
namespace {

using limits::Count;

constexpr std::string_view kUnknown = "unknown";

// One line for one request.
enum class Applies : uint8_t { No, Yes, Reject, Broken };

std::string_view evaluate(ngx_http_request_t *r, ngx_http_complex_value_t &value) {
    ngx_str_t text;
    if (ngx_http_complex_value(r, &value, &text) != NGX_OK) {
        throw std::bad_alloc();
    }
    return view(text);
}

bool has_values(ngx_http_request_t *r, const std::vector<ngx_uint_t> &variables) {
    return std::all_of(variables.begin(), variables.end(), [&](ngx_uint_t index) {
        ngx_http_variable_value_t *value = ngx_http_get_flushed_variable(r, index);
        return value != nullptr && !value->not_found && value->len != 0;
    });
}

// `off` and nothing are no limit.
Applies read_limit(ngx_http_request_t *r, const LimitRule &rule, Tokens &limit) {
    limit = rule.rate.limit;
    if (rule.limit == nullptr) {
        return Applies::Yes;
    }
    std::string_view text = evaluate(r, *rule.limit);
    if (text.empty() || text == "off") {
        return Applies::No;
    }
    auto count = parse_count(text);
    if (!count) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "aigw: the limit \"%s\" is no number", rule.name.c_str());
        return Applies::Broken;
    }
    limit = *count;
    return Applies::Yes;
}

// `known`: the key has a value.
Applies read_key(ngx_http_request_t *r, const LimitRule &rule, std::string &key, bool &known) {
    key = evaluate(r, const_cast<ngx_http_complex_value_t &>(rule.key));
    known = !key.empty() && has_values(r, rule.key_variables);
    if (known) {
        return Applies::Yes;
    }
    key = kUnknown;
    return rule.empty == LimitRule::Empty::Skip     ? Applies::No
           : rule.empty == LimitRule::Empty::Reject ? Applies::Reject
                                                    : Applies::Yes;
}

// Redis keeps it with the tenant's other limits. Whoever has no key is nobody's tenant: there is one bucket for all.
bool is_of_tenant(const MainConf &main, const LimitRule &rule, bool known) {
    return main.redis != nullptr && known && std::find(rule.key_variables.begin(), rule.key_variables.end(), main.redis->tenant_index) !=
                                        rule.key_variables.end();
}

// Of this worker.
limits::KeyMemo &memo() {
    static limits::KeyMemo memo;
    return memo;
}

void add(Quota &quota, Quota::Line line, std::string_view model, bool of_tenant, limits::Demand demand) {
    demand.key = memo().key({"counter", line.name, window_text(line.window), line.key, model});
    demand.limit = line.limit;
    demand.window = line.window;
    demand.count = line.count;
    demand.dry_run = line.dry_run;
    quota.add(std::move(line), demand, of_tenant);
}

Applies add_rule(Context &context, Quota &quota, const LimitRule &rule) {
    ngx_http_request_t *r = context.r;
    if (rule.condition != nullptr && !is_true(r, *rule.condition)) {
        return Applies::No;
    }
    Quota::Line line{rule.name, {}, 0, rule.rate.window, rule.count, rule.dry_run};
    if (Applies applies = read_limit(r, rule, line.limit); applies != Applies::Yes) {
        return applies;
    }
    bool known = false;
    if (Applies applies = read_key(r, rule, line.key, known); applies != Applies::Yes) {
        return applies;
    }
    limits::Demand demand;
    demand.clamp = rule.clamp;
    demand.group = rule.group;
    demand.max_keys = static_cast<uint32_t>(rule.max_keys);
    std::string_view model = context.conversation()->record().model;
    add(quota, std::move(line), rule.per_model ? model : std::string_view(), is_of_tenant(*main_conf(r), rule, known), demand);
    return Applies::Yes;
}

ngx_int_t add_rules(Context &context, Quota &quota, const PolicyList<LimitRule> &rules) {
    for (const auto &rule : rules.lines) {
        switch (add_rule(context, quota, *rule)) {
        case Applies::No:
        case Applies::Yes:
            break;
        case Applies::Reject:
            count_limit(context.r, rule->name, "rejected");
            return refuse(context, {NGX_HTTP_FORBIDDEN, chat::ErrorKind::Permission, std::string(code_of(rule->count)),
                                    "There is no limit for a caller who is not known.", {}, {}});
        case Applies::Broken:
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return NGX_OK;
}

// `tokens` and `requests` of the caller's key. The names are nobody else's: those of lines have no spaces but before a
// KEY, which is followed by a window.
void add_own_limits(Quota &quota, const identity::Identity &caller) {
    auto add_list = [&](const std::vector<Rate> &rates, std::string_view name, uint8_t group, Count count) {
        limits::Demand demand;
        demand.group = group;
        for (const Rate &rate : rates) {
            add(quota, {name, caller.key_id, rate.limit, rate.window, count}, {}, false, demand);
        }
    };
    constexpr std::string_view kTokens = "key tokens", kRequests = "key requests";
    static const uint8_t tokens = limits::group_of(kTokens), requests = limits::group_of(kRequests);
    add_list(caller.tokens, kTokens, tokens, Count::Total);
    add_list(caller.requests, kRequests, requests, Count::Requests);
}

}  // namespace

std::string_view code_of(Count count) {
    return count == Count::Requests ? "request_limit" : "token_limit";
}

ngx_int_t add_limits(Context &context, Quota &quota) {
    const auto &tokens = policies_in_force(context, &PolicySet::token_limits).token_limits;
    const auto &requests = policies_in_force(context, &PolicySet::request_limits).request_limits;
    for (const auto *list : {&tokens, &requests}) {
        if (ngx_int_t rc = add_rules(context, quota, *list); rc != NGX_OK) {
            return rc;
        }
    }
    if (const identity::Identity *caller = identify(context.r)) {
        add_own_limits(quota, *caller);
    }
    return NGX_OK;
}

}  // namespace aigw::ngx
