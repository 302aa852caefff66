// The memory of the limits: cells of one size, each free, a counter or a reservation, found by key. POD and indexes, so
// that processes may map it anywhere. Everybody who touches it holds the one mutex the host keeps for it.
//
// A process may die at any instruction while it holds that mutex. What the cells say is then right by itself: a cell's
// kind is written last when it is filled and first when it is emptied, and a charge goes through `redo`. Lists, chains
// and sums (`held`, `users`) can be derived from the cells: `dirty` says that somebody was at work, and repair() builds
// them anew. store.h calls it; nobody else needs to.
#pragma once

#include <cstddef>
#include <cstdint>

#include "limits/reservation.h"
#include "limits/window.h"

namespace aigw::limits {

inline constexpr uint32_t kNoCell = UINT32_MAX;
inline constexpr size_t kGroups = 256;

enum class Kind : uint32_t {
    Free,
    Counter,
    Live,     // a reservation; held
    Closing,  // a reservation that is being charged: repair() finishes that
    Lapsed,   // its lease ran out, it was charged; kept for a settle that comes late
};

struct CounterCell {
    Window window;
    uint32_t users;  // reservations that name it; it is evicted only without any
    uint32_t group;
};

struct HeldItem {
    Tokens amount;     // reserved
    uint32_t counter;  // cell; kNoCell: none
    Count count;
};

struct ReservationCell {
    Millis at;         // Live: when the lease ends, monotonic; Lapsed: when it was charged, Unix
    Spent spent;       // as recorded last
    uint32_t items;
    uint32_t charged;  // bit by item
    HeldItem held[kMaxHeld];
};

struct Cell {
    Kind kind;
    uint32_t chain;         // next of the same bucket
    uint32_t before, after; // neighbours in the list it is in; free cells use `after`
    Key key;
    union {
        CounterCell counter;
        ReservationCell reservation;
    };
};
static_assert(std::is_trivially_copyable_v<Cell> && sizeof(Cell) == 192);

struct List {
    uint32_t first, last;
};

// An assignment that a repair may have to do again.
struct Redo {
    uint32_t valid;
    uint32_t counter;
    uint32_t slice;        // index in the ring
    uint32_t reservation;  // cell; kNoCell: none
    uint32_t charged;      // its new value there
    Tokens value;
};

struct Stats {
    uint64_t counters, reservations, lapsed, free;  // cells
    uint64_t evicted;       // counters whose window was empty
    uint64_t evicted_used;  // counters that had something in their window: it is forgotten
    uint64_t full;          // requests that found no room
    uint64_t repairs;
};

struct TableHead {
    uint32_t magic;
    uint32_t version;
    uint64_t bytes;
    uint32_t cells;
    uint32_t buckets;  // a power of two
    uint32_t dirty;
    uint32_t free;     // first of the free cells
    List leases;       // Live, the one that ends first at the front
    List lapsed;       // the oldest first
    Redo redo;
    Stats stats;
    List idle[kGroups];         // counters without users, the last used one first
    uint32_t counters[kGroups]; // with and without
};

// A view of the memory. Nothing here keeps state of its own.
class Table {
public:
    static constexpr uint32_t kMinCells = 32;
    static constexpr Millis kKeepLapsed = 600'000;  // ms

    explicit Table(void *memory) : head_(static_cast<TableHead *>(memory)) {}

    static constexpr size_t least_bytes();
    // Makes an empty table; false if there is no room. `memory` is aligned to 8.
    static bool format(void *memory, size_t bytes);
    // Whether a table of this version and this size stands there.
    bool valid(size_t bytes) const;

    TableHead &head() const { return *head_; }
    Cell &cell(uint32_t index) const { return cells()[index]; }
    uint32_t index_of(const Cell &cell) const { return static_cast<uint32_t>(&cell - cells()); }

    Cell *find(const Key &key, bool counter) const;
    // The counter of `key`, made if it is not there, with one user more; null: no room.
    Cell *use_counter(const Demand &demand, Millis now);
    void leave_counter(Cell &counter);
    // A cell for a reservation, its kind still Free; null: no room. `publish` makes it Live and gives it its lease.
    Cell *new_reservation(const Key &key, Millis now);
    void publish(Cell &reservation);
    // Live: its lease was renewed.
    void renewed(Cell &reservation);
    // Live or Closing to Lapsed, and back to Live.
    void lapse(Cell &reservation);
    void revive(Cell &reservation);
    // Frees it and leaves its counters; `held` was given back before.
    void drop_reservation(Cell &reservation);
    // A counter that nobody uses.
    void drop_counter(Cell &counter);

    // slices[...] = value and the item's bit as one step.
    void charge_slice(Cell &counter, Tokens *slice, Tokens value, Cell *reservation, uint32_t charged);

    void repair();
    // Whether lists, chains and sums say what the cells say. For tests: looks at everything.
    bool verify() const;

private:
    Cell *cells() const;
    uint32_t *buckets() const;
    uint32_t &bucket_of(const Key &key) const;
    void chain(Cell &cell);
    void unchain(Cell &cell);
    void push_front(List &list, Cell &cell);
    void push_back(List &list, Cell &cell);
    void unlink(List &list, Cell &cell);
    void give_back(Cell &cell);
    Cell *take_free(Millis now);
    List &idle_of(const Cell &counter) const { return head_->idle[counter.counter.group % kGroups]; }
    bool evict(Millis now);
    bool evict_counter(List &idle, Millis now);
    List *largest_idle() const;
    void repair_cells();
    void repair_reservation(Cell &cell);
    bool verify_cell(const Cell &cell) const;
    bool verify_list(const List &list, Kind kind, uint64_t count) const;

    TableHead *head_;
};

constexpr size_t Table::least_bytes() { return sizeof(TableHead) + kMinCells * (sizeof(Cell) + 2 * sizeof(uint32_t)) + 64; }

}  // namespace aigw::limits
