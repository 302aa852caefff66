#include "nginx/quota.h"

#include <atomic>

#include "nginx/guarded.h"
#include "nginx/pool.h"

namespace aigw::ngx {

namespace {

constexpr ngx_msec_t kRenewTick = 100;   // ms between two looks
constexpr size_t kRenewals = 64;         // of one look: some 20 us
constexpr Tokens kAhead = 256;           // tokens of answer asked for when the reserve is used up
constexpr size_t kExpired = 64;          // given up under one lock

limits::Store store_of(Zones &zones) {
    return limits::Store(zones.limits());
}

// Of this worker's requests; never the same again.
limits::Key next_id() {
    static uint64_t count = 0;
    static const auto started = static_cast<uint32_t>(ngx_time());
    struct {
        uint64_t count;
        uint32_t pid, started;
    } id = {++count, static_cast<uint32_t>(ngx_pid), started};
    limits::Key key;
    static_assert(sizeof(id) == sizeof(key));
    ngx_memcpy(key.data(), &id, sizeof(id));
    return key;
}

}  // namespace

limits::Now clock_now() {
    ngx_time_t *time = ngx_timeofday();
    return {static_cast<Millis>(time->sec) * 1000 + static_cast<Millis>(time->msec), static_cast<Millis>(ngx_current_msec)};
}

// This worker's reservations, looked at as long as there are any.
class Renewal {
public:
    static void add(Quota &quota) {
        Renewal &self = instance();
        quota.renewed_ = ngx_current_msec;
        ngx_queue_insert_tail(&self.running_, &quota.link_.queue);
        if (!self.timer_.timer_set) {
            ngx_add_timer(&self.timer_, kRenewTick);
        }
    }

private:
    Renewal() {
        ngx_queue_init(&running_);
        connection_.fd = static_cast<ngx_socket_t>(-1);
        timer_.data = &connection_;  // debug logs ask for a descriptor
        timer_.log = ngx_cycle->log;
        timer_.handler = on_timer;
        timer_.cancelable = 1;
    }

    static Renewal &instance() {
        static Renewal self;
        return self;
    }

    static void on_timer(ngx_event_t *event) noexcept {
        Renewal &self = instance();
        event->log = ngx_cycle->log;
        guarded(event->log, [&] { self.look(); });
        if (!ngx_queue_empty(&self.running_)) {
            ngx_add_timer(event, kRenewTick);
        }
    }

    void look() {
        for (size_t i = 0; i < kRenewals && !ngx_queue_empty(&running_); i++) {
            ngx_queue_t *first = ngx_queue_head(&running_);
            Quota &quota = *reinterpret_cast<Quota::Link *>(first)->owner;
            if (ngx_current_msec - quota.renewed_ < quota.zones_.lease / 3) {
                return;
            }
            {
                ZoneLock lock(quota.zones_.state_zone);
                store_of(quota.zones_).progress(quota.id_, quota.demands_, quota.spent_, 0,
                                                static_cast<Millis>(quota.zones_.lease), clock_now());
            }
            quota.renewed_ = ngx_current_msec;
            {
                ngx_queue_remove(first);
            }
            ngx_queue_insert_tail(&running_, first);
        }
    }

    ngx_queue_t running_;
    ngx_connection_t connection_{};
    ngx_event_t timer_{};
};

Quota::Quota(Zones &zones) : zones_(zones) {}

Quota::~Quota() {
    settle(spent_);
}

void Quota::add(const LimitRule &rule, std::string key, Tokens limit, std::string_view model) {
    limits::Demand demand;
    demand.key = limits::make_key({"counter", rule.name, limits::window_text(rule.rate.window), key,
                                   rule.per_model ? model : std::string_view()});
    demand.limit = limit;
    demand.window = rule.rate.window;
    demand.count = rule.count;
    demand.clamp = rule.clamp;
    demand.dry_run = rule.dry_run;
    demand.group = rule.group;
    demand.max_keys = static_cast<uint32_t>(rule.max_keys);
    demands_.push_back(demand);
    lines_.push_back({&rule, std::move(key), limit});
}

const limits::Decision &Quota::reserve(const limits::Expected &expected) {
    id_ = next_id();
    spent_ = {expected.prompt, 0};
    {
        ZoneLock lock(zones_.state_zone);
        decision_ = store_of(zones_).reserve(id_, demands_, expected, static_cast<Millis>(zones_.lease), clock_now(), spent_);
    }
    if (decision_.status == limits::Status::Admitted) {
        held_ = true;
        covered_ = decision_.covered;
        Renewal::add(*this);
    }
    return decision_;
}

bool Quota::spend(const limits::Spent &spent) {
    spent_ = spent;
    if (!held_ || spent.output < covered_) {
        return true;
    }
    ZoneLock lock(zones_.state_zone);
    Tokens ahead = store_of(zones_).progress(id_, demands_, spent, kAhead, static_cast<Millis>(zones_.lease), clock_now());
    covered_ = spent.output + ahead;
    return ahead > 0;
}

void Quota::settle(const limits::Spent &spent) {
    if (!held_) {
        return;
    }
    held_ = false;
    {
        ngx_queue_remove(&link_.queue);
    }
    ZoneLock lock(zones_.state_zone);
    store_of(zones_).settle(id_, spent, clock_now());
}

size_t expire_reservations(Zones &zones) {
    limits::Lapsed lapsed[kExpired];
    ZoneLock lock(zones.state_zone);
    return store_of(zones).expire(lapsed, clock_now());
}

}  // namespace aigw::ngx
