#include "nginx/series.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace aigw::ngx {

namespace {

struct Series {
    uint32_t hash;
    uint32_t labels;  // offsets into the arena
    uint32_t values;
    uint16_t labels_bytes;
    uint8_t family;
};

using IndexSlot = std::atomic<uint32_t>;  // series + 1; 0: free

template <class T>
T *at(const SeriesTable *table, uint64_t offset) {
    return reinterpret_cast<T *>(reinterpret_cast<uintptr_t>(table) + offset);
}

uint32_t hash_of(const SeriesKey &key) {
    uint32_t hash = 2166136261u ^ key.family;
    for (unsigned char byte : key.labels) {
        hash = (hash ^ byte) * 16777619u;
    }
    return hash;
}

bool same(const SeriesTable *table, const Series &series, uint32_t hash, const SeriesKey &key) {
    return series.hash == hash && series.family == key.family && series.labels_bytes == key.labels.size()
           && std::memcmp(at<char>(table, table->arena + series.labels), key.labels.data(), key.labels.size()) == 0;
}

// The slot that holds the key, or the free one where it belongs. The index is never full: it has twice the capacity.
IndexSlot *slot_of(SeriesTable *table, uint32_t hash, const SeriesKey &key) {
    auto *index = at<IndexSlot>(table, table->index);
    auto *series = at<Series>(table, table->series);
    for (uint32_t i = hash;; i++) {
        IndexSlot *slot = &index[i & (table->slots - 1)];
        uint32_t found = slot->load(std::memory_order_acquire);
        if (found == 0 || same(table, series[found - 1], hash, key)) {
            return slot;
        }
    }
}

Counter *values_of(SeriesTable *table, uint32_t found) {
    const Series &series = at<Series>(table, table->series)[found - 1];
    return at<Counter>(table, table->arena + series.values);
}

uint64_t align(uint64_t n) {
    return (n + 7) & ~uint64_t(7);
}

}  // namespace

void make_series(SeriesTable *table, size_t bytes) {
    constexpr size_t kBytesPerSeries = 256;  // with its index, labels and counters: about the average
    ::new (table) SeriesTable();
    table->capacity = static_cast<uint32_t>(std::min<size_t>(bytes / kBytesPerSeries, kMaxSeries));
    table->slots = 1;
    while (table->slots < 2 * table->capacity) {
        table->slots *= 2;
    }
    table->index = align(sizeof(SeriesTable));
    table->series = align(table->index + table->slots * sizeof(IndexSlot));
    table->arena = align(table->series + table->capacity * sizeof(Series));
    table->arena_bytes = bytes - table->arena;
}

Counter *find_series(SeriesTable *table, const SeriesKey &key) {
    uint32_t found = slot_of(table, hash_of(key), key)->load(std::memory_order_acquire);
    return found != 0 ? values_of(table, found) : nullptr;
}

Counter *add_series(SeriesTable *table, const SeriesKey &key, uint32_t share) {
    uint32_t hash = hash_of(key);
    IndexSlot *slot = slot_of(table, hash, key);
    if (uint32_t found = slot->load(std::memory_order_relaxed)) {
        return values_of(table, found);
    }
    uint32_t count = table->count.load(std::memory_order_relaxed);
    uint64_t labels = table->arena_used.load(std::memory_order_relaxed);
    uint64_t values = align(labels + key.labels.size());
    uint64_t end = values + key.width * sizeof(Counter);
    if (key.labels.size() > kMaxSeriesLabels || end > table->arena_bytes * share / kShares
        || count >= uint64_t(table->capacity) * share / kShares) {
        return nullptr;
    }
    // Each store leaves a whole table: a worker that dies here loses some bytes of the arena at most.
    table->arena_used.store(end, std::memory_order_relaxed);
    std::memcpy(at<char>(table, table->arena + labels), key.labels.data(), key.labels.size());
    at<Series>(table, table->series)[count] = {hash, static_cast<uint32_t>(labels), static_cast<uint32_t>(values),
                                              static_cast<uint16_t>(key.labels.size()), key.family};
    table->count.store(count + 1, std::memory_order_release);
    slot->store(count + 1, std::memory_order_release);
    return values_of(table, count + 1);
}

SeriesEntry series_at(const SeriesTable *table, uint32_t i) {
    const Series &series = at<Series>(table, table->series)[i];
    return {series.family,
            {at<char>(table, table->arena + series.labels), series.labels_bytes},
            at<Counter>(table, table->arena + series.values)};
}

}  // namespace aigw::ngx
