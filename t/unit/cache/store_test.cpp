#include "cache/store.h"

#include <gtest/gtest.h>

#include <cstring>
#include <list>
#include <map>
#include <random>
#include <vector>

#include "cache/store_layout.h"

namespace aigw::cache {
namespace {

constexpr Millis kFar = 1'000'000'000;

class Memory {
public:
    explicit Memory(size_t bytes = 256 << 10) : words_(bytes / 8), bytes_(bytes / 8 * 8) {
        EXPECT_TRUE(Store::format(data(), bytes_));
    }
    void *data() { return words_.data(); }
    size_t bytes() const { return bytes_; }
    Store store() { return Store(data()); }

private:
    std::vector<uint64_t> words_;
    size_t bytes_;
};

Key key(int n) { return sha256(std::to_string(n)); }

std::string text(size_t bytes, int seed) {
    std::mt19937 random(static_cast<uint32_t>(seed));
    std::string out(bytes, '\0');
    for (char &c : out) {
        c = static_cast<char>(random());
    }
    return out;
}

std::optional<std::string> get(Store store, const Key &key, Millis now) {
    auto hit = store.find(key, now);
    if (!hit) {
        return std::nullopt;
    }
    std::string out;
    store.copy(*hit, out);
    return store.release(*hit, now) ? std::optional(out) : std::nullopt;
}

TEST(CacheStore, KeepsWhatWasPut) {
    Memory memory;
    Store store = memory.store();
    const size_t sizes[] = {0, 1, 4095, 4096, 4097, 8192, 20'000, 60'000};
    for (size_t i = 0; i < std::size(sizes); i++) {
        EXPECT_TRUE(store.put(key(int(i)), text(sizes[i], int(i)), kFar, 0)) << sizes[i];
        EXPECT_EQ(get(store, key(int(i)), 1), text(sizes[i], int(i)));
        EXPECT_TRUE(store.verify());
    }
    EXPECT_FALSE(get(store, key(99), 1));
    EXPECT_EQ(store.stats().hits, std::size(sizes));
    EXPECT_EQ(store.stats().misses, 1u);
}

TEST(CacheStore, FormatsAnySizeFromTheLeast) {
    std::vector<uint64_t> words(30'000);
    EXPECT_FALSE(Store::format(words.data(), Store::least_bytes() - 1));
    for (size_t bytes = Store::least_bytes(); bytes <= words.size() * 8; bytes += 1234) {
        words.assign(words.size(), 0x5555555555555555);
        ASSERT_TRUE(Store::format(words.data(), bytes));
        Store store(words.data());
        auto *head = reinterpret_cast<StoreHead *>(words.data());
        ASSERT_LE(head->chunk_offset + head->chunks * Store::kChunk, bytes);
        ASSERT_GE(head->chunks, Store::kMinChunks);
        ASSERT_TRUE(store.verify());
        ASSERT_TRUE(store.valid(bytes));
        ASSERT_FALSE(store.valid(bytes + 8));
    }
}

TEST(CacheStore, ReplacesAndRemoves) {
    Memory memory;
    Store store = memory.store();
    store.put(key(1), "first", kFar, 0);
    store.put(key(1), "second", kFar, 0);
    EXPECT_EQ(get(store, key(1), 0), "second");
    EXPECT_EQ(store.stats().entries, 1u);
    store.remove(key(1), 0);
    store.remove(key(2), 0);
    EXPECT_FALSE(get(store, key(1), 0));
    EXPECT_EQ(store.stats().free_chunks, store.stats().chunks);
}

TEST(CacheStore, EntriesEnd) {
    Memory memory;
    Store store = memory.store();
    store.put(key(1), "a", 1000, 0);
    EXPECT_TRUE(get(store, key(1), 999));
    EXPECT_FALSE(get(store, key(1), 1000));
    EXPECT_EQ(store.stats().entries, 0u);
    EXPECT_FALSE(store.put(key(2), "a", 1000, 1000)) << "over before it began";
    EXPECT_TRUE(store.verify());
}

TEST(CacheStore, TheOneUsedLongestAgoGoesFirst) {
    Memory memory;
    Store store = memory.store();
    int chunks = int(store.stats().chunks);
    for (int i = 0; i < chunks; i++) {
        ASSERT_TRUE(store.put(key(i), "x", kFar, 0));
    }
    EXPECT_TRUE(get(store, key(0), 0));
    ASSERT_TRUE(store.put(key(chunks), text(3 * Store::kChunk, 1), kFar, 0));
    EXPECT_TRUE(get(store, key(0), 0));
    for (int i = 1; i <= 3; i++) {
        EXPECT_FALSE(get(store, key(i), 0)) << i;
    }
    EXPECT_TRUE(get(store, key(4), 0));
    EXPECT_EQ(store.stats().evicted, 3u);
    EXPECT_TRUE(store.verify());
}

TEST(CacheStore, TooLargeIsRefused) {
    Memory memory;
    Store store = memory.store();
    size_t most = store.stats().chunks / Store::kMaxShare * Store::kChunk;
    EXPECT_TRUE(store.put(key(1), text(most, 1), kFar, 0));
    EXPECT_FALSE(store.put(key(1), text(most + 1, 1), kFar, 0));
    EXPECT_FALSE(get(store, key(1), 0)) << "what stood there is no longer true";
    EXPECT_EQ(store.stats().refused, 1u);
    EXPECT_TRUE(store.verify());
}

TEST(CacheStore, PinsHold) {
    Memory memory(Store::least_bytes());
    Store store = memory.store();
    int chunks = int(store.stats().chunks);
    store.put(key(0), "pinned", kFar, 0);
    auto hit = store.find(key(0), 0);
    ASSERT_TRUE(hit);
    for (int i = 1; i < 5 * chunks; i++) {
        ASSERT_TRUE(store.put(key(i), "x", kFar, 1));
    }
    std::string out;
    store.copy(*hit, out);
    EXPECT_EQ(out, "pinned");
    EXPECT_TRUE(store.release(*hit, 1));
    EXPECT_FALSE(store.release(Store::Hit{hit->entry, hit->bytes, hit->generation + 1}, 1));
    for (int i = 0; i < chunks; i++) {
        store.put(key(1000 + i), "x", kFar, 1);
    }
    EXPECT_FALSE(get(store, key(0), 1));
    EXPECT_TRUE(store.verify());
}

TEST(CacheStore, AReplacedEntryLivesUntilItIsReleased) {
    Memory memory;
    Store store = memory.store();
    store.put(key(1), "old", kFar, 0);
    auto hit = store.find(key(1), 0);
    store.put(key(1), "new", kFar, 0);
    std::string out;
    store.copy(*hit, out);
    EXPECT_EQ(out, "old");
    EXPECT_TRUE(store.release(*hit, 0)) << "it was whole";
    EXPECT_EQ(get(store, key(1), 0), "new");
    EXPECT_EQ(store.stats().free_chunks, store.stats().chunks - 1);
    EXPECT_TRUE(store.verify());
}

TEST(CacheStore, PinsOfTheDeadEnd) {
    Memory memory(Store::least_bytes());
    Store store = memory.store();
    int chunks = int(store.stats().chunks);
    std::vector<Store::Hit> hits;
    for (int i = 0; i < chunks; i++) {
        store.put(key(i), "x", kFar, 0);
        hits.push_back(*store.find(key(i), 0));
    }
    EXPECT_FALSE(store.put(key(100), "y", kFar, Store::kPinFor - 1)) << "everything is pinned";
    EXPECT_TRUE(store.put(key(100), "y", kFar, Store::kPinFor));
    EXPECT_FALSE(store.release(hits[0], Store::kPinFor)) << "its copy came too late";
    EXPECT_TRUE(store.verify());
}

TEST(CacheStore, EvictionLooksNotTooFar) {
    Memory memory(1 << 20);
    Store store = memory.store();
    int chunks = int(store.stats().chunks);
    ASSERT_GT(chunks, int(Store::kEvictionLook) + 1);
    for (int i = 0; i < chunks; i++) {
        store.put(key(i), "x", kFar, 0);
    }
    for (uint32_t i = 0; i <= Store::kEvictionLook; i++) {
        (void)store.find(key(int(i)), 0);
    }
    for (int i = int(Store::kEvictionLook) + 1; i < chunks; i++) {
        (void)get(store, key(i), 0);
    }
    EXPECT_FALSE(store.put(key(-1), "y", kFar, 1)) << "sixty-five pinned ones are in the way";
    EXPECT_TRUE(store.release(*store.find(key(0), 1), 1));
    EXPECT_TRUE(store.verify());
}

TEST(CacheStore, StartsAnewAfterADeathInside) {
    Memory memory;
    Store store = memory.store();
    store.put(key(1), "one", kFar, 0);
    auto hit = store.find(key(1), 0);
    auto *head = static_cast<StoreHead *>(memory.data());
    head->dirty = 1;
    head->free = 12345;
    head->first = 77;
    EXPECT_FALSE(get(store, key(1), 0));
    EXPECT_EQ(store.stats().resets, 1u);
    EXPECT_TRUE(store.verify());
    for (int i = 0; i < int(store.stats().chunks); i++) {
        ASSERT_TRUE(store.put(key(i), "other", kFar, 0));
    }
    EXPECT_FALSE(store.release(*hit, 0)) << "no copy from before is good";
}

// A reader that copies while its memory is written over reads nothing outside of it.
TEST(CacheStore, CopiesOfGarbageStayInside) {
    Memory memory(Store::least_bytes());
    Store store = memory.store();
    auto *head = static_cast<StoreHead *>(memory.data());
    std::mt19937 random(1);
    for (int i = 0; i < 2000; i++) {
        for (uint32_t chunk = 0; chunk < head->chunks; chunk++) {
            auto *links = reinterpret_cast<uint32_t *>(head + 1) + head->buckets;
            links[chunk] = random() % 3 == 0 ? uint32_t(random()) : uint32_t(random()) % head->chunks;
        }
        std::string out;
        store.copy({uint32_t(random()) % (head->chunks * 2), uint32_t(random()) % 50'000, 1}, out);
    }
}

TEST(CacheStore, RandomUseAgreesWithAModel) {
    for (int seed = 1; seed <= 10; seed++) {
        std::mt19937 random(static_cast<uint32_t>(seed));
        Memory memory(Store::least_bytes() + 100'000);
        Store store = memory.store();
        std::map<int, std::pair<std::string, Millis>> model;
        Millis now = 0;
        for (int i = 0; i < 3000; i++) {
            int name = int(random() % 30);
            now += Millis(random() % 20);
            switch (random() % 4) {
            case 0: {
                std::string value = text(random() % (random() % 5 == 0 ? 40'000 : 5000), i);
                Millis expires = now + 1 + Millis(random() % 3000);
                model.erase(name);
                if (store.put(key(name), value, expires, now)) {
                    model[name] = {value, expires};
                }
                break;
            }
            case 1:
                store.remove(key(name), now);
                model.erase(name);
                break;
            default: {
                auto got = get(store, key(name), now);
                if (got) {  // may have been evicted, but is never another one's, nor too old
                    ASSERT_EQ(model.count(name), 1u);
                    ASSERT_EQ(*got, model[name].first);
                    ASSERT_LT(now, model[name].second);
                }
            }
            }
            ASSERT_TRUE(store.verify()) << seed << " " << i;
        }
        EXPECT_GT(store.stats().hits, 200u);
        EXPECT_GT(store.stats().evicted, 3u);
    }
}

}  // namespace
}  // namespace aigw::cache
