// ai_guardrail for one request.
#pragma once

#include <memory>
#include <string>

#include "guards/request_guard.h"
#include "nginx/context.h"
#include "nginx/guard_rule.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

// What a request's guarding needs as long as it lasts.
struct Guard {
    explicit Guard(std::shared_ptr<const GuardSet> in_force) : set(std::move(in_force)) {}

    std::shared_ptr<const GuardSet> set;
    std::unique_ptr<const guards::Plan> own_request, own_response;  // where if= leaves rules out
    const guards::Plan *request = nullptr, *response = nullptr;
    uint64_t active = UINT64_MAX;  // rules in force, by their place
    guards::Guarding guarding;
    std::unique_ptr<guards::RequestGuard> look;  // while the request is looked at
};

// A step of admission: looks at the request, has the answer looked at. NGX_OK; NGX_AGAIN after a slice of work; NGX_DONE
// if it answered; or the status of a refusal.
ngx_int_t guard_request(Context &context);
// The conversation has ended: counts what was found.
void count_guardrails(Context &context);

std::string detected_labels(const Context &context);
std::string_view guardrail_action(const Context &context);

}  // namespace aigw::ngx
