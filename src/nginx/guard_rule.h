// The lines of ai_guardrail that are in force together.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "guards/plan.h"
#include "guards/rule.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

struct GuardLine {
    guards::Rule rule;
    ngx_http_complex_value_t *condition = nullptr;  // if=
    std::string version;                            // changes with its arguments, and with its file's words
};

// Of one level, after it was merged: the rules side by side, and the plans of all of them.
struct GuardSet {
    explicit GuardSet(const std::vector<std::shared_ptr<const GuardLine>> &lines);

    std::vector<guards::Rule> rules;
    std::vector<ngx_http_complex_value_t *> conditions;  // by rule; null: always
    bool conditional = false;
    std::string version;  // changes with any of the rules
    std::unique_ptr<const guards::Plan> request, response;
};

}  // namespace aigw::ngx
