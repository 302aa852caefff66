// A fixed table of counters in shared memory: a family and its label values lead to an array of counters. Series are
// only ever added, under the zone's mutex; finding and adding up take no lock. What does not fit is the caller's to
// map to a series that is there.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace aigw::ngx {

using Counter = std::atomic<uint64_t>;

// Offsets are bytes from the table's own address.
struct SeriesTable {
    uint32_t capacity;             // series
    uint32_t slots;                // of the index, a power of two
    uint64_t index, series, arena; // offsets
    uint64_t arena_bytes;
    std::atomic<uint64_t> arena_used;
    std::atomic<uint32_t> count;   // series published
    std::atomic<uint32_t> warned;  // that it is full, once
};

struct SeriesKey {
    uint8_t family;
    uint32_t width;           // counters
    std::string_view labels;  // the values, each ended by a NUL
};

// One series, as a reader sees it.
struct SeriesEntry {
    uint8_t family;
    std::string_view labels;
    const Counter *values;
};

inline constexpr uint32_t kMaxSeries = 20'000;    // a scrape of more would hold a worker too long
inline constexpr size_t kMaxSeriesLabels = 1024;  // bytes of one series' label values
inline constexpr uint32_t kShares = 16;           // add_series counts room in these parts

// Carves `bytes` of zeroed memory.
void make_series(SeriesTable *table, size_t bytes);

// Null: not there.
Counter *find_series(SeriesTable *table, const SeriesKey &key);
// With the zone's mutex held. Null if it is new and more than `share` of kShares of the room is taken.
Counter *add_series(SeriesTable *table, const SeriesKey &key, uint32_t share);

// `i` below table->count.
SeriesEntry series_at(const SeriesTable *table, uint32_t i);

}  // namespace aigw::ngx
