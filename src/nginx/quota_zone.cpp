#include "nginx/quota_zone.h"

#include <array>

namespace aigw::ngx {

namespace {

constexpr Tokens kAhead = 256;     // tokens of answer asked for when the reserve is used up
constexpr size_t kExpired = 64;    // given up under one lock

limits::Store store_of(Zones &zones) {
    return limits::Store(zones.limits());
}

Millis lease_of(const Zones &zones) {
    return static_cast<Millis>(zones.lease);
}

}  // namespace

limits::Now clock_now() {
    ngx_time_t *time = ngx_timeofday();
    return {static_cast<Millis>(time->sec) * 1000 + static_cast<Millis>(time->msec), static_cast<Millis>(ngx_current_msec)};
}

limits::Decision ZoneReserve::reserve(const limits::Expected &expected, const limits::Spent &recorded) {
    ZoneLock lock(zones_.state_zone);
    limits::Decision decision = store_of(zones_).reserve(id_, demands_, expected, lease_of(zones_), clock_now(), recorded);
    covered_ = decision.covered;
    return decision;
}

bool ZoneReserve::spend(const limits::Spent &spent) {
    if (spent.output < covered_) {
        return true;
    }
    ZoneLock lock(zones_.state_zone);
    Tokens ahead = store_of(zones_).progress(id_, demands_, spent, kAhead, lease_of(zones_), clock_now());
    covered_ = spent.output + ahead;
    return ahead > 0;
}

void ZoneReserve::renew(const limits::Spent &spent) {
    ZoneLock lock(zones_.state_zone);
    store_of(zones_).progress(id_, demands_, spent, 0, lease_of(zones_), clock_now());
}

void ZoneReserve::settle(const limits::Spent &spent) {
    ZoneLock lock(zones_.state_zone);
    store_of(zones_).settle(id_, spent, clock_now());
}

void charge_zone(Zones &zones, const limits::Key &id, std::span<const limits::Demand> demands, const limits::Spent &spent) {
    std::array<limits::Demand, limits::kMaxDemands> free;
    size_t count = 0;
    for (; count < demands.size() && count < free.size(); count++) {
        free[count] = demands[count];
        free[count].dry_run = true;  // it was admitted elsewhere
    }
    std::span<const limits::Demand> all(free.data(), count);
    ZoneLock lock(zones.state_zone);
    limits::Store store = store_of(zones);
    if (store.reserve(id, all, {}, lease_of(zones), clock_now(), spent).status == limits::Status::Admitted) {
        store.settle(id, spent, clock_now());
    }
}

size_t expire_reservations(Zones &zones) {
    limits::Lapsed lapsed[kExpired];
    ZoneLock lock(zones.state_zone);
    return store_of(zones).expire(lapsed, clock_now());
}

}  // namespace aigw::ngx
