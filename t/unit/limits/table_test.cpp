// Eviction, fullness, repair: what a store does at the limits of its memory.
#include "limits/table.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "memory.h"

namespace aigw::limits {
namespace {

constexpr Millis kHour = 3'600'000;

TEST(LimitTable, FormatsAnySizeFromTheLeast) {
    std::vector<uint64_t> words(40'000);
    EXPECT_FALSE(Store::format(words.data(), Store::least_bytes() - 1));
    for (size_t bytes = Store::least_bytes(); bytes < words.size() * 8; bytes += 1000 - bytes % 7) {
        words.assign(words.size(), 0x5555555555555555);
        ASSERT_TRUE(Store::format(words.data(), bytes));
        Table table(words.data());
        ASSERT_GE(table.head().cells, Table::kMinCells);
        ASSERT_LE(reinterpret_cast<char *>(&table.cell(table.head().cells - 1) + 1),
                  reinterpret_cast<char *>(words.data()) + bytes);
        ASSERT_GE(table.head().cells * sizeof(Cell), bytes * 19 / 20 - sizeof(TableHead) - 512) << "little is wasted";
        ASSERT_TRUE(table.verify());
    }
}

TEST(LimitTable, KnowsItsOwn) {
    Memory memory;
    EXPECT_TRUE(memory.store().valid(memory.bytes()));
    EXPECT_FALSE(memory.store().valid(memory.bytes() - 8)) << "another size";
    static_cast<TableHead *>(memory.data())->version++;
    EXPECT_FALSE(memory.store().valid(memory.bytes()));
    std::vector<uint64_t> zeros(1000);
    EXPECT_FALSE(Store(zeros.data()).valid(8000));
}

TEST(LimitTable, WorksAtAnyAddress) {
    Memory memory(Store::least_bytes() + 4096);
    const Demand limits[] = {demand("team", 500, kHour)};
    memory.store().reserve(id(1), limits, {100, 100}, kLease, at(0));
    std::vector<uint64_t> elsewhere((memory.bytes() + 7) / 8);
    std::memcpy(elsewhere.data(), memory.data(), memory.bytes());
    std::memset(memory.data(), 0xff, memory.bytes());
    Store moved(elsewhere.data());
    EXPECT_TRUE(moved.settle(id(1), {1, 2}, at(1)));
    EXPECT_EQ(counted_in(moved, limits[0], at(1)), 3);
    EXPECT_TRUE(moved.verify());
}

TEST(LimitTable, AFullOneForgetsWhoWasUsedLongestAgo) {
    Memory memory(Store::least_bytes());
    Store store = memory.store();
    int cells = int(Table(memory.data()).head().cells);
    auto limit = [](int i) { return demand("user" + std::to_string(i), 100, kHour); };
    for (int i = 0; i < cells * 10; i++) {
        const Demand limits[] = {limit(i), limit(0)};
        ASSERT_EQ(store.reserve(id(i), limits, {1, 1}, kLease, at(i)).status, Status::Admitted) << i;
        ASSERT_TRUE(store.settle(id(i), {i == 0 ? 50 : 0, 0}, at(i)));
        ASSERT_TRUE(store.verify());
    }
    EXPECT_EQ(counted_in(store, limit(0), at(cells * 10)), 50) << "always in use";
    EXPECT_EQ(store.stats().full, 0u);
    EXPECT_EQ(store.stats().evicted_used, 0u) << "all others are empty";
    EXPECT_GT(store.stats().evicted, uint64_t(cells) * 8);
}

TEST(LimitTable, EvictsEmptyWindowsFirst) {
    Memory memory(Store::least_bytes());
    Store store = memory.store();
    int cells = int(Table(memory.data()).head().cells);
    auto use = [&](int i, Tokens tokens) {
        const Demand limits[] = {demand("user" + std::to_string(i), 100, kHour)};
        ASSERT_EQ(store.reserve(id(i), limits, {1, 1}, kLease, at(i)).status, Status::Admitted);
        store.settle(id(i), {tokens, 0}, at(i));
    };
    use(0, 10);
    for (int i = 1; i < cells + 6; i++) {
        use(i, 0);
    }
    EXPECT_EQ(store.stats().evicted_used, 0u);
    EXPECT_EQ(counted_in(store, demand("user0", 100, kHour), at(cells)), 10);
    for (int i = cells; i < cells * 3; i++) {
        use(i, 10);
    }
    EXPECT_GT(store.stats().evicted_used, 0u) << "and says so when it must forget something";
}

TEST(LimitTable, NeverEvictsWhatIsHeld) {
    Memory memory(Store::least_bytes());
    Store store = memory.store();
    int admitted = 0;
    Decision decision;
    do {
        const Demand limits[] = {demand("user" + std::to_string(admitted), 100, kHour)};
        decision = store.reserve(id(admitted), limits, {1, 1}, kLease, at(0));
        admitted += decision.status == Status::Admitted;
    } while (decision.status == Status::Admitted);
    EXPECT_EQ(decision.status, Status::Full);
    EXPECT_GT(store.stats().full, 0u);
    EXPECT_EQ(admitted, int(Table(memory.data()).head().cells / 2));
    EXPECT_TRUE(store.verify());
    for (int i = 0; i < admitted; i++) {
        EXPECT_TRUE(store.settle(id(i), {5, 5}, at(1)));
    }
    const Demand limits[] = {demand("user0", 100, kHour)};
    EXPECT_EQ(store.reserve(id(1000), limits, {1, 1}, kLease, at(2)).status, Status::Admitted) << "and goes on after it";
    EXPECT_TRUE(store.verify());
}

TEST(LimitTable, GivesLapsedReservationsUpForRoom) {
    Memory memory(Store::least_bytes());
    Store store = memory.store();
    int half = int(Table(memory.data()).head().cells / 2);
    const Demand limits[] = {demand("team", 1'000'000, kHour)};
    for (int i = 0; i < half; i++) {
        store.reserve(id(i), limits, {1, 1}, 1000, at(0));
    }
    std::vector<Lapsed> out(size_t(half) + 1);
    EXPECT_EQ(store.expire(out, at(1000)), size_t(half));
    EXPECT_EQ(store.stats().lapsed, uint64_t(half));
    for (int i = half; i < 2 * half + 10; i++) {
        ASSERT_EQ(store.reserve(id(i), limits, {1, 1}, kLease, at(2000)).status,
                  i < half + int(Table(memory.data()).head().cells) - 1 ? Status::Admitted : Status::Full);
    }
    EXPECT_TRUE(store.verify());
}

TEST(LimitTable, AFloodOfKeysPushesOutItsOwn) {
    Memory memory(Store::least_bytes());
    Store store = memory.store();
    int cells = int(Table(memory.data()).head().cells);
    auto use = [&](const std::string &name, uint8_t group, uint32_t max_keys, int i) {
        Demand limits[] = {demand(name, 1000, kHour)};
        limits[0].group = group;
        limits[0].max_keys = max_keys;
        ASSERT_EQ(store.reserve(id(i), limits, {1, 1}, kLease, at(0)).status, Status::Admitted);
        ASSERT_TRUE(store.settle(id(i), {7, 0}, at(0)));
    };
    for (int i = 0; i < cells / 4; i++) {
        use("team" + std::to_string(i), 1, UINT32_MAX, i);
    }
    for (int i = 0; i < cells * 5; i++) {
        use("address" + std::to_string(i), 2, UINT32_MAX, 1000 + i);
    }
    for (int i = 0; i < cells / 4; i++) {
        EXPECT_EQ(counted_in(store, demand("team" + std::to_string(i), 1000, kHour), at(0)), 7) << i;
    }
    EXPECT_TRUE(store.verify());
}

TEST(LimitTable, AGroupHasAsManyKeysAsItMay) {
    Memory memory;
    Store store = memory.store();
    for (int i = 0; i < 100; i++) {
        Demand limits[] = {demand("user" + std::to_string(i), 1000, kHour), demand("team", 1'000'000, kHour)};
        limits[0].group = 3;
        limits[0].max_keys = 10;
        ASSERT_EQ(store.reserve(id(i), limits, {1, 1}, kLease, at(0)).status, Status::Admitted);
        if (i < 80) {
            store.settle(id(i), {7, 0}, at(0));
            ASSERT_LE(store.stats().counters, 11u);
        }
    }
    EXPECT_EQ(store.stats().counters, 21u) << "twenty are in use: more than it may, and nobody is refused";
    EXPECT_TRUE(store.verify());
}

// Whatever was written over the derived parts: the cells are enough.
TEST(LimitTable, IsRepairedFromItsCells) {
    std::mt19937 random(3);
    for (int round = 0; round < 20; round++) {
        Memory memory(Store::least_bytes() + 20'000);
        Store store = memory.store();
        for (int i = 0; i < 300; i++) {
            const Demand limits[] = {demand("u" + std::to_string(random() % 20), 5000, kHour), demand("all", 100'000, kHour)};
            store.reserve(id(i), limits, {10, 10}, 1000, at(i));
            store.settle(id(int(random() % uint32_t(i + 1))), {7, 7}, at(i));
            Lapsed out[2];
            store.expire(out, at(i - 800));
        }
        ASSERT_TRUE(store.verify());
        Demand all = demand("all", 100'000, kHour);
        Tokens before = counted_in(store, all, at(300));
        Stats stats = store.stats();
        Table table(memory.data());
        TableHead &head = table.head();
        head.free = random();
        head.idle[0] = head.leases = head.lapsed = {uint32_t(random()), uint32_t(random())};
        head.counters[0] = uint32_t(random());
        head.stats.counters = head.stats.free = random();
        for (uint32_t i = 0; i < head.cells; i++) {
            Cell &cell = table.cell(i);
            cell.chain = uint32_t(random());
            cell.before = cell.after = uint32_t(random());
            if (cell.kind == Kind::Counter) {
                cell.counter.users = uint32_t(random());
                cell.counter.window.held = Tokens(random());
            } else if (cell.kind == Kind::Free) {
                cell.kind = Kind(random() % 2 * 77);
            }
        }
        head.dirty = 1;
        ASSERT_EQ(counted_in(store, all, at(300)), before);
        EXPECT_EQ(store.stats().reservations, stats.reservations);
        EXPECT_EQ(store.stats().lapsed, stats.lapsed);
        EXPECT_EQ(store.stats().repairs, 1u);
        ASSERT_TRUE(store.verify());
    }
}

}  // namespace
}  // namespace aigw::limits
