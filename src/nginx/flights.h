// Equal requests of this worker: who calls for all of them, and who waits for his answer (cache/flight.h is what the workers
// share). Waiting is looking again every kLook, as long as anybody waits; within one worker the end of a call is told at once.
#pragma once

#include "cache/flight.h"
#include "nginx/cache_zone.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

// One request's part in a call.
class FlightMember {
public:
    static constexpr ngx_msec_t kLook = 10;     // ms between two looks of those who wait
    static constexpr Millis kLease = 3000;      // ms that a dead leader is waited for
    static constexpr ngx_msec_t kRenew = 1000;  // ms

    using Role = cache::Flight::Role;

    // `wake` is called once for who waits, from the event loop: then role() is no longer Wait.
    FlightMember(Zones &zones, const cache::Key &key, void (*wake)(void *), void *data)
        : zones_(zones), key_(key), wake_(wake), data_(data) {}
    // Leaves; a call that is led by it is left to those who wait.
    ~FlightMember();
    FlightMember(const FlightMember &) = delete;

    // Takes a ticket of CacheMemory::find_or_join. Who waits does so until `until` (monotonic ms), then he is Alone.
    void start(const cache::Flight::Ticket &ticket, ngx_msec_t until);
    Role role() const { return ticket_.role; }
    // Of who leads: the call is over, its answer is in the cache or never will be.
    void finish();

private:
    friend class Flights;
    struct Link {
        ngx_queue_t queue;  // first
        FlightMember *owner;
    };

    Zones &zones_;
    cache::Key key_;
    void (*wake_)(void *);
    void *data_;
    cache::Flight::Ticket ticket_;
    bool linked_ = false;
    Link link_{{}, this};           // of the worker's leaders, or of a group of those who wait
    ngx_msec_t until_ = 0;          // of who waits
    ngx_msec_t renewed_ = 0;        // of who leads
};

}  // namespace aigw::ngx
