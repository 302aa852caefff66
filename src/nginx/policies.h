// The policies of one level of the configuration, and how levels are joined.
#pragma once

#include <memory>
#include <vector>

#include "nginx/cache_rule.h"
#include "nginx/conf_position.h"
#include "nginx/guard_rule.h"
#include "nginx/limit_rule.h"
#include "nginx/prompt.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

// Lines of one directive. A level's own lines replace the outer ones; `inherit` adds to them, `off` empties the list.
template <class T>
struct PolicyList {
    std::vector<std::shared_ptr<const T>> lines;
    bool written = false;  // at this very level
    bool off = false;
    bool inherit = false;
    Position where;        // of the first line

    // True: outer lines are no longer in force here, and nobody said that this is meant.
    bool merge(const PolicyList &outer) {
        if (!written) {
            lines = outer.lines;
            return false;
        }
        if (inherit) {
            lines.insert(lines.begin(), outer.lines.begin(), outer.lines.end());
            return false;
        }
        return !off && !outer.lines.empty();
    }
};

struct PolicySet {
    PolicyList<LimitRule> token_limits;
    PolicyList<LimitRule> request_limits;
    PolicyList<PromptLine> prompts;
    PolicyList<GuardLine> guardrails;
    SinglePolicy<CacheRule> cache;
    SinglePolicy<TrustRule> trust;
    std::shared_ptr<const GuardSet> guard_set;  // of the guardrails in force; made when the level is complete

    // Ready for requests. Null guards stay null where there are none.
    void complete();
};

}  // namespace aigw::ngx
