// Random interleavings of everything, against the list of what happened.
#include <gtest/gtest.h>

#include <random>

#include "memory.h"
#include "model.h"

namespace aigw::limits {
namespace {

struct Walk {
    explicit Walk(uint32_t seed) : random(seed) {
        const Millis windows[] = {1000, 60'000, 3'600'000};
        for (int i = 0; i < 6; i++) {
            Demand d = demand("limit" + std::to_string(i), 200 + Tokens(pick(2000)), windows[pick(3)], Count(pick(4)));
            if (d.count == Count::Requests) {
                d.limit = 1 + Tokens(pick(20));
            }
            d.clamp = pick(4) == 0;
            d.dry_run = pick(5) == 0;
            limits.push_back(d);
        }
    }

    uint32_t pick(uint32_t n) { return uint32_t(random() % n); }

    std::vector<Demand> some_limits() {
        std::vector<Demand> some;
        for (const Demand &limit : limits) {
            if (pick(2) == 0) {
                some.push_back(limit);
            }
        }
        return some;
    }

    Spent spend() { return {Tokens(pick(150)), Tokens(pick(200))}; }

    void reserve() {
        std::vector<Demand> some = some_limits();
        Expected expected{Tokens(pick(100)), Tokens(pick(300))};
        Key key = id(int(pick(20) == 0 ? pick(uint32_t(next + 1)) : uint32_t(next++)));
        Millis lease = 2000;
        bool fresh = !model.knows(key);
        Decision got = store.reserve(key, some, expected, lease, now);
        Model::Result want = model.reserve(key, some, expected, lease, now);
        ASSERT_EQ(got.status, want.status);
        if (fresh) {
            demands[key] = some;
        }
        for (size_t i = 0; i < some.size() && got.status == Status::Admitted; i++) {
            ASSERT_EQ(got.standings[i].remaining, want.remaining[i]) << i;
        }
    }

    Key old() { return id(int(pick(uint32_t(next + 1)))); }

    void step() {
        switch (pick(8)) {
        case 0:
        case 1:
        case 2:
            return reserve();
        case 3:
        case 4: {
            Key key = old();
            Spent spent = spend();
            ASSERT_EQ(store.settle(key, spent, now), model.settle(key, spent, now));
            return;
        }
        case 5: {
            Key key = old();
            Spent spent = spend();
            Tokens ahead = Tokens(pick(100));
            ASSERT_EQ(store.progress(key, demands[key], spent, ahead, 2000, now),
                      model.progress(key, spent, ahead, 2000, now));
            return;
        }
        case 6: {
            Lapsed out[64];
            ASSERT_EQ(store.expire(out, now), model.expire(now));
            return;
        }
        default:
            Millis passed = Millis(pick(pick(50) == 0 ? 100'000 : 700));
            now.unix_ms += passed;
            now.monotonic += passed;
        }
    }

    void compare() {
        for (const Demand &limit : limits) {
            ASSERT_EQ(counted_in(store, limit, now), model.counted(limit, now));
        }
        ASSERT_EQ(store.stats().reservations, model.live());
    }

    std::mt19937 random;
    Memory memory;
    Store store = memory.store();
    Model model;
    std::vector<Demand> limits;
    std::map<Key, std::vector<Demand>> demands;
    Now now = at(0);
    int next = 0;
};

TEST(LimitStoreModel, RandomInterleavings) {
    for (uint32_t seed = 1; seed <= 60; seed++) {
        Walk run(seed);
        for (int i = 0; i < 400; i++) {
            run.step();
            run.compare();
            ASSERT_FALSE(testing::Test::HasFatalFailure()) << "seed " << seed << ", step " << i;
        }
        ASSERT_TRUE(run.store.verify()) << "seed " << seed;
    }
}

}  // namespace
}  // namespace aigw::limits
