// Shared memory: the zones NAME.state, NAME.keys and, where it is wanted, NAME.cache of one `ai_zone`. What lies in them is POD and offsets, each root
// with magic and layout version, so that it survives a reload and outlives any worker. A changed size is a new, empty
// zone. Nothing here survives a restart of the master.
#pragma once

#include <atomic>
#include <cstdint>

#include "nginx/conf.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

struct SeriesTable;  // series.h
struct KeysRoot;     // keys.h
struct CacheRoot;    // cache_zone.h

// What one worker says of itself; only it writes, but for `pid`.
struct WorkerSlot {
    std::atomic<int64_t> pid;       // 0: free
    std::atomic<uint64_t> seen;     // ms of the monotonic clock: its last timer
    std::atomic<int64_t> streams;   // running
    std::atomic<int64_t> contexts;  // live
    std::atomic<int64_t> redis_away;  // 1: what it would ask Redis, it decides alone
};

inline constexpr ngx_uint_t kMaxWorkerSlots = 256;

// Head of the state zone.
struct StateRoot {
    uint32_t magic;
    uint32_t version;
    uint64_t bytes;                         // of the zone's usable memory
    std::atomic<uint64_t> generations;      // configurations that used this zone so far
    std::atomic<uint64_t> generation;       // the newest one that has a running worker
    std::atomic<uint64_t> next_save;        // ms: when the state file is due
    uint64_t epoch;                         // of this master, for the state file; see state_file.h
    std::atomic<uint64_t> next_run;         // ms: when the leader's work is due; see timer.cpp
    WorkerSlot workers[kMaxWorkerSlots];
    uint64_t series_offset;                 // of the SeriesTable, from this root
    uint64_t series_bytes;
    uint64_t limits_offset;                 // of the limits' store; the rest of the zone
    uint64_t limits_bytes;
};

// Of one configuration cycle: where its zones are.
struct Zones {
    static constexpr size_t kDefaultSize = 32 << 20;  // bytes
    static constexpr ngx_uint_t kDefaultKeys = 25;    // percent
    static constexpr ngx_uint_t kDefaultCache = 50;   // percent, where there is an ai_cache
    static constexpr size_t kMinState = 256 << 10;    // bytes of each zone
    static constexpr size_t kMinKeys = 64 << 10;

    ngx_shm_zone_t *state_zone = nullptr;
    ngx_shm_zone_t *keys_zone = nullptr;
    ngx_shm_zone_t *cache_zone = nullptr;   // null: no cache
    ngx_str_t name{};
    MainConf *main = nullptr;
    // Set when the zones are mapped.
    StateRoot *state = nullptr;
    KeysRoot *keys = nullptr;
    CacheRoot *cache = nullptr;
    uint64_t generation = 0;
    ngx_str_t state_file{};                 // absolute; empty: none
    ngx_msec_t every = 5000;                // ms between two writings of it
    ngx_msec_t lease = 30'000;              // of a reservation that nobody renews
    Position where;                         // of ai_zone
    size_t size = kDefaultSize;             // of all zones
    ngx_uint_t keys_percent = kDefaultKeys;
    ngx_uint_t cache_percent = kDefaultCache;
    bool cache_written = false;             // cache=

    SeriesTable *series() const;
    void *limits() const;                   // under the state zone's mutex
};

// Holds a zone's mutex. Sections are short: no allocation, no logging, consistent after every store.
class ZoneLock {
public:
    explicit ZoneLock(ngx_shm_zone_t *zone);
    ~ZoneLock();
    ZoneLock(const ZoneLock &) = delete;

private:
    ngx_slab_pool_t *pool_;
};

// ai_zone NAME SIZE [keys=25%] [cache=50%] [lease=30s] [state=FILE] [every=5s]; `conf` is the MainConf.
char *set_zone(ngx_conf_t *cf, ngx_command_t *command, void *conf) noexcept;

// The zone "aigw" of 32m, where ai_zone does not stand and something needs it; the cache's share, where there is an ai_cache:
// to be called when the configuration was read (postconfiguration).
ngx_int_t complete_zones(ngx_conf_t *cf, MainConf *main) noexcept;

}  // namespace aigw::ngx
