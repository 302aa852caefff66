#include "limits/store.h"

#include <gtest/gtest.h>

#include "memory.h"

namespace aigw::limits {
namespace {

constexpr Millis kHour = 3'600'000;

TEST(LimitStore, ReservesAndSettles) {
    Memory memory;
    Store store = memory.store();
    const Demand limits[] = {demand("team", 500, kHour)};
    Decision first = store.reserve(id(1), limits, {100, 200}, kLease, at(0));
    EXPECT_EQ(first.status, Status::Admitted);
    EXPECT_EQ(first.covered, 200);
    EXPECT_FALSE(first.clamped);
    ASSERT_EQ(first.count, 1u);
    EXPECT_EQ(first.standings[0].limit, 500);
    EXPECT_EQ(first.standings[0].remaining, 200);
    EXPECT_EQ(first.standings[0].granted, 300);
    EXPECT_TRUE(store.settle(id(1), {90, 60}, at(10)));
    EXPECT_EQ(counted_in(store, limits[0], at(10)), 150);
    EXPECT_TRUE(store.verify());
}

TEST(LimitStore, SettlesOnce) {
    Memory memory;
    Store store = memory.store();
    const Demand limits[] = {demand("team", 500, kHour)};
    store.reserve(id(1), limits, {100, 200}, kLease, at(0));
    EXPECT_TRUE(store.settle(id(1), {100, 100}, at(1)));
    EXPECT_FALSE(store.settle(id(1), {100, 100}, at(2)));
    EXPECT_FALSE(store.settle(id(2), {100, 100}, at(2))) << "never reserved";
    EXPECT_EQ(counted_in(store, limits[0], at(3)), 200);
}

TEST(LimitStore, TheSameReservationTwiceIsOne) {
    Memory memory;
    Store store = memory.store();
    const Demand limits[] = {demand("team", 500, kHour)};
    store.reserve(id(1), limits, {100, 200}, kLease, at(0));
    EXPECT_EQ(store.reserve(id(1), limits, {100, 200}, kLease, at(0)).status, Status::Admitted);
    EXPECT_EQ(counted_in(store, limits[0], at(1)), 300);
}

TEST(LimitStore, SettlesToMoreThanWasReserved) {
    Memory memory;
    Store store = memory.store();
    const Demand limits[] = {demand("team", 500, kHour)};
    store.reserve(id(1), limits, {100, 200}, kLease, at(0));
    EXPECT_TRUE(store.settle(id(1), {100, 900}, at(1)));
    EXPECT_EQ(counted_in(store, limits[0], at(1)), 1000);
    Decision after = store.reserve(id(2), limits, {1, 1}, kLease, at(2));
    EXPECT_EQ(after.status, Status::Refused);
    EXPECT_EQ(after.standings[0].remaining, 0);
}

TEST(LimitStore, AllOrNothing) {
    Memory memory;
    Store store = memory.store();
    const Demand limits[] = {demand("a", 1000, kHour), demand("b", 100, kHour),
                             demand("requests", 3, kHour, Count::Requests)};
    Decision refused = store.reserve(id(1), limits, {50, 60}, kLease, at(0));
    EXPECT_EQ(refused.status, Status::Admitted) << "cut to the second limit: 100 of it";
    EXPECT_EQ(refused.covered, 50);
    refused = store.reserve(id(2), limits, {50, 60}, kLease, at(0));
    EXPECT_EQ(refused.status, Status::Refused);
    EXPECT_EQ(refused.refused, 1u);
    EXPECT_EQ(counted_in(store, limits[0], at(0)), 110);
    EXPECT_EQ(counted_in(store, limits[2], at(0)), 1) << "a refused request is not counted";
    EXPECT_TRUE(store.verify());
}

TEST(LimitStore, PromptAtTheLimitNeverPasses) {
    Memory memory;
    Store store = memory.store();
    const Demand limits[] = {demand("team", 500, kHour)};
    for (Tokens prompt : {500, 501, 1'000'000}) {
        Decision decision = store.reserve(id(1), limits, {prompt, 10}, kLease, at(0));
        EXPECT_EQ(decision.status, Status::Never) << prompt;
        EXPECT_EQ(decision.retry_after, 0);
    }
    EXPECT_EQ(store.reserve(id(1), limits, {499, 10}, kLease, at(0)).status, Status::Admitted);
    EXPECT_EQ(store.reserve(id(2), limits, {499, 10}, kLease, at(0)).status, Status::Refused);
}

TEST(LimitStore, NeverWinsOverWaiting) {
    Memory memory;
    Store store = memory.store();
    const Demand limits[] = {demand("a", 100, kHour), demand("b", 10, kHour)};
    const Demand first[] = {limits[0]};
    store.reserve(id(1), first, {50, 50}, kLease, at(0));
    Decision decision = store.reserve(id(2), limits, {20, 1}, kLease, at(0));
    EXPECT_EQ(decision.status, Status::Never);
    EXPECT_EQ(decision.refused, 1u);
}

TEST(LimitStore, CountsWhatItIsToldToCount) {
    Memory memory;
    Store store = memory.store();
    const Demand limits[] = {demand("i", 100, kHour, Count::Input), demand("o", 50, kHour, Count::Output),
                             demand("t", 500, kHour), demand("r", 2, kHour, Count::Requests)};
    EXPECT_EQ(store.reserve(id(1), limits, {100, 40}, kLease, at(0)).status, Status::Admitted);
    store.settle(id(1), {70, 20}, at(1));
    EXPECT_EQ(counted_in(store, limits[0], at(1)), 70);
    EXPECT_EQ(counted_in(store, limits[1], at(1)), 20);
    EXPECT_EQ(counted_in(store, limits[2], at(1)), 90);
    EXPECT_EQ(counted_in(store, limits[3], at(1)), 1);
    EXPECT_EQ(store.reserve(id(2), limits, {31, 1}, kLease, at(2)).refused, 0u);
    EXPECT_EQ(store.reserve(id(3), limits, {30, 30}, kLease, at(2)).status, Status::Admitted);
    Decision third = store.reserve(id(4), limits, {0, 0}, kLease, at(2));
    EXPECT_EQ(third.status, Status::Refused);
    EXPECT_EQ(third.refused, 3u);
}

TEST(LimitStore, ClampsToWhatIsLeft) {
    Memory memory;
    Store store = memory.store();
    Demand limits[] = {demand("team", 500, kHour), demand("org", 10'000, kHour)};
    limits[0].clamp = true;
    store.reserve(id(1), limits, {100, 200}, kLease, at(0));
    Decision second = store.reserve(id(2), limits, {100, 200}, kLease, at(0));
    EXPECT_EQ(second.status, Status::Admitted);
    EXPECT_TRUE(second.clamped);
    EXPECT_EQ(second.covered, 100);
    EXPECT_EQ(second.standings[0].remaining, 0);
    EXPECT_EQ(store.reserve(id(3), limits, {100, 200}, kLease, at(0)).status, Status::Refused);
    store.settle(id(2), {100, 1}, at(1));
    EXPECT_EQ(store.reserve(id(4), limits, {99, 200}, kLease, at(1)).status, Status::Refused) << "no room for one token";
    Decision last = store.reserve(id(5), limits, {98, 200}, kLease, at(1));
    EXPECT_EQ(last.status, Status::Admitted);
    EXPECT_EQ(last.covered, 1);
}

TEST(LimitStore, DryRunCountsAndRefusesNothing) {
    Memory memory;
    Store store = memory.store();
    Demand limits[] = {demand("team", 100, kHour)};
    limits[0].dry_run = true;
    EXPECT_FALSE(store.reserve(id(1), limits, {50, 50}, kLease, at(0)).dry_run_over);
    Decision second = store.reserve(id(2), limits, {50, 50}, kLease, at(0));
    EXPECT_EQ(second.status, Status::Admitted);
    EXPECT_TRUE(second.dry_run_over);
    EXPECT_TRUE(second.standings[0].over);
    EXPECT_EQ(second.standings[0].remaining, 0);
    EXPECT_EQ(store.progress(id(2), limits, {50, 500}, 64, kLease, at(1)), 64);
    EXPECT_EQ(store.reserve(id(3), limits, {500, 50}, kLease, at(0)).status, Status::Admitted) << "not even the prompt fits";
    EXPECT_TRUE(store.verify());
}

TEST(LimitStore, WaitingAsToldIsEnough) {
    Memory memory;
    Store store = memory.store();
    const Demand limits[] = {demand("team", 500, kHour), demand("team", 300, 60'000)};
    store.reserve(id(1), limits, {100, 200}, kLease, at(0));
    Decision held = store.reserve(id(2), limits, {100, 150}, kLease, at(100));
    EXPECT_EQ(held.status, Status::Refused);
    EXPECT_EQ(held.retry_after, kHeldRetry) << "running requests hold it";
    store.settle(id(1), {100, 200}, at(1000));
    Decision minute = store.reserve(id(2), limits, {100, 90}, kLease, at(2000));
    EXPECT_EQ(minute.refused, 1u);
    EXPECT_LE(minute.retry_after, 64'000);
    EXPECT_EQ(store.reserve(id(2), limits, {100, 90}, kLease, at(2000 + minute.retry_after - 1)).status, Status::Refused);
    EXPECT_EQ(store.reserve(id(2), limits, {100, 90}, kLease, at(2000 + minute.retry_after)).status, Status::Admitted);
    Decision hour = store.reserve(id(3), limits, {100, 120}, kLease, at(200'000));
    EXPECT_EQ(hour.refused, 0u);
    EXPECT_GT(hour.retry_after, kHour - 200'000 - 1);
}

TEST(LimitStore, AStreamIsChargedLiveAndEndsAtTheLimit) {
    Memory memory;
    Store store = memory.store();
    const Demand limits[] = {demand("team", 500, kHour)};
    Decision decision = store.reserve(id(1), limits, {100, 50}, kLease, at(0));
    EXPECT_EQ(decision.covered, 50);
    EXPECT_EQ(store.progress(id(1), limits, {100, 50}, 64, kLease, at(1)), 64);
    EXPECT_EQ(counted_in(store, limits[0], at(1)), 214);
    EXPECT_EQ(store.progress(id(1), limits, {100, 114}, 400, kLease, at(2)), 286) << "what is left of 500";
    EXPECT_EQ(store.progress(id(1), limits, {100, 400}, 64, kLease, at(3)), 0) << "the end";
    EXPECT_EQ(store.progress(id(1), limits, {100, 420}, 64, kLease, at(3)), 0);
    EXPECT_EQ(counted_in(store, limits[0], at(3)), 520) << "what was used counts, allowed or not";
    EXPECT_TRUE(store.verify());
    store.settle(id(1), {100, 420}, at(4));
    EXPECT_EQ(counted_in(store, limits[0], at(4)), 520);
}

TEST(LimitStore, UnknownReservationsHaveNoBound) {
    Memory memory;
    Store store = memory.store();
    EXPECT_EQ(store.progress(id(1), {}, {1, 1}, 64, kLease, at(0)), 64);
}

TEST(LimitStore, LeasesEnd) {
    Memory memory;
    Store store = memory.store();
    const Demand limits[] = {demand("team", 1000, kHour)};
    Lapsed out[4];
    store.reserve(id(1), limits, {100, 200}, 2000, at(0), {100, 0});
    store.reserve(id(2), limits, {100, 200}, 2000, at(0));
    store.progress(id(1), limits, {100, 30}, 0, 2000, at(1500));
    EXPECT_EQ(store.expire(out, at(1999)), 0u);
    ASSERT_EQ(store.expire(out, at(2000)), 1u);
    EXPECT_EQ(out[0].reservation, id(2));
    EXPECT_EQ(out[0].spent, (Spent{0, 0}));
    EXPECT_EQ(counted_in(store, limits[0], at(2000)), 300) << "only the first one's reserve";
    ASSERT_EQ(store.expire(out, at(3500)), 1u);
    EXPECT_EQ(out[0].spent, (Spent{100, 30}));
    EXPECT_EQ(counted_in(store, limits[0], at(3500)), 130);
    EXPECT_TRUE(store.verify());
}

TEST(LimitStore, ALateSettleCorrects) {
    Memory memory;
    Store store = memory.store();
    const Demand limits[] = {demand("team", 1000, kHour)};
    Lapsed out[4];
    for (Tokens real : {500, 20, 130}) {
        Memory fresh;
        Store again = fresh.store();
        again.reserve(id(1), limits, {100, 200}, 2000, at(0), {100, 30});
        ASSERT_EQ(again.expire(out, at(2000)), 1u);
        EXPECT_TRUE(again.settle(id(1), {0, real}, at(90'000)));
        EXPECT_FALSE(again.settle(id(1), {0, real}, at(90'000)));
        EXPECT_EQ(counted_in(again, limits[0], at(90'000)), real);
        EXPECT_TRUE(again.verify());
    }
    store.reserve(id(1), limits, {100, 200}, 2000, at(0), {100, 30});
    store.expire(out, at(2000));
    store.expire(out, at(2000 + Table::kKeepLapsed + 1));
    EXPECT_FALSE(store.settle(id(1), {0, 7}, at(2000 + Table::kKeepLapsed + 2))) << "forgotten by now";
    EXPECT_EQ(store.stats().lapsed, 0u);
}

TEST(LimitStore, ALapsedReservationThatIsHeardOfLivesAgain) {
    Memory memory;
    Store store = memory.store();
    const Demand limits[] = {demand("team", 500, kHour)};
    Lapsed out[4];
    store.reserve(id(1), limits, {100, 200}, 2000, at(0), {100, 30});
    ASSERT_EQ(store.expire(out, at(2000)), 1u);
    EXPECT_EQ(counted_in(store, limits[0], at(2000)), 130);
    EXPECT_EQ(store.progress(id(1), limits, {100, 50}, 64, 2000, at(3000)), 64);
    EXPECT_EQ(counted_in(store, limits[0], at(3000)), 300) << "its reserve, and nothing twice";
    EXPECT_EQ(store.progress(id(1), limits, {100, 390}, 64, 2000, at(4000)), 10);
    EXPECT_EQ(store.expire(out, at(4999)), 0u);
    EXPECT_TRUE(store.settle(id(1), {100, 395}, at(5000)));
    EXPECT_EQ(counted_in(store, limits[0], at(5000)), 495);
    EXPECT_TRUE(store.verify());
}

TEST(LimitStore, ExpiresInSlices) {
    Memory memory;
    Store store = memory.store();
    const Demand limits[] = {demand("team", 100'000, kHour)};
    for (int i = 0; i < 10; i++) {
        store.reserve(id(i), limits, {10, 10}, kLease, at(i));
    }
    Lapsed out[4];
    EXPECT_EQ(store.expire(out, at(kLease + 9)), 4u);
    EXPECT_EQ(store.expire(out, at(kLease + 9)), 4u);
    EXPECT_EQ(store.expire(out, at(kLease + 9)), 2u);
    EXPECT_EQ(counted_in(store, limits[0], at(kLease + 9)), 0);
}

TEST(LimitStore, TheSameCounterTwiceInARequestIsChargedOnce) {
    Memory memory;
    Store store = memory.store();
    Demand limits[] = {demand("team", 1000, kHour), demand("team", 400, kHour)};
    EXPECT_EQ(store.reserve(id(1), limits, {100, 150}, kLease, at(0)).status, Status::Admitted);
    EXPECT_EQ(counted_in(store, limits[0], at(0)), 250);
    EXPECT_EQ(store.reserve(id(2), limits, {100, 150}, kLease, at(0)).refused, 1u) << "both limits hold";
    EXPECT_TRUE(store.verify());
}

TEST(LimitStore, HoldsAsManyDemandsAsPromised) {
    Memory memory;
    Store store = memory.store();
    std::vector<Demand> limits;
    for (size_t i = 0; i < kMaxHeld; i++) {
        limits.push_back(demand("t" + std::to_string(i), 1000, kHour));
    }
    for (size_t i = kMaxHeld; i < kMaxDemands; i++) {
        limits.push_back(demand("r" + std::to_string(i), 1000, kHour, Count::Requests));
    }
    EXPECT_EQ(store.reserve(id(1), limits, {1, 1}, kLease, at(0)).status, Status::Admitted);
    EXPECT_TRUE(store.settle(id(1), {1, 1}, at(0)));
    for (const Demand &limit : limits) {
        EXPECT_EQ(counted_in(store, limit, at(0)), limit.count == Count::Requests ? 1 : 2);
    }
    limits.back() = demand("one too many", 1000, kHour);
    EXPECT_EQ(store.reserve(id(2), limits, {1, 1}, kLease, at(0)).status, Status::Full);
    limits.push_back(demand("seventeen", 1000, kHour, Count::Requests));
    EXPECT_EQ(store.reserve(id(3), limits, {1, 1}, kLease, at(0)).status, Status::Full);
    EXPECT_TRUE(store.verify());
}

TEST(LimitStore, SaneCountsOnly) {
    Memory memory;
    Store store = memory.store();
    const Demand limits[] = {demand("team", 500, kHour)};
    EXPECT_EQ(store.reserve(id(1), limits, {-5, -5}, kLease, at(0)).status, Status::Admitted);
    store.settle(id(1), {-100, -100}, at(0));
    EXPECT_EQ(counted_in(store, limits[0], at(0)), 0);
    store.reserve(id(2), limits, {1, 1}, kLease, at(0));
    store.settle(id(2), {INT64_MAX, INT64_MAX}, at(0));
    EXPECT_EQ(counted_in(store, limits[0], at(0)), 2 * kMaxTokens);
}

TEST(LimitStore, ALimitOfNothingRefusesAll) {
    Memory memory;
    Store store = memory.store();
    const Demand limits[] = {demand("team", 0, kHour)};
    EXPECT_EQ(store.reserve(id(1), limits, {1, 1}, kLease, at(0)).status, Status::Never);
    const Demand requests[] = {demand("team", 0, kHour, Count::Requests)};
    EXPECT_EQ(store.reserve(id(2), requests, {1, 1}, kLease, at(0)).status, Status::Never);
}

}  // namespace
}  // namespace aigw::limits
