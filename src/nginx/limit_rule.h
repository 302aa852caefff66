// One line of ai_token_limit or ai_request_limit.
#pragma once

#include <string>
#include <vector>

#include "core/rate.h"
#include "limits/reservation.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

struct LimitRule {
    enum class Empty : uint8_t { Unknown, Skip, Reject };  // a key without a value: one bucket, no limit, no request

    std::string name;      // the same name is the same counter
    uint8_t group = 0;     // of the name
    std::string key_text;  // as it is written
    ngx_http_complex_value_t key{};
    std::vector<ngx_uint_t> key_variables;        // indices: none of them may be empty
    Rate rate;                            // limit is 0 where a variable tells it
    ngx_http_complex_value_t *limit = nullptr;    // N, if it is a variable
    limits::Count count = limits::Count::Total;
    bool per_model = false;
    bool clamp = false;
    bool dry_run = false;
    Empty empty = Empty::Unknown;
    ngx_uint_t max_keys = 100'000;
    ngx_http_complex_value_t *condition = nullptr;  // if=
};

}  // namespace aigw::ngx
