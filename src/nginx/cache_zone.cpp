#include "nginx/cache_zone.h"

#include <algorithm>

namespace aigw::ngx {

namespace {

constexpr uint32_t kMagic = 0x61676361;
constexpr uint32_t kLayout = 1;
constexpr size_t kFlightShare = 64;          // of the zone: calls under way
constexpr size_t kMaxFlightBytes = 2 << 20;  // some 20,000 of them

constexpr uint32_t kNobody = 0;              // no worker is woken: all look for themselves

constexpr uint64_t aligned(uint64_t offset) { return (offset + 63) / 64 * 64; }

Millis now() { return static_cast<Millis>(ngx_current_msec); }

char *at(const Zones &zones, uint64_t offset) { return reinterpret_cast<char *>(zones.cache) + offset; }

}  // namespace

bool make_cache(CacheRoot *root, size_t bytes) {
    root->bytes = bytes;
    root->flight_offset = aligned(sizeof(CacheRoot));
    root->flight_bytes = aligned(std::clamp(bytes / kFlightShare, cache::Flight::bytes_for(64), kMaxFlightBytes));
    root->store_offset = root->flight_offset + root->flight_bytes;
    if (bytes < root->store_offset) {
        return false;
    }
    root->store_bytes = bytes - root->store_offset;
    auto *memory = reinterpret_cast<char *>(root);
    if (!cache::Flight::format(memory + root->flight_offset, root->flight_bytes)
        || !cache::Store::format(memory + root->store_offset, root->store_bytes)) {
        return false;
    }
    root->version = kLayout;
    root->magic = kMagic;
    return true;
}

bool cache_fits(const CacheRoot *root) { return root->magic == kMagic && root->version == kLayout; }

cache::Store CacheMemory::store() const { return cache::Store(at(zones_, zones_.cache->store_offset)); }
cache::Flight CacheMemory::flight() const { return cache::Flight(at(zones_, zones_.cache->flight_offset)); }

// The long part of a hit, without the mutex: the entry is pinned.
std::optional<std::string> CacheMemory::copy(const cache::Store::Hit &hit) {
    std::string record;
    store().copy(hit, record);
    ZoneLock lock(zones_.cache_zone);
    return store().release(hit, now()) ? std::optional(std::move(record)) : std::nullopt;
}

std::optional<std::string> CacheMemory::find(const cache::Key &key) {
    std::optional<cache::Store::Hit> hit;
    {
        ZoneLock lock(zones_.cache_zone);
        hit = store().find(key, now());
    }
    return hit ? copy(*hit) : std::nullopt;
}

std::optional<std::string> CacheMemory::find_or_join(const cache::Key &key, Millis lease,
                                                     cache::Flight::Ticket &ticket) {
    std::optional<cache::Store::Hit> hit;
    ticket = {};
    {
        ZoneLock lock(zones_.cache_zone);
        hit = store().find(key, now());
        if (!hit) {
            ticket = flight().join(key, kNobody, lease, now());
        }
    }
    return hit ? copy(*hit) : std::nullopt;
}

void CacheMemory::put(const cache::Key &key, std::string_view record, Millis ttl) {
    ZoneLock lock(zones_.cache_zone);
    store().put(key, record, now() + ttl, now());
}

void CacheMemory::remove(const cache::Key &key) {
    ZoneLock lock(zones_.cache_zone);
    store().remove(key, now());
}

cache::Flight::Role CacheMemory::ask(const cache::Key &key, cache::Flight::Ticket &ticket, Millis lease) {
    ZoneLock lock(zones_.cache_zone);
    return flight().ask(key, ticket, lease, now());
}

void CacheMemory::leave(const cache::Flight::Ticket &ticket) {
    ZoneLock lock(zones_.cache_zone);
    flight().leave(ticket);
}

bool CacheMemory::renew(const cache::Flight::Ticket &ticket, Millis lease) {
    ZoneLock lock(zones_.cache_zone);
    return flight().renew(ticket, lease, now());
}

void CacheMemory::done(const cache::Flight::Ticket &ticket) {
    ZoneLock lock(zones_.cache_zone);
    flight().done(ticket);
}

cache::StoreStats CacheMemory::stats() {
    ZoneLock lock(zones_.cache_zone);
    return store().stats();
}

}  // namespace aigw::ngx
