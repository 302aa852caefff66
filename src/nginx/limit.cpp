#include "nginx/limit.h"

#include <algorithm>

#include "nginx/admission.h"
#include "nginx/limit_lines.h"
#include "nginx/metrics.h"
#include "nginx/precontent.h"
#include "nginx/quota.h"
#include "nginx/reply.h"
#include "nginx/text.h"

namespace aigw::ngx {
namespace {

using limits::Count;
using Verdict = Quota::Verdict;

constexpr Tokens kDefaultOutput = 4096;  // of a call that says no limit to a server that we know nothing of
constexpr Millis kAwayRetry = 1000;      // ms: Redis may be back by then

std::string message_of(const Quota::Line &line) {
    const char *what = line.count == Count::Requests ? "Request" : "Token";
    return std::string(what) + " limit exceeded for " + line.key + ": " + std::to_string(line.limit) + "/" +
           window_text(line.window) + ".";
}

chat::ApiError error_of(const Quota &quota) {
    const Quota::Line &line = quota.refused_line();
    chat::ApiError error{NGX_HTTP_TOO_MANY_REQUESTS, chat::ErrorKind::RateLimit, std::string(code_of(line.count)),
                         message_of(line), {}, {}};
    if (quota.verdict() == Verdict::Refused) {
        error.retry_after_ms = quota.retry_after();
    }
    return error;
}

chat::ApiError overloaded(const char *why) {
    return {NGX_HTTP_SERVICE_UNAVAILABLE, chat::ErrorKind::Overloaded, "overloaded", why, {}, kAwayRetry};
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

// What became of each line: `otherwise` where nobody judged it; empty: it is not counted.
void count_results(Context &context, std::string_view otherwise) {
    for (const Quota::Line &line : context.quota->lines()) {
        bool over = line.standing.over;
        std::string_view result = !line.judged ? otherwise : !over ? "passed" : line.dry_run ? "dry_run" : "rejected";
        if (!result.empty()) {
            count_limit(context.r, line.name, result);
        }
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
    for (const Quota::Line &line : quota.lines()) {
        if (line.judged) {
            Tightest &kind = line.count == Count::Requests ? found.requests : found.tokens;
            kind.see(line.standing);
        }
    }
    return found;
}

bool has_standings(const Context &context) {
    return context.quota && context.quota->has_standings();
}

ngx_int_t admitted(Context &context) {
    const Quota &quota = *context.quota;
    count_results(context, "unchecked");
    if (quota.clamped() && context.exchange) {
        context.exchange->clamp_output(std::max<Tokens>(quota.covered() / context.exchange->record().answers, 1));
    }
    return NGX_OK;
}

// What the quota says, as a step of admission.
ngx_int_t conclude(Context &context) {
    switch (context.quota->verdict()) {
    case Verdict::Waiting:
        return suspend_admission(context);
    case Verdict::Admitted:
        return admitted(context);
    case Verdict::Full:
        warn_full(context.r);
        return refuse(context, overloaded("The gateway has no room for this caller's limits."));
    case Verdict::Away:
        count_results(context, "rejected");
        return refuse(context, overloaded("The gateway cannot check this caller's limits now."));
    case Verdict::Refused:
    case Verdict::Never:
        break;
    }
    count_results(context, {});
    return refuse(context, error_of(*context.quota));
}

std::string_view tenant_of(ngx_http_request_t *r, const MainConf &main) {
    ngx_http_variable_value_t *value = main.redis ? ngx_http_get_flushed_variable(r, main.redis->tenant_index) : nullptr;
    return value != nullptr && !value->not_found ? view({value->len, value->data}) : std::string_view();
}

}  // namespace

ngx_int_t reserve_limits(Context &context) {
    if (context.quota) {
        return conclude(context);
    }
    if (context.filter && !context.filter->may_cost()) {
        return NGX_OK;
    }
    const MainConf &main = *main_conf(context.r);
    auto quota = std::make_unique<Quota>(context, *main.zones, main.redis_client);
    if (ngx_int_t rc = add_limits(context, *quota); rc != NGX_OK || quota->empty()) {
        return rc;
    }
    context.quota = std::move(quota);
    context.quota->reserve(expected_of(context), tenant_of(context.r, main));
    return conclude(context);
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
        if (one.count != Count::Requests && !one.dry_run) {
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
    if (context.quota && context.quota->verdict() == Verdict::Away) {
        return "rejected";
    }
    if (!has_standings(context)) {
        return {};
    }
    const Quota &quota = *context.quota;
    return quota.verdict() != Verdict::Admitted ? "rejected" : quota.dry_run_over() ? "dry_run" : "passed";
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
