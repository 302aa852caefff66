// Equal requests under way make one call: the first leads, the others wait for its answer to be in the cache. Plain data
// in shared memory, under the host's mutex; every slot stands for itself, so that a process that dies in here leaves
// nothing to repair.
//
// A leader has a lease. Who waits asks now and then (and when the host wakes him): if the leader died, the first to ask
// leads instead. A call that brought nothing to keep sends all who waited on their own, so that they don't queue behind
// one another. Who does not fit in here calls for himself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "cache/key.h"
#include "core/units.h"

namespace aigw::cache {

// Worker slots that have somebody waiting: who to wake.
using WorkerSet = std::array<uint64_t, 4>;
inline constexpr uint32_t kMaxWorkers = 256;

class Flight {
public:
    static constexpr uint32_t kProbes = 8;      // slots that a key may stand in
    static constexpr uint32_t kMinSlots = 16;
    static constexpr uint32_t kMaxWaiters = 10'000;  // of one call
    static constexpr Millis kAbandoned = 60'000;     // ms after a leader's death without any waiter asking

    static bool format(void *memory, size_t bytes);
    static constexpr size_t least_bytes() { return bytes_for(kMinSlots); }
    static constexpr size_t bytes_for(size_t slots);

    explicit Flight(void *memory) : memory_(memory) {}
    bool valid(size_t bytes) const;

    enum class Role : uint8_t {
        Lead,   // call, renew, and say done
        Wait,   // ask again with the same ticket
        Alone,  // call, and tell nobody
    };
    struct Ticket {
        Role role = Role::Alone;
        uint32_t slot = 0;
        uint64_t number = 0;  // of this call
        uint64_t leader = 0;  // the same for its first leader, another one for each that took over
    };

    // Times are monotonic ms. `worker` is the host's slot of this process, below kMaxWorkers.
    Ticket join(const Key &key, uint32_t worker, Millis lease, Millis now);

    // Who waits: still waiting (Wait), the leader died and now it is you (Lead: `ticket` is renewed), or it is over
    // (Alone: look into the cache, and call for yourself if it is not there).
    Role ask(const Key &key, Ticket &ticket, Millis lease, Millis now);
    // Who waited and went away.
    void leave(const Ticket &ticket);

    // The leader's. False: somebody else leads by now.
    bool renew(const Ticket &ticket, Millis lease, Millis now);
    // The call is over, whatever came of it. Which workers have somebody to wake.
    WorkerSet done(const Ticket &ticket);

private:
    struct Slot {
        Key key;
        uint64_t number;  // 0: free
        uint64_t leader;
        Millis ends;      // the leader's lease
        uint32_t waiters;
        uint32_t unused;
        WorkerSet workers;
    };
    struct Head {
        uint32_t magic;
        uint32_t slots;
        uint64_t bytes;
        uint64_t number;  // the newest of calls and leaders
    };

    Head &head() const { return *static_cast<Head *>(memory_); }
    Slot *slots() const { return reinterpret_cast<Slot *>(static_cast<char *>(memory_) + sizeof(Head)); }
    Slot *slot_of(const Ticket &ticket) const;
    Slot *led_by(const Ticket &ticket) const;
    Ticket wait(uint32_t index, uint32_t worker);
    Ticket take_over(uint32_t index, Millis ends);
    Ticket lead(uint32_t index, const Key &key, Millis ends);

    void *memory_;
};

constexpr size_t Flight::bytes_for(size_t slots) { return sizeof(Head) + slots * sizeof(Slot); }

}  // namespace aigw::cache
