#include "cache/flight.h"

#include <gtest/gtest.h>

#include <vector>

namespace aigw::cache {
namespace {

using Role = Flight::Role;

constexpr Millis kLease = 30'000;

class CacheFlight : public testing::Test {
protected:
    CacheFlight() : words(Flight::bytes_for(64) / 8) { EXPECT_TRUE(Flight::format(words.data(), words.size() * 8)); }

    static Key key(int n) { return sha256(std::to_string(n)); }
    // A key whose slots begin at `home`.
    static Key key_at(uint64_t home, uint8_t n) {
        Key key{};
        key[0] = static_cast<uint8_t>(home);
        key[20] = n;
        return key;
    }

    std::vector<uint64_t> words;
    Flight flight{words.data()};
};

TEST_F(CacheFlight, OneLeadsTheOthersWait) {
    auto leader = flight.join(key(1), 0, kLease, 0);
    EXPECT_EQ(leader.role, Role::Lead);
    auto first = flight.join(key(1), 3, kLease, 10), second = flight.join(key(1), 200, kLease, 10);
    EXPECT_EQ(first.role, Role::Wait);
    EXPECT_EQ(second.role, Role::Wait);
    EXPECT_EQ(flight.join(key(2), 0, kLease, 10).role, Role::Lead) << "another request";
    EXPECT_EQ(flight.ask(key(1), first, kLease, 20), Role::Wait);
    EXPECT_EQ(flight.done(leader), (WorkerSet{1 << 3, 0, 0, uint64_t(1) << 8}));
    EXPECT_EQ(flight.ask(key(1), first, kLease, 30), Role::Alone);
    EXPECT_EQ(flight.ask(key(1), second, kLease, 30), Role::Alone);
    EXPECT_EQ(flight.done(leader), WorkerSet{}) << "once";
    EXPECT_EQ(flight.join(key(1), 0, kLease, 40).role, Role::Lead);
}

TEST_F(CacheFlight, NobodyToWake) {
    auto leader = flight.join(key(1), 0, kLease, 0);
    auto waiter = flight.join(key(1), 5, kLease, 0);
    flight.leave(waiter);
    EXPECT_EQ(flight.done(leader), WorkerSet{});
}

TEST_F(CacheFlight, ADeadLeaderIsFollowedByOneWaiter) {
    auto dead = flight.join(key(1), 0, kLease, 0);
    auto first = flight.join(key(1), 1, kLease, 1), second = flight.join(key(1), 2, kLease, 1);
    EXPECT_EQ(flight.ask(key(1), first, kLease, kLease - 1), Role::Wait);
    EXPECT_EQ(flight.ask(key(1), first, kLease, kLease), Role::Lead);
    EXPECT_EQ(flight.ask(key(1), second, kLease, kLease), Role::Wait) << "for the new one";
    EXPECT_FALSE(flight.renew(dead, kLease, kLease + 1));
    EXPECT_EQ(flight.done(dead), WorkerSet{}) << "it leads no more";
    EXPECT_TRUE(flight.renew(first, kLease, kLease + 1));
    EXPECT_EQ(flight.done(first), (WorkerSet{1 << 1 | 1 << 2, 0, 0, 0}));
    EXPECT_EQ(flight.ask(key(1), second, kLease, kLease + 2), Role::Alone);
}

TEST_F(CacheFlight, ANewcomerMayFollowTheDead) {
    auto dead = flight.join(key(1), 0, kLease, 0);
    auto waiter = flight.join(key(1), 1, kLease, 1);
    auto next = flight.join(key(1), 2, kLease, kLease);
    EXPECT_EQ(next.role, Role::Lead);
    EXPECT_EQ(flight.ask(key(1), waiter, kLease, kLease), Role::Wait);
    EXPECT_EQ(flight.done(dead), WorkerSet{});
    EXPECT_EQ(flight.done(next), (WorkerSet{1 << 1, 0, 0, 0}));
}

TEST_F(CacheFlight, RenewingKeepsTheLead) {
    auto leader = flight.join(key(1), 0, kLease, 0);
    EXPECT_TRUE(flight.renew(leader, kLease, kLease - 1));
    EXPECT_EQ(flight.join(key(1), 1, kLease, kLease + 1).role, Role::Wait);
}

TEST_F(CacheFlight, AFullTableSendsAlone) {
    for (uint8_t i = 0; i < Flight::kProbes; i++) {
        EXPECT_EQ(flight.join(key_at(5, i), 0, kLease, 0).role, Role::Lead);
    }
    auto late = flight.join(key_at(5, 100), 0, kLease, 0);
    EXPECT_EQ(late.role, Role::Alone);
    EXPECT_EQ(flight.ask(key_at(5, 100), late, kLease, 0), Role::Alone);
    EXPECT_FALSE(flight.renew(late, kLease, 0));
    EXPECT_EQ(flight.done(late), WorkerSet{});
    EXPECT_EQ(flight.join(key_at(5, 7), 1, kLease, 1).role, Role::Wait) << "the last slot is still found";
    EXPECT_EQ(flight.join(key_at(5, 100), 0, kLease, kLease).role, Role::Lead) << "the dead make room";
}

TEST_F(CacheFlight, WhereNobodyAsksTheSlotIsFreeAgain) {
    for (uint8_t i = 0; i < Flight::kProbes; i++) {
        (void)flight.join(key_at(5, i), 0, kLease, 0);
        EXPECT_EQ(flight.join(key_at(5, i), 0, kLease, 0).role, Role::Wait);
    }
    EXPECT_EQ(flight.join(key_at(5, 100), 0, kLease, kLease + Flight::kAbandoned - 1).role, Role::Alone);
    EXPECT_EQ(flight.join(key_at(5, 100), 0, kLease, kLease + Flight::kAbandoned).role, Role::Lead);
}

TEST_F(CacheFlight, WaitersAreBounded) {
    auto leader = flight.join(key(1), 0, kLease, 0);
    for (uint32_t i = 0; i < Flight::kMaxWaiters; i++) {
        ASSERT_EQ(flight.join(key(1), i % kMaxWorkers, kLease, 0).role, Role::Wait);
    }
    EXPECT_EQ(flight.join(key(1), 0, kLease, 0).role, Role::Alone);
    EXPECT_EQ(flight.join(key(1), kMaxWorkers, kLease, 0).role, Role::Alone);
    EXPECT_EQ(flight.done(leader), (WorkerSet{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}));
}

TEST_F(CacheFlight, KnowsItsOwn) {
    EXPECT_TRUE(flight.valid(words.size() * 8));
    EXPECT_FALSE(flight.valid(words.size() * 8 - 8));
    std::vector<uint64_t> small(Flight::least_bytes() / 8);
    EXPECT_TRUE(Flight::format(small.data(), small.size() * 8));
    EXPECT_FALSE(Flight::format(small.data(), small.size() * 8 - 1));
    EXPECT_EQ(Flight(small.data()).join(key(1), 0, kLease, 0).role, Role::Lead);
}

}  // namespace
}  // namespace aigw::cache
