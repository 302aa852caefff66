// The cache's part of shared memory: answers, and who calls for which. All under the mutex of their own zone but for the
// copying of an answer that was found.
#pragma once

#include <optional>
#include <string>

#include "cache/flight.h"
#include "cache/store.h"
#include "nginx/ngx.h"
#include "nginx/zone.h"

namespace aigw::ngx {

// Head of the cache zone.
struct CacheRoot {
    uint32_t magic;
    uint32_t version;
    uint64_t bytes;                        // of the zone's usable memory
    uint64_t flight_offset, flight_bytes;  // calls under way
    uint64_t store_offset, store_bytes;    // answers; the rest of the zone
};

class CacheMemory {
public:
    // The zone is there: zones.cache is not null.
    explicit CacheMemory(const Zones &zones) : zones_(zones) {}

    // The answer under `key`.
    std::optional<std::string> find(const cache::Key &key);
    // The same; where it is not there, `ticket` says who calls for it. Nobody puts it there in between.
    std::optional<std::string> find_or_join(const cache::Key &key, Millis lease, cache::Flight::Ticket &ticket);
    // Kept for `ttl` ms.
    void put(const cache::Key &key, std::string_view record, Millis ttl);
    void remove(const cache::Key &key);

    // See cache/flight.h.
    cache::Flight::Role ask(const cache::Key &key, cache::Flight::Ticket &ticket, Millis lease);
    void leave(const cache::Flight::Ticket &ticket);
    bool renew(const cache::Flight::Ticket &ticket, Millis lease);
    void done(const cache::Flight::Ticket &ticket);

    cache::StoreStats stats();

private:
    std::optional<std::string> copy(const cache::Store::Hit &hit);
    cache::Store store() const;
    cache::Flight flight() const;

    const Zones &zones_;
};

// Bytes that the zone needs at least, and its making: false if there is no room.
inline constexpr size_t kMinCacheZone = 128 << 10;
bool make_cache(CacheRoot *root, size_t bytes);
// It is one of this layout.
bool cache_fits(const CacheRoot *root);

}  // namespace aigw::ngx
