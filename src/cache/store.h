// Answers in shared memory: the one used longest ago goes first. Memory is cut into chunks of 4 KB; an entry is a chain
// of them. POD and indexes; processes may map it anywhere.
//
// Under the host's mutex for this memory: find, release, put, remove. Without it: copy, which takes the long part of a
// hit out of the mutex. find pins the entry, so that it is not thrown away meanwhile; a pin is only good for kPinFor, so
// that a process that dies with one holds nothing up. What copy made counts only if release says so.
//
// A process that dies inside the mutex leaves the memory marked; the next one in throws all entries away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cache/key.h"
#include "core/units.h"

namespace aigw::cache {

struct StoreHead;
struct StoreEntry;

struct StoreStats {
    uint64_t entries, chunks, free_chunks;
    uint64_t hits, misses, stored;
    uint64_t evicted;  // to make room, before their time
    uint64_t refused;  // too large, or everything else was pinned
    uint64_t resets;   // after a process died inside
};

class Store {
public:
    static constexpr size_t kChunk = 4096;        // bytes
    static constexpr Millis kPinFor = 10'000;     // ms
    static constexpr uint32_t kMinChunks = 8;
    static constexpr uint32_t kMaxShare = 4;      // an entry has at most 1/kMaxShare of the chunks
    static constexpr uint32_t kEvictionLook = 64; // pinned entries passed over at most

    // Makes an empty store; false if there is no room. `memory` is aligned to 8.
    static bool format(void *memory, size_t bytes);
    static size_t least_bytes();

    explicit Store(void *memory) : memory_(static_cast<char *>(memory)) {}
    bool valid(size_t bytes) const;

    struct Hit {
        uint32_t entry;
        uint32_t bytes;
        uint64_t generation;
    };
    // Times are monotonic ms.
    std::optional<Hit> find(const Key &key, Millis now);
    // Whatever is written there meanwhile, it reads nothing outside; `out` then holds anything.
    void copy(const Hit &hit, std::string &out) const;
    // False: the entry was replaced while it was copied; the copy is void.
    bool release(const Hit &hit, Millis now);

    // Keeps `bytes` until `expires`, instead of what stood under `key`. False: refused.
    bool put(const Key &key, std::string_view bytes, Millis expires, Millis now);
    void remove(const Key &key, Millis now);

    StoreStats stats() const;
    // For tests: whether everything that is derived is right.
    bool verify() const;

private:
    class Section;

    StoreHead &head() const;
    uint32_t *buckets() const;
    uint32_t *links() const;
    StoreEntry *entries() const;
    char *chunk(uint32_t index) const;
    uint32_t &bucket_of(const Key &key) const;

    void reset();
    StoreEntry *look_up(const Key &key) const;
    void to_front(StoreEntry &entry);
    void unlink(StoreEntry &entry);
    void unchain(StoreEntry &entry);
    void drop(StoreEntry &entry, Millis now);
    void free_entry(StoreEntry &entry);
    bool make_room(uint32_t chunks, Millis now);
    uint32_t fill_chunks(std::string_view bytes);

    char *memory_;
};

}  // namespace aigw::cache
