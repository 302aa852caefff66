// ai_cache and ai_trust_controls of one level.
#pragma once

#include <memory>

#include "core/units.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

struct CacheRule {
    bool exact = false;                           // where the mode is no variable
    ngx_http_complex_value_t *mode = nullptr;     // else
    Millis ttl = 3'600'000;
    ngx_http_complex_value_t *scope = nullptr;    // null: the team, else the key
    size_t max_bytes = 1 << 20;                   // of one answer's record

    bool may_be_on() const { return exact || mode != nullptr; }
};

// Which of the caller's own wishes count.
struct TrustRule {
    bool cache = false;
    ngx_http_complex_value_t *words = nullptr;    // where a variable says it
};

// A policy of which a level has one.
template <class T>
struct SinglePolicy {
    std::shared_ptr<const T> rule;  // null: never written
    bool written = false;           // at this very level

    void merge(const SinglePolicy &outer) {
        if (!written) {
            rule = outer.rule;
        }
    }
};

}  // namespace aigw::ngx
