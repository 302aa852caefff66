#include "nginx/guard.h"

#include "nginx/metrics.h"
#include "nginx/precontent.h"
#include "nginx/text.h"

namespace aigw::ngx {
namespace {

using State = guards::RequestGuard::State;

std::shared_ptr<const GuardSet> in_force(Context &context) {
    const PolicySet &policies = policies_in_force(context, &PolicySet::guardrails);
    return policies.guard_set;
}

// Which rules hold, by their if=.
uint64_t active_rules(ngx_http_request_t *r, const GuardSet &set) {
    uint64_t active = 0;
    for (size_t i = 0; i < set.rules.size(); i++) {
        active |= uint64_t(set.conditions[i] == nullptr || is_true(r, *set.conditions[i])) << i;
    }
    return active;
}

void choose_plans(Context &context, Guard &guard) {
    const GuardSet &set = *guard.set;
    guard.request = set.request.get();
    guard.response = set.response.get();
    if (set.conditional) {
        uint64_t active = active_rules(context.r, set);
        guard.active = active;
        guard.own_request = std::make_unique<const guards::Plan>(set.rules, guards::Direction::Request, active);
        guard.own_response = std::make_unique<const guards::Plan>(set.rules, guards::Direction::Response, active);
        guard.request = guard.own_request.get();
        guard.response = guard.own_response.get();
    }
}

ngx_int_t refuse_request(Context &context) {
    const guards::Guarding &guarding = context.guard->guarding;
    const guards::Rule *rule = guarding.refused_by;
    if (rule != nullptr && rule->answer) {
        return answer_request(context, rule->refusal(guarding.refused_label));
    }
    return refuse(context, gateway::guardrail_error(guarding));
}

ngx_int_t refuse_unseen(Context &context) {
    return refuse(context, {NGX_HTTP_FORBIDDEN, chat::ErrorKind::Permission, "guardrail",
                            "This request cannot be checked by the guardrails of this location.", {}, {}});
}

// The answer passes the rules for answers, and gets back what a rule of the request took out.
void guard_answer(Context &context) {
    Guard &guard = *context.guard;
    if (!guard.response->empty() || !guard.guarding.vault.empty()) {
        context.conversation()->guard_answer(*guard.response, guard.guarding);
    }
}

ngx_int_t look_done(Context &context) {
    Guard &guard = *context.guard;
    if (!guard.look->edits().empty()) {
        context.conversation()->edit(guard.look->edits());
    }
    guard.look.reset();
    guard_answer(context);
    return context.filter && context.filter->guards_in_vain() ? refuse_unseen(context) : ngx_int_t(NGX_OK);
}

ngx_int_t look(Context &context) {
    Guard &guard = *context.guard;
    switch (guard.look->step()) {
    case State::More:
        return NGX_AGAIN;
    case State::Refused:
        return refuse_request(context);
    case State::Done:
        break;
    }
    return look_done(context);
}

}  // namespace

ngx_int_t guard_request(Context &context) {
    if (context.guard && context.guard->look) {
        return look(context);
    }
    auto set = in_force(context);
    if (set == nullptr || set->rules.empty() || (context.filter && !context.filter->may_cost())) {
        return NGX_OK;
    }
    context.guard = std::make_unique<Guard>(std::move(set));
    Guard &guard = *context.guard;
    choose_plans(context, guard);
    if (guard.request->empty() && guard.response->empty()) {
        return NGX_OK;
    }
    // A form is read, and is no text.
    if (!context.conversation()->record().has_body || !context.conversation()->request_body()) {
        return refuse_unseen(context);
    }
    guard.look = std::make_unique<guards::RequestGuard>(*guard.request, guard.guarding, context.conversation()->request());
    return look(context);
}

void count_guardrails(Context &context) {
    if (context.guard) {
        for (const auto &line : context.guard->guarding.tally.lines()) {
            count_guardrail(context.r, line.label, guards::name_of(line.action), line.count);
        }
    }
}

std::string detected_labels(const Context &context) {
    return context.guard ? context.guard->guarding.tally.labels() : std::string();
}

std::string_view guardrail_action(const Context &context) {
    auto action = context.guard ? context.guard->guarding.tally.action() : std::nullopt;
    return action ? guards::name_of(*action) : std::string_view();
}

}  // namespace aigw::ngx
