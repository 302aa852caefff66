// A process may be killed at any instruction. Here every call runs in single steps, and each state that its memory was
// in is repaired and looked at: what counts is as before the call or as after it, never anything else.
#if defined(__x86_64__)
#include <gtest/gtest.h>
#include <signal.h>

#include <cstring>
#include <functional>

#include "memory.h"

namespace aigw::limits {
namespace {

constexpr Millis kHour = 3'600'000;
constexpr size_t kStates = 4000;

// Written in the signal handler.
struct Steps {
    const char *memory;
    size_t bytes;
    std::vector<char> states;  // one behind the other
    size_t count;
    bool overflow;
};
Steps *steps = nullptr;

void on_step(int) {
    const char *last = steps->states.data() + (steps->count - 1) * steps->bytes;
    if (std::memcmp(last, steps->memory, steps->bytes) == 0) {
        return;
    }
    if (steps->count == kStates) {
        steps->overflow = true;
        return;
    }
    std::memcpy(steps->states.data() + steps->count++ * steps->bytes, steps->memory, steps->bytes);
}

// The processor's trap flag.
__attribute__((noinline)) void trap(bool on) {
    if (on) {
        asm volatile("lea -128(%%rsp),%%rsp; pushfq; orq $0x100,(%%rsp); popfq; lea 128(%%rsp),%%rsp" ::: "memory", "cc");
    } else {
        asm volatile("lea -128(%%rsp),%%rsp; pushfq; andq $~0x100,(%%rsp); popfq; lea 128(%%rsp),%%rsp" ::: "memory", "cc");
    }
}

class LimitStoreCrash : public testing::Test {
protected:
    // Runs `call`, then `look` on each state that the memory was in meanwhile, repaired and with all leases over.
    void each_state(const std::function<void(Store)> &call, const std::function<void(Store)> &look) {
        Steps mine{static_cast<char *>(memory.data()), memory.bytes(), std::vector<char>(kStates * memory.bytes()), 1, false};
        std::memcpy(mine.states.data(), memory.data(), memory.bytes());
        steps = &mine;
        struct sigaction action{}, before{};
        action.sa_handler = on_step;
        sigaction(SIGTRAP, &action, &before);
        Store store = memory.store();
        trap(true);
        call(store);
        trap(false);
        sigaction(SIGTRAP, &before, nullptr);
        ASSERT_FALSE(mine.overflow);
        ASSERT_GT(mine.count, 10u) << "the steps were seen";
        for (size_t i = 0; i < mine.count; i++) {
            std::vector<uint64_t> copy((memory.bytes() + 7) / 8);
            std::memcpy(copy.data(), mine.states.data() + i * memory.bytes(), memory.bytes());
            Store dead(copy.data());
            Lapsed out[16];
            dead.expire(out, {at(10).unix_ms, at(10 * kLease).monotonic});
            ASSERT_TRUE(dead.verify()) << "state " << i;
            look(dead);
            ASSERT_FALSE(HasFatalFailure()) << "state " << i;
        }
    }

    static void one_of(Tokens counted, std::initializer_list<Tokens> values) {
        for (Tokens value : values) {
            if (counted == value) {
                return;
            }
        }
        FAIL() << counted;
    }

    Memory memory{Store::least_bytes()};
    const Demand limits[4] = {demand("a", 5000, kHour), demand("b", 9000, 60'000, Count::Output),
                              demand("c", 9000, kHour, Count::Input), demand("r", 100, kHour, Count::Requests)};
};

TEST_F(LimitStoreCrash, Reserve) {
    memory.store().reserve(id(1), limits, {10, 10}, kLease, at(0), {10, 1});
    each_state([&](Store store) { store.reserve(id(2), limits, {20, 20}, kLease, at(5), {20, 3}); },
               [&](Store dead) {
                   one_of(counted_in(dead, limits[0], at(10)), {11, 34});
                   one_of(counted_in(dead, limits[1], at(10)), {1, 4});
                   one_of(counted_in(dead, limits[3], at(10)), {1, 2});
               });
}

TEST_F(LimitStoreCrash, ReserveThatEvicts) {
    for (int i = 0; i < 100; i++) {
        const Demand one[] = {demand("u" + std::to_string(i), 100, kHour)};
        memory.store().reserve(id(i), one, {1, 1}, kLease, at(0));
        memory.store().settle(id(i), {i % 2, 0}, at(0));
    }
    each_state([&](Store store) { store.reserve(id(1000), limits, {20, 20}, kLease, at(5), {20, 3}); },
               [&](Store dead) { one_of(counted_in(dead, limits[0], at(10)), {0, 23}); });
}

TEST_F(LimitStoreCrash, Settle) {
    memory.store().reserve(id(1), limits, {10, 10}, kLease, at(0), {10, 1});
    memory.store().reserve(id(2), limits, {10, 10}, kLease, at(0), {10, 2});
    each_state([&](Store store) { store.settle(id(1), {100, 50}, at(5)); },
               [&](Store dead) {
                   one_of(counted_in(dead, limits[0], at(10)), {11 + 12, 150 + 12});
                   one_of(counted_in(dead, limits[1], at(10)), {1 + 2, 50 + 2});
                   one_of(counted_in(dead, limits[2], at(10)), {20, 110});
               });
}

TEST_F(LimitStoreCrash, SettleAcrossSlices) {
    memory.store().reserve(id(1), limits, {10, 10}, kLease, at(0));
    memory.store().settle(id(1), {7, 7}, at(0));
    memory.store().reserve(id(2), limits, {10, 10}, kLease, at(30'000));
    each_state([&](Store store) { store.settle(id(2), {100, 50}, at(40'000)); },
               [&](Store dead) { one_of(counted_in(dead, limits[0], at(40'000)), {14, 164}); });
}

TEST_F(LimitStoreCrash, Progress) {
    memory.store().reserve(id(1), limits, {10, 10}, kLease, at(0), {10, 1});
    each_state([&](Store store) { store.progress(id(1), limits, {10, 40}, 10, kLease, at(5)); },
               [&](Store dead) { one_of(counted_in(dead, limits[0], at(10)), {11, 50}); });
}

TEST_F(LimitStoreCrash, Expire) {
    memory.store().reserve(id(1), limits, {10, 10}, kLease, at(0), {10, 1});
    memory.store().reserve(id(2), limits, {10, 10}, kLease, at(0), {10, 2});
    each_state(
        [&](Store store) {
            Lapsed out[2];
            store.expire(out, at(kLease));
        },
        [&](Store dead) { one_of(counted_in(dead, limits[0], at(10)), {23}); });
}

TEST_F(LimitStoreCrash, LateSettle) {
    memory.store().reserve(id(1), limits, {10, 10}, kLease, at(0), {10, 1});
    Lapsed out[2];
    memory.store().expire(out, at(kLease));
    each_state([&](Store store) { store.settle(id(1), {100, 50}, at(kLease + 5)); },
               [&](Store dead) {
                   one_of(counted_in(dead, limits[0], at(kLease + 10)), {11, 150});
                   one_of(counted_in(dead, limits[2], at(kLease + 10)), {10, 100});
               });
}

}  // namespace
}  // namespace aigw::limits
#endif
