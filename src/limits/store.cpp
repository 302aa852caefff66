#include "limits/store.h"

#include <algorithm>
#include <atomic>

#include "limits/section.h"

namespace aigw::limits {

namespace {

bool holds(const Demand &demand) {
    return demand.count != Count::Requests;
}

// The counters of one request while it is decided about: in use, so that none is evicted for another.
class Counters {
public:
    Counters(Table &table, std::span<const Demand> demands) : table_(table), demands_(demands) {}
    ~Counters() {
        for (size_t i = 0; i < used_; i++) {
            if (cells_[i] != nullptr && !kept_[i]) {
                table_.leave_counter(*cells_[i]);
            }
        }
    }
    Counters(const Counters &) = delete;

    bool use(Millis now) {
        size_t held = 0;
        if (demands_.size() > kMaxDemands) {
            return false;
        }
        for (; used_ < demands_.size(); used_++) {
            const Demand &demand = demands_[used_];
            if (first_of_key(demands_, used_) != used_) {
                continue;
            }
            cells_[used_] = table_.use_counter(demand, now);
            held += holds(demand);
            if (cells_[used_] == nullptr || held > kMaxHeld) {
                used_++;
                return false;
            }
        }
        return true;
    }

    Cell *own(size_t i) const { return cells_[i]; }  // null: of an earlier demand
    Window &window(size_t i) const { return cells_[first_of_key(demands_, i)]->counter.window; }
    void keep(size_t i) { kept_[i] = true; }

private:
    Table &table_;
    std::span<const Demand> demands_;
    size_t used_ = 0;
    std::array<Cell *, kMaxDemands> cells_{};
    std::array<bool, kMaxDemands> kept_{};
};

void decide(std::span<const Demand> demands, const Counters &counters, const Expected &expected, Millis now,
            Decision &decision) {
    decision.covered = expected.output;
    for (size_t i = 0; i < demands.size(); i++) {
        Need need = need_of(demands[i], expected);
        judge(demands[i], need, counters.window(i), now, i, decision);
        note_output(demands[i], expected, i, decision);
    }
}

void tell(std::span<const Demand> demands, const Counters &counters, Millis now, Decision &decision) {
    for (size_t i = 0; i < demands.size(); i++) {
        Standing &standing = decision.standings[i];
        Standing after = standing_of(counters.window(i), demands[i].limit, now);
        standing.remaining = after.remaining;
        standing.reset = after.reset;
    }
}

void count_requests(Table &table, std::span<const Demand> demands, const Counters &counters) {
    for (size_t i = 0; i < demands.size(); i++) {
        Cell *cell = counters.own(i);
        if (cell != nullptr && !holds(demands[i])) {
            Tokens &slice = running_slice(cell->counter.window);
            table.charge_slice(*cell, &slice, add_saturating(slice, 1), nullptr, 0);
        }
    }
}

void fill(Cell &reservation, Table &table, std::span<const Demand> demands, Counters &counters, const Decision &decision) {
    ReservationCell &held = reservation.reservation;
    for (size_t i = 0; i < demands.size(); i++) {
        Cell *cell = counters.own(i);
        if (cell != nullptr && holds(demands[i])) {
            held.held[held.items++] = {decision.standings[i].granted, table.index_of(*cell), demands[i].count};
            counters.keep(i);
        }
    }
}

const Demand *demand_of(std::span<const Demand> demands, const Key &key) {
    auto found = std::find_if(demands.begin(), demands.end(), [&](const Demand &demand) { return demand.key == key; });
    return found != demands.end() ? &*found : nullptr;
}

void hold(Window &window, Tokens amount) {
    window.held = add_saturating(window.held, amount);
}

void unhold(Window &window, Tokens amount) {
    window.held = std::max<Tokens>(window.held - amount, 0);
}

}  // namespace

Decision Store::reserve(const Key &reservation, std::span<const Demand> demands, const Expected &expected, Millis lease,
                        Now now, Spent recorded) {
    Section section(table_);
    Decision decision;
    decision.count = std::min(demands.size(), kMaxDemands);
    Counters counters(table_, demands);
    if (!counters.use(now.unix_ms)) {
        decision.status = Status::Full;
        return decision;
    }
    if (table_.find(reservation, false) != nullptr) {
        tell(demands, counters, now.unix_ms, decision);
        return decision;
    }
    decide(demands, counters, expected, now.unix_ms, decision);
    if (decision.status != Status::Admitted) {
        return decision;
    }
    bool any = std::any_of(demands.begin(), demands.end(), holds);
    Cell *cell = any ? table_.new_reservation(reservation, now.unix_ms) : nullptr;
    if (any && cell == nullptr) {
        decision.status = Status::Full;
        return decision;
    }
    count_requests(table_, demands, counters);
    if (cell != nullptr) {
        fill(*cell, table_, demands, counters, decision);
        cell->reservation.at = now.monotonic + lease;
        cell->reservation.spent = recorded;
        table_.publish(*cell);
        for (uint32_t i = 0; i < cell->reservation.items; i++) {
            const HeldItem &item = cell->reservation.held[i];
            hold(table_.cell(item.counter).counter.window, item.amount);
        }
    }
    tell(demands, counters, now.unix_ms, decision);
    return decision;
}

// Reserves up to what was spent, whatever the limit says, and `ahead` more where it has room. Returns how much of
// `ahead` the item has.
Tokens Store::extend(Cell &reservation, HeldItem &item, const Demand *demand, Tokens ahead, Now now) {
    Spent spent = reservation.reservation.spent, wish{spent.input, spent.output + ahead};
    Window &window = table_.cell(item.counter).counter.window;
    advance(window, now.unix_ms);
    Tokens used = amount_of(item.count, spent), wanted = amount_of(item.count, wish);
    bool bounded = demand != nullptr && !demand->dry_run;
    Tokens room = bounded ? std::max<Tokens>(demand->limit - counted(window), 0) : kMaxCount;
    Tokens more = std::max({std::min(wanted - item.amount, room), used - item.amount, Tokens(0)});
    item.amount = add_saturating(item.amount, more);
    hold(window, more);
    return item.count == Count::Input ? ahead : std::clamp<Tokens>(item.amount - used, 0, ahead);
}

Tokens Store::progress(const Key &reservation, std::span<const Demand> demands, const Spent &spent, Tokens ahead,
                       Millis lease, Now now) {
    Section section(table_);
    Cell *cell = table_.find(reservation, false);
    if (cell == nullptr) {
        return ahead;
    }
    if (cell->kind == Kind::Lapsed) {
        revive(*cell, now.unix_ms);
    }
    ReservationCell &held = cell->reservation;
    held.spent = spent;
    held.at = now.monotonic + lease;
    table_.renewed(*cell);
    Tokens granted = ahead;
    for (uint32_t i = 0; i < held.items; i++) {
        HeldItem &item = held.held[i];
        if (item.counter != kNoCell) {
            const Demand *demand = demand_of(demands, table_.cell(item.counter).key);
            granted = std::min(granted, extend(*cell, item, demand, ahead, now));
        }
    }
    return granted;
}

// What was held becomes what was spent, in the running slices.
void Store::charge(Cell &cell, const Spent &spent, Millis now) {
    ReservationCell &reservation = cell.reservation;
    reservation.spent = spent;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    cell.kind = Kind::Closing;
    for (uint32_t i = 0; i < reservation.items; i++) {
        const HeldItem &item = reservation.held[i];
        if (item.counter == kNoCell) {
            continue;
        }
        Cell &counter = table_.cell(item.counter);
        Window &window = counter.counter.window;
        advance(window, now);
        Tokens &slice = running_slice(window);
        table_.charge_slice(counter, &slice, add_saturating(slice, amount_of(item.count, spent)), &cell,
                            reservation.charged | 1u << i);
        unhold(window, item.amount);
    }
}

// A lapsed reservation was charged with too much or too little; where that slice has left the window, with what counts
// no more.
void Store::correct(const Cell &cell, const Spent &spent) {
    const ReservationCell &reservation = cell.reservation;
    for (uint32_t i = 0; i < reservation.items; i++) {
        const HeldItem &item = reservation.held[i];
        Cell *counter = item.counter != kNoCell ? &table_.cell(item.counter) : nullptr;
        Tokens *slice = counter != nullptr ? slice_of(counter->counter.window, reservation.at) : nullptr;
        if (slice != nullptr) {
            Tokens rest = std::max<Tokens>(*slice - amount_of(item.count, reservation.spent), 0);
            table_.charge_slice(*counter, slice, add_saturating(rest, amount_of(item.count, spent)), nullptr, 0);
        }
    }
}

// It lives after all: what it was charged is held again.
void Store::revive(Cell &cell, Millis now) {
    ReservationCell &reservation = cell.reservation;
    for (uint32_t i = 0; i < reservation.items; i++) {
        if (reservation.held[i].counter != kNoCell) {
            advance(table_.cell(reservation.held[i].counter).counter.window, now);
        }
    }
    correct(cell, {});
    reservation.charged = 0;
    table_.revive(cell);
    for (uint32_t i = 0; i < reservation.items; i++) {
        const HeldItem &item = reservation.held[i];
        if (item.counter != kNoCell) {
            hold(table_.cell(item.counter).counter.window, item.amount);
        }
    }
}

bool Store::settle(const Key &reservation, const Spent &spent, Now now) {
    Section section(table_);
    Cell *cell = table_.find(reservation, false);
    if (cell == nullptr) {
        return false;
    }
    if (cell->kind == Kind::Live) {
        charge(*cell, spent, now.unix_ms);
    } else {
        correct(*cell, spent);
    }
    table_.drop_reservation(*cell);
    return true;
}

size_t Store::expire(std::span<Lapsed> out, Now now) {
    Section section(table_);
    TableHead &head = table_.head();
    while (head.lapsed.first != kNoCell
           && now.unix_ms - table_.cell(head.lapsed.first).reservation.at > Table::kKeepLapsed) {
        table_.drop_reservation(table_.cell(head.lapsed.first));
    }
    size_t count = 0;
    while (count < out.size() && head.leases.first != kNoCell) {
        Cell &cell = table_.cell(head.leases.first);
        if (cell.reservation.at > now.monotonic) {
            break;
        }
        out[count++] = {cell.key, cell.reservation.spent};
        charge(cell, cell.reservation.spent, now.unix_ms);
        table_.lapse(cell);
        cell.reservation.at = now.unix_ms;
    }
    return count;
}

Standing Store::look(const Key &counter, Tokens limit, Millis window, Now now) {
    Section section(table_);
    Window empty;
    start(empty, window, now.unix_ms);
    Cell *cell = table_.find(counter, true);
    if (cell != nullptr) {
        advance(cell->counter.window, now.unix_ms);
    }
    return standing_of(cell != nullptr ? cell->counter.window : empty, limit, now.unix_ms);
}

}  // namespace aigw::limits
