// A reserve in the state zone: the machine's own counters. Who calls holds the zone's mutex for some hundred nanoseconds.
#pragma once

#include <span>

#include "limits/reservation.h"
#include "limits/store.h"
#include "nginx/ngx.h"
#include "nginx/zone.h"

namespace aigw::ngx {

class ZoneReserve {
public:
    // `demands` live longer.
    ZoneReserve(Zones &zones, const limits::Key &id, std::span<const limits::Demand> demands)
        : zones_(zones), id_(id), demands_(demands) {}
    ZoneReserve(const ZoneReserve &) = delete;

    // All demands or none; `recorded` is charged if this worker dies.
    limits::Decision reserve(const limits::Expected &expected, const limits::Spent &recorded);
    // What was used so far. False: the answer ends here.
    bool spend(const limits::Spent &spent);
    void renew(const limits::Spent &spent);
    // Once, if it was admitted.
    void settle(const limits::Spent &spent);

private:
    Zones &zones_;
    limits::Key id_;
    std::span<const limits::Demand> demands_;
    Tokens covered_ = 0;  // tokens of answer
};

// What was used under limits that are kept elsewhere: charged here too, for the time when that place cannot be reached.
void charge_zone(Zones &zones, const limits::Key &id, std::span<const limits::Demand> demands, const limits::Spent &spent);

// Now, for windows and for leases.
limits::Now clock_now();

// Gives up what nobody renews any more: the leader's work, once a second. How many.
size_t expire_reservations(Zones &zones);

}  // namespace aigw::ngx
