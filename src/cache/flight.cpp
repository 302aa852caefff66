#include "cache/flight.h"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace aigw::cache {

namespace {

constexpr uint32_t kMagic = 0x61676631;

void ordered() { std::atomic_signal_fence(std::memory_order_seq_cst); }

}  // namespace

bool Flight::format(void *memory, size_t bytes) {
    if (bytes < least_bytes()) {
        return false;
    }
    Flight flight(memory);
    flight.head() = {};
    flight.head().slots = static_cast<uint32_t>(std::min<size_t>((bytes - sizeof(Head)) / sizeof(Slot), UINT32_MAX / 2));
    flight.head().bytes = bytes;
    for (uint32_t i = 0; i < flight.head().slots; i++) {
        flight.slots()[i].number = 0;
    }
    ordered();
    flight.head().magic = kMagic;
    return true;
}

bool Flight::valid(size_t bytes) const { return bytes >= sizeof(Head) && head().magic == kMagic && head().bytes == bytes; }

Flight::Slot *Flight::slot_of(const Ticket &ticket) const {
    Slot *slot = ticket.slot < head().slots ? &slots()[ticket.slot] : nullptr;
    return slot != nullptr && ticket.number != 0 && slot->number == ticket.number ? slot : nullptr;
}

Flight::Slot *Flight::led_by(const Ticket &ticket) const {
    Slot *slot = ticket.role == Role::Lead ? slot_of(ticket) : nullptr;
    return slot != nullptr && slot->leader == ticket.leader ? slot : nullptr;
}

Flight::Ticket Flight::wait(uint32_t index, uint32_t worker) {
    Slot &slot = slots()[index];
    if (slot.waiters >= kMaxWaiters || worker >= kMaxWorkers) {
        return {};
    }
    slot.waiters++;
    slot.workers[worker / 64] |= uint64_t(1) << worker % 64;
    return {Role::Wait, index, slot.number, 0};
}

// The call's number stays: whoever waits goes on waiting, for the new leader.
Flight::Ticket Flight::take_over(uint32_t index, Millis ends) {
    Slot &slot = slots()[index];
    slot.ends = ends;
    slot.leader = ++head().number;
    return {Role::Lead, index, slot.number, slot.leader};
}

Flight::Ticket Flight::lead(uint32_t index, const Key &key, Millis ends) {
    Slot &slot = slots()[index];
    slot.number = 0;
    ordered();
    slot.key = key;
    slot.ends = ends;
    slot.waiters = 0;
    slot.workers = {};
    slot.leader = ++head().number;
    ordered();
    slot.number = slot.leader;
    return {Role::Lead, index, slot.number, slot.leader};
}

Flight::Ticket Flight::join(const Key &key, uint32_t worker, Millis lease, Millis now) {
    uint64_t home;
    std::memcpy(&home, key.data(), sizeof home);
    uint32_t free = head().slots;
    for (uint32_t probe = 0; probe < kProbes; probe++) {
        auto index = static_cast<uint32_t>((home + probe) % head().slots);
        const Slot &slot = slots()[index];
        if (slot.number != 0 && slot.key == key) {
            return now < slot.ends ? wait(index, worker) : take_over(index, now + lease);
        }
        bool dead = now >= slot.ends && (slot.waiters == 0 || now >= slot.ends + kAbandoned);
        if (free == head().slots && (slot.number == 0 || dead)) {
            free = index;
        }
    }
    return free < head().slots ? lead(free, key, now + lease) : Ticket{};
}

Flight::Role Flight::ask(const Key &key, Ticket &ticket, Millis lease, Millis now) {
    Slot *slot = slot_of(ticket);
    if (slot == nullptr || slot->key != key) {
        return ticket.role = Role::Alone;
    }
    if (now < slot->ends) {
        return ticket.role = Role::Wait;
    }
    slot->waiters -= slot->waiters > 0;
    ticket = take_over(ticket.slot, now + lease);
    return ticket.role;
}

void Flight::leave(const Ticket &ticket) {
    if (Slot *slot = slot_of(ticket); slot != nullptr && ticket.role == Role::Wait) {
        slot->waiters -= slot->waiters > 0;
    }
}

bool Flight::renew(const Ticket &ticket, Millis lease, Millis now) {
    Slot *slot = led_by(ticket);
    if (slot != nullptr) {
        slot->ends = now + lease;
    }
    return slot != nullptr;
}

WorkerSet Flight::done(const Ticket &ticket) {
    Slot *slot = led_by(ticket);
    if (slot == nullptr) {
        return {};
    }
    WorkerSet workers = slot->waiters > 0 ? slot->workers : WorkerSet{};
    slot->number = 0;
    return workers;
}

}  // namespace aigw::cache
