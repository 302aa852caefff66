#include "cache/store.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "cache/store_layout.h"

namespace aigw::cache {

namespace {

constexpr uint32_t kMagic = 0x61676373;
constexpr uint32_t kVersion = 1;
constexpr size_t kPerChunk = Store::kChunk + sizeof(StoreEntry) + sizeof(uint32_t) + 2 * sizeof(uint32_t);

uint32_t chunks_for(size_t bytes) {
    return static_cast<uint32_t>(std::max<size_t>((bytes + Store::kChunk - 1) / Store::kChunk, 1));
}

}  // namespace

// The mutex is held. Whoever was here before and did not come to the end, died.
class Store::Section {
public:
    explicit Section(Store &store) : store_(store) {
        if (store.head().dirty != 0) {
            store.reset();
            store.head().stats.resets++;
        }
        store.head().dirty = 1;
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    ~Section() {
        std::atomic_signal_fence(std::memory_order_seq_cst);
        store_.head().dirty = 0;
    }
    Section(const Section &) = delete;

private:
    Store &store_;
};

StoreHead &Store::head() const { return *reinterpret_cast<StoreHead *>(memory_); }
uint32_t *Store::buckets() const { return reinterpret_cast<uint32_t *>(memory_ + sizeof(StoreHead)); }
uint32_t *Store::links() const { return buckets() + head().buckets; }

StoreEntry *Store::entries() const {
    size_t offset = sizeof(StoreHead) + (size_t(head().buckets) + head().chunks) * sizeof(uint32_t);
    return reinterpret_cast<StoreEntry *>(memory_ + (offset + 7) / 8 * 8);
}

char *Store::chunk(uint32_t index) const { return memory_ + head().chunk_offset + index * kChunk; }

uint32_t &Store::bucket_of(const Key &key) const {
    uint32_t hash;
    std::memcpy(&hash, key.data(), sizeof hash);
    return buckets()[hash & (head().buckets - 1)];
}

size_t Store::least_bytes() { return sizeof(StoreHead) + 64 + kMinChunks * kPerChunk; }

bool Store::format(void *memory, size_t bytes) {
    if (bytes < least_bytes()) {
        return false;
    }
    Store store(memory);
    StoreHead &head = store.head();
    head = {};
    size_t chunks = std::min<size_t>((bytes - sizeof(StoreHead) - 64) / kPerChunk, kNone - 1);
    head.version = kVersion;
    head.bytes = bytes;
    head.chunks = static_cast<uint32_t>(chunks);
    head.buckets = 1;
    while (head.buckets < head.chunks) {
        head.buckets *= 2;
    }
    // Less than two buckets for each chunk: what kPerChunk counts.
    head.chunk_offset = static_cast<uint64_t>(reinterpret_cast<char *>(store.entries() + head.chunks) - store.memory_);
    store.reset();
    std::atomic_signal_fence(std::memory_order_seq_cst);
    head.magic = kMagic;
    return true;
}

bool Store::valid(size_t bytes) const {
    return bytes >= sizeof(StoreHead) && head().magic == kMagic && head().version == kVersion && head().bytes == bytes;
}

// Throws all entries away. Generations go on, so that nobody who still copies is told that his copy is good.
void Store::reset() {
    StoreHead &head = this->head();
    std::fill_n(buckets(), head.buckets, kNone);
    for (uint32_t i = 0; i < head.chunks; i++) {
        entries()[i].state = State::Free;
        entries()[i].generation = 0;
        links()[i] = i + 1 < head.chunks ? i + 1 : kNone;
    }
    head.free = 0;
    head.first = head.last = kNone;
    head.generation++;
    head.stats.entries = 0;
    head.stats.chunks = head.stats.free_chunks = head.chunks;
    head.dirty = 0;
}

StoreEntry *Store::look_up(const Key &key) const {
    for (uint32_t i = bucket_of(key); i != kNone; i = entries()[i].chain) {
        if (entries()[i].key == key) {
            return &entries()[i];
        }
    }
    return nullptr;
}

void Store::to_front(StoreEntry &entry) {
    auto index = static_cast<uint32_t>(&entry - entries());
    entry.before = kNone;
    entry.after = head().first;
    (head().first != kNone ? entries()[head().first].before : head().last) = index;
    head().first = index;
}

void Store::unlink(StoreEntry &entry) {
    (entry.before != kNone ? entries()[entry.before].after : head().first) = entry.after;
    (entry.after != kNone ? entries()[entry.after].before : head().last) = entry.before;
}

void Store::unchain(StoreEntry &entry) {
    uint32_t *link = &bucket_of(entry.key);
    auto index = static_cast<uint32_t>(&entry - entries());
    while (*link != index) {
        link = &entries()[*link].chain;
    }
    *link = entry.chain;
}

// Out of the index; its chunks are free now, or when the last pin is gone.
void Store::drop(StoreEntry &entry, Millis now) {
    if (entry.state == State::Stored) {
        unchain(entry);
        entry.state = State::Dead;
        head().stats.entries--;
    }
    if (entry.pins == 0 || now >= entry.pinned_until) {
        free_entry(entry);
    }
}

void Store::free_entry(StoreEntry &entry) {
    unlink(entry);
    entry.state = State::Free;
    entry.generation = 0;
    auto first = static_cast<uint32_t>(&entry - entries());
    uint32_t last = first, count = chunks_for(entry.bytes);
    for (uint32_t i = 1; i < count; i++) {
        last = links()[last];
    }
    links()[last] = head().free;
    head().free = first;
    head().stats.free_chunks += count;
}

bool Store::make_room(uint32_t chunks, Millis now) {
    uint32_t passed = 0;
    uint32_t i = head().last;
    while (head().stats.free_chunks < chunks && i != kNone && passed < kEvictionLook) {
        StoreEntry &entry = entries()[i];
        i = entry.before;
        if (entry.pins != 0 && now < entry.pinned_until) {
            passed++;
            continue;
        }
        head().stats.evicted += entry.state == State::Stored && now < entry.expires;
        drop(entry, now);
    }
    return head().stats.free_chunks >= chunks;
}

uint32_t Store::fill_chunks(std::string_view bytes) {
    uint32_t first = head().free, last = first;
    for (size_t at = 0;; at += kChunk) {
        std::string_view part = bytes.substr(at, kChunk);
        part.copy(chunk(last), part.size());
        head().stats.free_chunks--;
        if (at + kChunk >= bytes.size()) {
            break;
        }
        last = links()[last];
    }
    head().free = links()[last];
    links()[last] = kNone;
    return first;
}

std::optional<Store::Hit> Store::find(const Key &key, Millis now) {
    Section section(*this);
    StoreEntry *entry = look_up(key);
    if (entry != nullptr && now >= entry->expires) {
        drop(*entry, now);
        entry = nullptr;
    }
    if (entry == nullptr) {
        head().stats.misses++;
        return std::nullopt;
    }
    head().stats.hits++;
    unlink(*entry);
    to_front(*entry);
    if (now >= entry->pinned_until) {
        entry->pins = 0;  // of the dead
    }
    entry->pins++;
    entry->pinned_until = now + kPinFor;
    return Hit{static_cast<uint32_t>(entry - entries()), entry->bytes, entry->generation};
}

void Store::copy(const Hit &hit, std::string &out) const {
    out.resize(hit.bytes);
    uint32_t index = hit.entry;
    for (size_t at = 0; at < out.size() && index < head().chunks; at += kChunk) {
        std::memcpy(out.data() + at, chunk(index), std::min(kChunk, out.size() - at));
        index = links()[index];
    }
}

bool Store::release(const Hit &hit, Millis now) {
    Section section(*this);
    StoreEntry &entry = entries()[hit.entry];
    if (hit.entry >= head().chunks || entry.generation != hit.generation || entry.state == State::Free) {
        return false;
    }
    entry.pins -= entry.pins > 0;
    if (entry.state == State::Dead) {
        drop(entry, now);
    }
    return true;
}

bool Store::put(const Key &key, std::string_view bytes, Millis expires, Millis now) {
    Section section(*this);
    if (StoreEntry *before = look_up(key)) {
        drop(*before, now);
    }
    if (bytes.size() > size_t(head().chunks) / kMaxShare * kChunk || expires <= now
        || !make_room(chunks_for(bytes.size()), now)) {
        head().stats.refused++;
        return false;
    }
    uint32_t index = fill_chunks(bytes);
    StoreEntry &entry = entries()[index];
    entry.key = key;
    entry.state = State::Stored;
    entry.bytes = static_cast<uint32_t>(bytes.size());
    entry.pins = 0;
    entry.generation = ++head().generation;
    entry.expires = expires;
    entry.pinned_until = 0;
    uint32_t &bucket = bucket_of(key);
    entry.chain = bucket;
    bucket = index;
    to_front(entry);
    head().stats.entries++;
    head().stats.stored++;
    return true;
}

void Store::remove(const Key &key, Millis now) {
    Section section(*this);
    if (StoreEntry *entry = look_up(key)) {
        drop(*entry, now);
    }
}

StoreStats Store::stats() const { return head().stats; }

bool Store::verify() const {
    const StoreHead &head = this->head();
    uint64_t used = 0, stored = 0, free = 0;
    uint32_t before = kNone;
    for (uint32_t i = head.first; i != kNone && used <= head.chunks; i = entries()[i].after) {
        const StoreEntry &entry = entries()[i];
        bool found = look_up(entry.key) == &entry;
        if (entry.state == State::Free || entry.before != before || found != (entry.state == State::Stored)) {
            return false;
        }
        used += chunks_for(entry.bytes);
        stored += entry.state == State::Stored;
        before = i;
    }
    for (uint32_t i = head.free; i != kNone && free <= head.chunks; i = links()[i]) {
        free++;
    }
    return head.last == before && used + free == head.chunks && free == head.stats.free_chunks
           && stored == head.stats.entries && head.dirty == 0;
}

}  // namespace aigw::cache
