// What is left of a table after a process died at work in it: the cells, from which everything else is made anew. The
// order of the idle counters is lost, and a charge that was not noted yet.
#include <algorithm>

#include "limits/table.h"

namespace aigw::limits {

namespace {

bool is_reservation(Kind kind) {
    return kind == Kind::Live || kind == Kind::Closing || kind == Kind::Lapsed;
}

bool has_bit(uint32_t bits, uint32_t index) {
    return (bits >> index & 1) != 0;
}

}  // namespace

// Counts its users in, holds what is not charged; a reservation that was being charged is finished and freed.
void Table::repair_reservation(Cell &cell) {
    ReservationCell &reservation = cell.reservation;
    reservation.items = std::min<uint32_t>(reservation.items, kMaxHeld);
    for (uint32_t i = 0; i < reservation.items; i++) {
        HeldItem &item = reservation.held[i];
        if (item.counter >= head_->cells || this->cell(item.counter).kind != Kind::Counter) {
            item.counter = kNoCell;
            continue;
        }
        Window &window = this->cell(item.counter).counter.window;
        if (cell.kind == Kind::Closing && !has_bit(reservation.charged, i)) {
            Tokens &slice = running_slice(window);
            slice = add_saturating(slice, amount_of(item.count, reservation.spent));
        } else if (cell.kind == Kind::Live) {
            window.held = add_saturating(window.held, item.amount);
        }
        if (cell.kind != Kind::Closing) {
            this->cell(item.counter).counter.users++;
        }
    }
    if (cell.kind == Kind::Closing) {
        cell.kind = Kind::Free;
    }
}

void Table::repair_cells() {
    for (uint32_t i = 0; i < head_->cells; i++) {
        Cell &here = cell(i);
        if (here.kind == Kind::Counter) {
            here.counter.users = 0;
            here.counter.window.held = 0;
        } else if (!is_reservation(here.kind)) {
            here.kind = Kind::Free;
        }
    }
    for (uint32_t i = 0; i < head_->cells; i++) {
        if (is_reservation(cell(i).kind)) {
            repair_reservation(cell(i));
        }
    }
    Stats &stats = head_->stats;
    stats.counters = stats.reservations = stats.lapsed = stats.free = 0;
    for (uint32_t i = head_->cells; i-- > 0;) {
        Cell &here = cell(i);
        switch (here.kind) {
        case Kind::Counter:
            stats.counters++;
            head_->counters[here.counter.group % kGroups]++;
            chain(here);
            if (here.counter.users == 0) {
                push_back(idle_of(here), here);
            }
            break;
        case Kind::Live:
            stats.reservations++;
            chain(here);
            push_back(head_->leases, here);
            break;
        case Kind::Lapsed:
            stats.lapsed++;
            chain(here);
            push_back(head_->lapsed, here);
            break;
        default:
            stats.free++;
            here.after = head_->free;
            head_->free = i;
        }
    }
}

void Table::repair() {
    Redo &redo = head_->redo;
    if (redo.valid != 0 && redo.counter < head_->cells && redo.slice < kRing) {
        cell(redo.counter).counter.window.slices[redo.slice] = redo.value;
        if (redo.reservation < head_->cells) {
            cell(redo.reservation).reservation.charged = redo.charged;
        }
    }
    redo.valid = 0;
    std::fill_n(buckets(), head_->buckets, kNoCell);
    head_->free = kNoCell;
    head_->leases = head_->lapsed = {kNoCell, kNoCell};
    std::fill_n(head_->idle, kGroups, List{kNoCell, kNoCell});
    std::fill_n(head_->counters, kGroups, 0);
    repair_cells();
    head_->stats.repairs++;
    head_->dirty = 0;
}

bool Table::verify_cell(const Cell &cell) const {
    const uint32_t *link = &bucket_of(cell.key);
    while (*link != kNoCell && *link != index_of(cell)) {
        link = &this->cell(*link).chain;
    }
    if (*link == kNoCell) {
        return false;
    }
    if (cell.kind != Kind::Counter) {
        return cell.reservation.items <= kMaxHeld;
    }
    Tokens held = 0;
    uint32_t users = 0;
    for (uint32_t i = 0; i < head_->cells; i++) {
        const Cell &other = this->cell(i);
        for (uint32_t k = 0; is_reservation(other.kind) && k < other.reservation.items; k++) {
            const HeldItem &item = other.reservation.held[k];
            if (item.counter == index_of(cell)) {
                users++;
                held += other.kind == Kind::Live ? item.amount : 0;
            }
        }
    }
    return users == cell.counter.users && held == cell.counter.window.held;
}

bool Table::verify_list(const List &list, Kind kind, uint64_t count) const {
    uint32_t before = kNoCell;
    for (uint32_t i = list.first; i != kNoCell; i = cell(i).after) {
        if (cell(i).kind != kind || cell(i).before != before || count-- == 0) {
            return false;
        }
        before = i;
    }
    return count == 0 && list.last == before;
}

bool Table::verify() const {
    Stats seen{};
    uint64_t idle[kGroups] = {}, counters[kGroups] = {};
    for (uint32_t i = 0; i < head_->cells; i++) {
        const Cell &here = cell(i);
        if (here.kind != Kind::Free && !verify_cell(here)) {
            return false;
        }
        seen.counters += here.kind == Kind::Counter;
        seen.reservations += here.kind == Kind::Live;
        seen.lapsed += here.kind == Kind::Lapsed;
        seen.free += here.kind == Kind::Free;
        if (here.kind == Kind::Counter) {
            counters[here.counter.group % kGroups]++;
            idle[here.counter.group % kGroups] += here.counter.users == 0;
        }
    }
    uint64_t free = 0;
    for (uint32_t i = head_->free; i != kNoCell && free <= head_->cells; i = cell(i).after) {
        free += cell(i).kind == Kind::Free;
    }
    for (size_t group = 0; group < kGroups; group++) {
        if (counters[group] != head_->counters[group] || !verify_list(head_->idle[group], Kind::Counter, idle[group])) {
            return false;
        }
    }
    const Stats &stats = head_->stats;
    return seen.counters == stats.counters && seen.reservations == stats.reservations && seen.lapsed == stats.lapsed
           && seen.free == stats.free && free == stats.free && head_->dirty == 0 && head_->redo.valid == 0
           && verify_list(head_->leases, Kind::Live, stats.reservations)
           && verify_list(head_->lapsed, Kind::Lapsed, stats.lapsed);
}

}  // namespace aigw::limits
