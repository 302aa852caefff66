// What stands where in a store: head, buckets of the index, the next chunk of each chunk, the entries, the chunks. An
// entry has the number of its first chunk.
#pragma once

#include <cstdint>
#include <type_traits>

#include "cache/store.h"

namespace aigw::cache {

inline constexpr uint32_t kNone = UINT32_MAX;

enum class State : uint32_t {
    Free,
    Stored,
    Dead,  // replaced or removed while pinned: found no more, freed later
};

struct StoreEntry {
    Key key;
    State state;
    uint32_t chain;          // next of the same bucket
    uint32_t before, after;  // in the order of use
    uint32_t bytes;
    uint32_t pins;
    uint64_t generation;     // no two entries ever have the same
    Millis expires;          // monotonic
    Millis pinned_until;     // monotonic
};
static_assert(std::is_trivially_copyable_v<StoreEntry> && sizeof(StoreEntry) == 80);

struct StoreHead {
    uint32_t magic;
    uint32_t version;
    uint64_t bytes;
    uint32_t chunks;
    uint32_t buckets;      // a power of two
    uint32_t dirty;
    uint32_t free;         // first of the free chunks
    uint32_t first, last;  // of the entries, the last used one first
    uint64_t generation;   // of the newest entry
    uint64_t chunk_offset;
    StoreStats stats;
};
static_assert(std::is_trivially_copyable_v<StoreHead> && sizeof(StoreHead) % 8 == 0);

}  // namespace aigw::cache
