#include "limits/snapshot.h"

#include <gtest/gtest.h>

#include "../../fuzz/limits_snapshot_check.h"
#include "memory.h"

namespace aigw::limits {
namespace {

constexpr Millis kDay = 86'400'000;

std::string snapshot(Store store, Now now, Millis shortest = kLongWindow, uint32_t slice = 5) {
    Snapshot taken(shortest);
    while (!taken.add(store, slice, now)) {
    }
    return taken.finish(now);
}

struct LimitSnapshot : testing::Test {
    LimitSnapshot() {
        Store store = memory.store();
        const Demand both[] = {day, hour};
        store.reserve(id(1), both, {100, 100}, kLease, at(0));
        store.settle(id(1), {100, 50}, at(0));
        store.reserve(id(2), both, {30, 40}, kLease, at(kDay / 2));
        const Demand third[] = {month};
        store.reserve(id(3), third, {1, 1}, kLease, at(kDay / 2));
        store.settle(id(3), {5, 5}, at(kDay / 2));
        store.reserve(id(4), std::vector<Demand>{demand("idle", 10, kDay)}, {1, 1}, kLease, at(kDay / 2));
        store.settle(id(4), {0, 0}, at(kDay / 2));
    }
    Memory memory;
    const Demand day = demand("team", 1000, kDay), hour = demand("team", 1000, 3'600'000), month = demand("team", 10, 30 * kDay);
};

TEST_F(LimitSnapshot, KeepsLongWindowsAndChargesWhatIsHeld) {
    std::string file = snapshot(memory.store(), at(kDay / 2));
    Memory fresh;
    Store store = fresh.store();
    auto read = Snapshot::restore(store, file, at(kDay / 2 + 1000));
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(*read, 2u) << "neither the hour nor the one without anything";
    EXPECT_EQ(counted_in(store, day, at(kDay / 2 + 1000)), 150 + 70);
    EXPECT_EQ(counted_in(store, month, at(kDay / 2 + 1000)), 10);
    EXPECT_EQ(counted_in(store, hour, at(kDay / 2 + 1000)), 0);
    EXPECT_EQ(store.stats().reservations, 0u);
    EXPECT_FALSE(store.settle(id(2), {1, 1}, at(kDay / 2 + 2000))) << "its count is final";
    EXPECT_TRUE(store.verify());
    EXPECT_EQ(counted_in(store, day, at(kDay + kDay / 10)), 70) << "and goes on sliding";
}

TEST_F(LimitSnapshot, TheSameInAnySlices) {
    std::string whole = snapshot(memory.store(), at(kDay / 2), kLongWindow, 1'000'000);
    for (uint32_t slice : {1u, 2u, 7u, 100u}) {
        EXPECT_EQ(snapshot(memory.store(), at(kDay / 2), kLongWindow, slice), whole);
    }
}

TEST_F(LimitSnapshot, WhatIsThereStays) {
    std::string file = snapshot(memory.store(), at(kDay / 2));
    auto read = Snapshot::restore(memory.store(), file, at(kDay / 2));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, 0u);
    EXPECT_EQ(counted_in(memory.store(), day, at(kDay / 2)), 220);
}

TEST_F(LimitSnapshot, OldFilesHoldNothingThatCounts) {
    std::string file = snapshot(memory.store(), at(kDay / 2));
    Memory fresh;
    ASSERT_TRUE(Snapshot::restore(fresh.store(), file, at(100 * kDay)));
    EXPECT_EQ(counted_in(fresh.store(), day, at(100 * kDay)), 0);
}

TEST_F(LimitSnapshot, ASmallerStoreTakesWhatFits) {
    Memory large;
    for (int i = 0; i < 500; i++) {
        const Demand one[] = {demand("user" + std::to_string(i), 1000, kDay)};
        large.store().reserve(id(i), one, {1, 1}, kLease, at(i));
        large.store().settle(id(i), {1, 1}, at(i));
    }
    std::string file = snapshot(large.store(), at(1000));
    Memory small(Store::least_bytes());
    ASSERT_TRUE(Snapshot::restore(small.store(), file, at(1000)));
    EXPECT_TRUE(small.store().verify());
    EXPECT_EQ(small.store().stats().counters, Table(small.data()).head().cells);
}

TEST_F(LimitSnapshot, DamageIsRefusedWhole) {
    const std::string file = snapshot(memory.store(), at(kDay / 2));
    for (size_t size = 0; size < file.size(); size++) {
        Memory fresh(Store::least_bytes());
        EXPECT_FALSE(Snapshot::restore(fresh.store(), std::string_view(file).substr(0, size), at(0))) << size;
    }
    for (size_t i = 0; i < file.size(); i++) {
        for (int bit = 0; bit < 8; bit++) {
            std::string bad = file;
            bad[i] = static_cast<char>(bad[i] ^ 1 << bit);
            Memory fresh(Store::least_bytes());
            EXPECT_FALSE(Snapshot::restore(fresh.store(), bad, at(0))) << i;
        }
        ASSERT_NO_THROW(fuzz::check_limits_snapshot(file.substr(0, i)));
    }
    EXPECT_NO_THROW(fuzz::check_limits_snapshot(file));
    EXPECT_EQ(Snapshot::restore(memory.store(), "", at(0)).error(), "cut off");
    EXPECT_EQ(Snapshot::restore(memory.store(), std::string(64, 'x'), at(0)).error(), "no state of this version");
    EXPECT_EQ(Snapshot::restore(memory.store(), file + "12345678", at(0)).error(), "cut off");
}

}  // namespace
}  // namespace aigw::limits
