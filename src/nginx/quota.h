// What one request has reserved under its limits: made before the call, renewed while it runs, settled on every way out.
// The zone's store is the machine's; who reserves there holds the state zone's mutex for some hundred nanoseconds.
#pragma once

#include <string>
#include <vector>

#include "limits/reservation.h"
#include "limits/store.h"
#include "nginx/limit_rule.h"
#include "nginx/ngx.h"
#include "nginx/zone.h"

namespace aigw::ngx {

class Quota {
public:
    // One limit that applies to this request.
    struct Line {
        const LimitRule *rule;
        std::string key;    // its value, for the caller
        Tokens limit;
    };

    explicit Quota(Zones &zones);
    ~Quota();
    Quota(const Quota &) = delete;

    void add(const LimitRule &rule, std::string key, Tokens limit, std::string_view model);
    bool empty() const { return demands_.empty(); }

    // All limits or none; `recorded` is charged if this worker dies.
    const limits::Decision &reserve(const limits::Expected &expected);
    // What was used so far. False: the answer ends here.
    bool spend(const limits::Spent &spent);
    // The real usage, once.
    void settle(const limits::Spent &spent);

    const limits::Decision &decision() const { return decision_; }
    const std::vector<Line> &lines() const { return lines_; }

private:
    friend class Renewal;
    struct Link {
        ngx_queue_t queue;  // first
        Quota *owner;
    };

    Zones &zones_;
    limits::Key id_{};
    std::vector<Line> lines_;
    std::vector<limits::Demand> demands_;
    limits::Decision decision_;
    limits::Spent spent_;      // as recorded last
    Tokens covered_ = 0;       // tokens of answer
    bool held_ = false;
    Link link_{{}, this};      // of the worker's reservations, the one renewed longest ago first
    ngx_msec_t renewed_ = 0;
};

// Now, for windows and for leases.
limits::Now clock_now();

// Gives up what nobody renews any more: the leader's work, once a second. How many.
size_t expire_reservations(Zones &zones);

}  // namespace aigw::ngx
