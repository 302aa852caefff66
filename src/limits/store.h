// The limits of one machine, in shared memory: reserve before the call, progress while it runs, settle on every way
// out. All calls are made under the host's mutex for this memory; a call is a few hundred nanoseconds, but for the
// first one after a process died inside, which repairs the table (some milliseconds for a large one).
//
// A reservation is known by its key (of the request) and settled once: a second settle does nothing. It has a lease:
// who does not call progress in time is given up by expire(), charged with what was recorded last, and remembered for
// a while, so that one who comes late after all goes on or settles as if nothing had been. A process that dies just in
// the middle of such a late call, or of counting a request, can lose that one count; nothing else is lost or counted
// twice.
#pragma once

#include <cstddef>
#include <span>

#include "limits/reservation.h"
#include "limits/table.h"

namespace aigw::limits {

// Both clocks: windows follow the calendar's, leases one that is never set.
struct Now {
    Millis unix_ms = 0;
    Millis monotonic = 0;
};

struct Lapsed {
    Key reservation;
    Spent spent;  // as recorded last, and charged
};

class Store {
public:
    static bool format(void *memory, size_t bytes) { return Table::format(memory, bytes); }
    static constexpr size_t least_bytes() { return Table::least_bytes(); }

    // Over memory that was formatted. Cheap: to be made for each use.
    explicit Store(void *memory) : table_(memory) {}
    bool valid(size_t bytes) const { return table_.valid(bytes); }

    // All demands or none. At most kMaxDemands, at most kMaxHeld of them on tokens; more is Full. A key that is
    // reserved already is admitted again and nothing is added. `recorded`: what is charged if nothing more is heard.
    Decision reserve(const Key &reservation, std::span<const Demand> demands, const Expected &expected, Millis lease,
                     Now now, Spent recorded = {});

    // Records what was used so far and renews the lease; where that passes the reserve, it is charged at once. Asks for
    // `ahead` tokens of answer more and returns how many there are: 0, the answer ends here. `demands` as reserved.
    // A reservation that is not there has no bound: `ahead`.
    Tokens progress(const Key &reservation, std::span<const Demand> demands, const Spent &spent, Tokens ahead, Millis lease,
                    Now now);

    // The real usage. False: not there, or settled before.
    bool settle(const Key &reservation, const Spent &spent, Now now);

    // Gives up to `out.size()` reservations up whose lease ran out; how many. Again at once if `out` was filled.
    size_t expire(std::span<Lapsed> out, Now now);

    // How a counter stands; one that is not there is empty.
    Standing look(const Key &counter, Tokens limit, Millis window, Now now);

    Stats stats() const { return table_.head().stats; }
    // For tests: O(cells^2).
    bool verify() const { return table_.verify(); }

private:
    friend class Snapshot;

    void charge(Cell &reservation, const Spent &spent, Millis now);
    void correct(const Cell &lapsed, const Spent &spent);
    void revive(Cell &lapsed, Millis now);
    Tokens extend(Cell &reservation, HeldItem &item, const Demand *demand, Tokens ahead, Now now);

    Table table_;
};

}  // namespace aigw::limits
