#include "limits/table.h"

#include <atomic>
#include <cstring>

namespace aigw::limits {

namespace {

constexpr uint32_t kMagic = 0x61676c74;
constexpr uint32_t kVersion = 1;
constexpr uint32_t kEvictionLook = 8;  // idle counters looked at for one whose window is empty

// If we die between two stores, another process must find the first: the compiler keeps their order, and the processor
// has done all of one before any of the next as far as a death can tell.
void ordered() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

}  // namespace

Cell *Table::cells() const {
    return reinterpret_cast<Cell *>(reinterpret_cast<char *>(buckets() + head_->buckets));
}

uint32_t *Table::buckets() const {
    return reinterpret_cast<uint32_t *>(reinterpret_cast<char *>(head_) + (sizeof(TableHead) + 7) / 8 * 8);
}

uint32_t &Table::bucket_of(const Key &key) const {
    uint32_t hash;
    std::memcpy(&hash, key.data(), sizeof hash);
    return buckets()[hash & (head_->buckets - 1)];
}

bool Table::format(void *memory, size_t bytes) {
    if (bytes < least_bytes()) {
        return false;
    }
    auto *head = static_cast<TableHead *>(memory);
    *head = {};
    size_t room = bytes - (sizeof(TableHead) + 7) / 8 * 8;
    uint32_t buckets = 8;
    while (buckets < UINT32_MAX / 4 && room / sizeof(Cell) > buckets * size_t(4) / 3) {
        buckets *= 2;
    }
    size_t cells = (room - buckets * sizeof(uint32_t)) / sizeof(Cell);
    head->version = kVersion;
    head->bytes = bytes;
    head->buckets = buckets;
    head->cells = static_cast<uint32_t>(cells < kNoCell - 1 ? cells : kNoCell - 1);
    Table table(memory);
    for (uint32_t i = 0; i < head->cells; i++) {
        table.cell(i).kind = Kind::Free;
    }
    table.repair();
    head->stats.repairs = 0;
    ordered();
    head->magic = kMagic;
    return true;
}

bool Table::valid(size_t bytes) const {
    return bytes >= sizeof(TableHead) && head_->magic == kMagic && head_->version == kVersion && head_->bytes == bytes;
}

void Table::chain(Cell &cell) {
    uint32_t &bucket = bucket_of(cell.key);
    cell.chain = bucket;
    bucket = index_of(cell);
}

void Table::unchain(Cell &cell) {
    uint32_t *link = &bucket_of(cell.key);
    while (*link != kNoCell && *link != index_of(cell)) {
        link = &this->cell(*link).chain;
    }
    if (*link != kNoCell) {
        *link = cell.chain;
    }
}

void Table::push_front(List &list, Cell &cell) {
    cell.before = kNoCell;
    cell.after = list.first;
    (list.first != kNoCell ? this->cell(list.first).before : list.last) = index_of(cell);
    list.first = index_of(cell);
}

void Table::push_back(List &list, Cell &cell) {
    cell.after = kNoCell;
    cell.before = list.last;
    (list.last != kNoCell ? this->cell(list.last).after : list.first) = index_of(cell);
    list.last = index_of(cell);
}

void Table::unlink(List &list, Cell &cell) {
    (cell.before != kNoCell ? this->cell(cell.before).after : list.first) = cell.after;
    (cell.after != kNoCell ? this->cell(cell.after).before : list.last) = cell.before;
}

void Table::give_back(Cell &cell) {
    cell.kind = Kind::Free;
    ordered();
    unchain(cell);
    cell.after = head_->free;
    head_->free = index_of(cell);
    head_->stats.free++;
}

Cell *Table::find(const Key &key, bool counter) const {
    for (uint32_t i = bucket_of(key); i != kNoCell; i = cell(i).chain) {
        Cell &here = cell(i);
        if ((here.kind == Kind::Counter) == counter && here.key == key) {
            return &here;
        }
    }
    return nullptr;
}

// Of the idle counters used longest ago one that has nothing in its window, else the last.
bool Table::evict_counter(List &idle, Millis now) {
    if (idle.last == kNoCell) {
        return false;
    }
    Cell *victim = &cell(idle.last);
    uint32_t i = idle.last;
    for (uint32_t look = 0; look < kEvictionLook && i != kNoCell; look++, i = cell(i).before) {
        Cell &candidate = cell(i);
        advance(candidate.counter.window, now);
        if (counted(candidate.counter.window) == 0) {
            victim = &candidate;
            break;
        }
    }
    bool used = counted(victim->counter.window) != 0;
    (used ? head_->stats.evicted_used : head_->stats.evicted)++;
    drop_counter(*victim);
    return true;
}

// Of the group with the most counters, so that a flood of keys pushes out its own.
List *Table::largest_idle() const {
    size_t largest = kGroups;
    for (size_t group = 0; group < kGroups; group++) {
        bool larger = largest == kGroups || head_->counters[group] > head_->counters[largest];
        if (larger && head_->idle[group].last != kNoCell) {
            largest = group;
        }
    }
    return largest < kGroups ? &head_->idle[largest] : nullptr;
}

// Makes one cell free: a lapsed reservation, else an idle counter.
bool Table::evict(Millis now) {
    if (head_->lapsed.first != kNoCell) {
        drop_reservation(cell(head_->lapsed.first));
        return true;
    }
    List *idle = largest_idle();
    return idle != nullptr && evict_counter(*idle, now);
}

Cell *Table::take_free(Millis now) {
    if (head_->free == kNoCell && !evict(now)) {
        head_->stats.full++;
        return nullptr;
    }
    Cell &cell = this->cell(head_->free);
    head_->free = cell.after;
    head_->stats.free--;
    return &cell;
}

Cell *Table::use_counter(const Demand &demand, Millis now) {
    Cell *cell = find(demand.key, true);
    if (cell != nullptr) {
        if (cell->counter.users == 0) {
            unlink(idle_of(*cell), *cell);
        }
        advance(cell->counter.window, now);
        cell->counter.users++;
        return cell;
    }
    if (head_->counters[demand.group] >= demand.max_keys) {
        evict_counter(head_->idle[demand.group], now);
    }
    cell = take_free(now);
    if (cell == nullptr) {
        return nullptr;
    }
    cell->key = demand.key;
    cell->counter = {};
    cell->counter.group = demand.group;
    cell->counter.users = 1;
    start(cell->counter.window, demand.window, now);
    ordered();
    cell->kind = Kind::Counter;
    chain(*cell);
    head_->stats.counters++;
    head_->counters[demand.group]++;
    return cell;
}

void Table::leave_counter(Cell &counter) {
    if (--counter.counter.users == 0) {
        push_front(idle_of(counter), counter);
    }
}

void Table::drop_counter(Cell &counter) {
    unlink(idle_of(counter), counter);
    head_->stats.counters--;
    head_->counters[counter.counter.group % kGroups]--;
    give_back(counter);
}

Cell *Table::new_reservation(const Key &key, Millis now) {
    Cell *cell = take_free(now);
    if (cell != nullptr) {
        cell->key = key;
        cell->reservation = {};
    }
    return cell;
}

void Table::publish(Cell &reservation) {
    ordered();
    reservation.kind = Kind::Live;
    chain(reservation);
    push_back(head_->leases, reservation);
    head_->stats.reservations++;
}

// Leases are of one length, so that the one renewed last ends last; one that is shorter stands behind longer ones and
// ends with them.
void Table::renewed(Cell &reservation) {
    unlink(head_->leases, reservation);
    push_back(head_->leases, reservation);
}

void Table::lapse(Cell &reservation) {
    unlink(head_->leases, reservation);
    head_->stats.reservations--;
    ordered();
    reservation.kind = Kind::Lapsed;
    push_back(head_->lapsed, reservation);
    head_->stats.lapsed++;
}

void Table::revive(Cell &reservation) {
    unlink(head_->lapsed, reservation);
    head_->stats.lapsed--;
    ordered();
    reservation.kind = Kind::Live;
    push_back(head_->leases, reservation);
    head_->stats.reservations++;
}

void Table::drop_reservation(Cell &cell) {
    bool lapsed = cell.kind == Kind::Lapsed;
    unlink(lapsed ? head_->lapsed : head_->leases, cell);
    (lapsed ? head_->stats.lapsed : head_->stats.reservations)--;
    ReservationCell &reservation = cell.reservation;
    for (uint32_t i = 0; i < reservation.items; i++) {
        if (reservation.held[i].counter != kNoCell) {
            leave_counter(this->cell(reservation.held[i].counter));
        }
    }
    give_back(cell);
}

void Table::charge_slice(Cell &counter, Tokens *slice, Tokens value, Cell *reservation, uint32_t charged) {
    Redo &redo = head_->redo;
    redo.counter = index_of(counter);
    redo.slice = static_cast<uint32_t>(slice - counter.counter.window.slices);
    redo.reservation = reservation != nullptr ? index_of(*reservation) : kNoCell;
    redo.charged = charged;
    redo.value = value;
    ordered();
    redo.valid = 1;
    ordered();
    *slice = value;
    if (reservation != nullptr) {
        reservation->reservation.charged = charged;
    }
    ordered();
    redo.valid = 0;
}

}  // namespace aigw::limits
