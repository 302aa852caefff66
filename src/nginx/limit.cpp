#include "nginx/limit.h"

#include <algorithm>

#include "nginx/core_error.h"
#include "nginx/metrics.h"
#include "nginx/precontent.h"
#include "nginx/quota.h"
#include "nginx/reply.h"
#include "nginx/text.h"

namespace aigw::ngx {
namespace {

using limits::Count;
using limits::Status;

constexpr Tokens kDefaultOutput = 4096;    // of a call that says no limit to a server that we know nothing of
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
    auto count = limits::parse_count(text);
    if (!count) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "aigw: the limit \"%s\" is no number", rule.name.c_str());
        return Applies::Broken;
    }
    limit = *count;
    return Applies::Yes;
}

Applies read_key(ngx_http_request_t *r, const LimitRule &rule, std::string &key) {
    key = evaluate(r, const_cast<ngx_http_complex_value_t &>(rule.key));
    if (!key.empty() && has_values(r, rule.key_variables)) {
        return Applies::Yes;
    }
    key = kUnknown;
    return rule.empty == LimitRule::Empty::Skip     ? Applies::No
           : rule.empty == LimitRule::Empty::Reject ? Applies::Reject
                                                    : Applies::Yes;
}

Applies add_line(Context &context, const LimitRule &rule) {
    ngx_http_request_t *r = context.r;
    if (rule.condition != nullptr && !is_true(r, *rule.condition)) {
        return Applies::No;
    }
    Tokens limit;
    if (Applies applies = read_limit(r, rule, limit); applies != Applies::Yes) {
        return applies;
    }
    std::string key;
    if (Applies applies = read_key(r, rule, key); applies != Applies::Yes) {
        return applies;
    }
    context.quota->add(rule, std::move(key), limit, context.conversation()->record().model);
    return Applies::Yes;
}

std::string_view code_of(const LimitRule &rule) {
    return rule.count == Count::Requests ? "request_limit" : "token_limit";
}

std::string message_of(const Quota::Line &line) {
    const char *what = line.rule->count == Count::Requests ? "Request" : "Token";
    return std::string(what) + " limit exceeded for " + line.key + ": " + std::to_string(line.limit) + "/" +
           limits::window_text(line.rule->rate.window) + ".";
}

chat::ApiError error_of(const Quota &quota) {
    const limits::Decision &decision = quota.decision();
    const Quota::Line &line = quota.lines()[decision.refused];
    chat::ApiError error{NGX_HTTP_TOO_MANY_REQUESTS, chat::ErrorKind::RateLimit, std::string(code_of(*line.rule)),
                         message_of(line), {}, {}};
    if (decision.status == Status::Refused) {
        error.retry_after_ms = decision.retry_after;
    }
    return error;
}

void warn_full(ngx_http_request_t *r) {
    static time_t said = 0;
    if (ngx_time() - said >= 60) {
        said = ngx_time();
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "aigw: no room for more limits in ai_zone: requests are refused with 503");
    }
}

limits::Expected expected_of(Context &context) {
    const gateway::Conversation &conversation = *context.conversation();
    Tokens fallback = context.exchange ? context.exchange->default_output() : kDefaultOutput;
    Tokens output = std::clamp<Tokens>(conversation.record().max_tokens.value_or(fallback), 0, kMaxTokens);
    return {conversation.input_tokens(), output * conversation.record().answers};
}

void count_results(Context &context) {
    const Quota &quota = *context.quota;
    const limits::Decision &decision = quota.decision();
    for (size_t i = 0; i < quota.lines().size(); i++) {
        bool over = decision.standings[i].over;
        std::string_view result = !over ? "passed" : quota.lines()[i].rule->dry_run ? "dry_run" : "rejected";
        count_limit(context.r, quota.lines()[i].rule->name, result);
    }
}

limits::Spent spent_of(const gateway::Conversation &conversation) {
    const gateway::Record &record = conversation.record();
    if (record.usage_source == gateway::UsageSource::None) {
        return {};
    }
    return {record.usage.prompt, record.usage.completion};
}

// The tightest limit of one kind.
struct Tightest {
    const limits::Standing *standing = nullptr;

    void see(const limits::Standing &one) {
        if (standing == nullptr || one.remaining < standing->remaining) {
            standing = &one;
        }
    }

    void tell(ngx_http_request_t *r, const char *limit, const char *remaining, const char *reset) const {
        if (standing != nullptr) {
            add_header(r, limit, std::to_string(standing->limit));
            add_header(r, remaining, std::to_string(standing->remaining));
            add_header(r, reset, std::to_string((standing->reset + 999) / 1000));
        }
    }
};

struct Standings {
    Tightest tokens, requests;
};

Standings tightest(const Quota &quota) {
    Standings found;
    for (size_t i = 0; i < quota.lines().size(); i++) {
        Tightest &kind = quota.lines()[i].rule->count == Count::Requests ? found.requests : found.tokens;
        kind.see(quota.decision().standings[i]);
    }
    return found;
}

bool has_standings(const Context &context) {
    return context.quota && context.quota->decision().count != 0 && context.quota->decision().status != Status::Full;
}

}  // namespace

ngx_int_t reserve_limits(Context &context) {
    Zones *zones = main_conf(context.r)->zones;
    const auto &tokens = policies_in_force(context, &PolicySet::token_limits).token_limits;
    const auto &requests = policies_in_force(context, &PolicySet::request_limits).request_limits;
    if ((tokens.lines.empty() && requests.lines.empty()) || (context.filter && !context.filter->may_cost())) {
        return NGX_OK;
    }
    context.quota = std::make_unique<Quota>(*zones);
    for (const auto *list : {&tokens, &requests}) {
        for (const auto &rule : list->lines) {
            switch (add_line(context, *rule)) {
            case Applies::No:
            case Applies::Yes:
                break;
            case Applies::Reject:
                count_limit(context.r, rule->name, "rejected");
                return refuse(context, {NGX_HTTP_FORBIDDEN, chat::ErrorKind::Permission, std::string(code_of(*rule)),
                                        "There is no limit for a caller who is not known.", {}, {}});
            case Applies::Broken:
                return NGX_HTTP_INTERNAL_SERVER_ERROR;
            }
        }
    }
    if (context.quota->empty()) {
        context.quota.reset();
        return NGX_OK;
    }
    const limits::Decision &decision = context.quota->reserve(expected_of(context));
    if (decision.status == Status::Full) {
        warn_full(context.r);
        return refuse(context, {NGX_HTTP_SERVICE_UNAVAILABLE, chat::ErrorKind::Overloaded, "overloaded",
                                "The gateway has no room for this caller's limits.", {}, {}});
    }
    count_results(context);
    if (decision.status != Status::Admitted) {
        return refuse(context, error_of(*context.quota));
    }
    if (decision.clamped && context.exchange) {
        context.exchange->clamp_output(std::max<Tokens>(decision.covered / context.exchange->record().answers, 1));
    }
    return NGX_OK;
}

bool within_limits(Context &context) {
    if (!context.quota || context.ended) {
        return true;
    }
    gateway::Conversation &conversation = *context.conversation();
    return context.quota->spend({conversation.input_tokens(), conversation.output_tokens()});
}

chat::ApiError limit_reached(Context &context) {
    const Quota::Line *line = &context.quota->lines().front();
    for (const Quota::Line &one : context.quota->lines()) {
        if (one.rule->count != Count::Requests && !one.rule->dry_run) {
            line = &one;
        }
    }
    return {NGX_HTTP_TOO_MANY_REQUESTS, chat::ErrorKind::RateLimit, "token_limit", message_of(*line), {}, {}};
}

void settle_limits(Context &context) {
    if (context.quota) {
        context.quota->settle(spent_of(*context.conversation()));
    }
}

std::string_view limit_status(const Context &context) {
    if (!has_standings(context)) {
        return {};
    }
    const limits::Decision &decision = context.quota->decision();
    return decision.status != Status::Admitted ? "rejected" : decision.dry_run_over ? "dry_run" : "passed";
}

std::optional<Tokens> limit_remaining(const Context &context) {
    if (!has_standings(context)) {
        return std::nullopt;
    }
    auto [tokens, requests] = tightest(*context.quota);
    const limits::Standing *standing = tokens.standing != nullptr ? tokens.standing : requests.standing;
    return standing->remaining;
}

void add_limit_headers(Context &context) {
    if (!has_standings(context)) {
        return;
    }
    auto [tokens, requests] = tightest(*context.quota);
    tokens.tell(context.r, "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens");
    requests.tell(context.r, "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests");
}

}  // namespace aigw::ngx
