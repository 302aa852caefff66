// ai_cache for one request: whether an answer is there, whether another request is calling for it, and keeping what came.
#pragma once

#include <optional>

#include "cache/key.h"
#include "nginx/cache_remote.h"
#include "nginx/cache_rule.h"
#include "nginx/context.h"
#include "nginx/flights.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

class CacheUse {
public:
    enum class Status : uint8_t { Hit, Miss, Bypass };

    CacheUse(Zones &the_zones, std::shared_ptr<const CacheRule> the_rule) : zones(the_zones), rule(std::move(the_rule)) {}

    Zones &zones;
    std::shared_ptr<const CacheRule> rule;
    Status status = Status::Bypass;
    bool keeps = false;                  // the answer is to be kept under `key`
    cache::Key key{};
    std::optional<FlightMember> flight;  // while it calls, or waits, with others
    std::unique_ptr<CacheQuestion> question;  // while Redis is asked

    // The call is over, for those who wait.
    void finish() {
        if (flight) {
            flight->finish();
        }
    }
};

// A step of admission. NGX_OK: a call is needed; NGX_DONE: answered from the cache, or waiting for another's answer.
ngx_int_t look_in_cache(Context &context);
// The answer may be complete: keeps it, tells those who wait. Does nothing the second time.
void store_answer(Context &context);
// The conversation has ended.
void end_cache(Context &context, gateway::End how);

// HIT, MISS, BYPASS; nothing where no cache is in force.
std::string_view cache_status(const Context &context);

}  // namespace aigw::ngx
