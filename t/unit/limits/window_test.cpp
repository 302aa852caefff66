#include "limits/window.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace aigw::limits {
namespace {

constexpr Millis kNow = 1'790'000'000'123;

void charge(Window &window, Tokens tokens) {
    running_slice(window) = add_saturating(running_slice(window), tokens);
}

struct Charge {
    Millis time;
    Tokens tokens;
};

Tokens exact(const std::vector<Charge> &charges, Millis from, Millis to) {
    Tokens sum = 0;
    for (const Charge &c : charges) {
        sum += c.time > from && c.time <= to ? c.tokens : 0;
    }
    return sum;
}

// The promise: never less than the exact sliding window, never more than the window and one slice.
TEST(Window, IsBetweenTheExactWindowAndOneSliceMore) {
    std::mt19937 random(7);
    for (Millis length : {Millis(1000), Millis(1001), Millis(60'000), Millis(300'000), Millis(86'400'000), Millis(7)}) {
        Window window;
        start(window, length, kNow);
        std::vector<Charge> charges;
        Millis now = kNow;
        for (int i = 0; i < 3000; i++) {
            now += Millis(random() % (i % 100 == 0 ? length * 2 : length / 10 + 1));
            advance(window, now);
            Tokens sum = charged(window);
            ASSERT_GE(sum, exact(charges, now - length, now)) << length << " " << i;
            ASSERT_LE(sum, exact(charges, now - kRing * slice_length(length), now)) << length << " " << i;
            charges.push_back({now, Tokens(random() % 1000)});
            charge(window, charges.back().tokens);
        }
    }
}

TEST(Window, SlicesTogetherAreNotShorterThanTheWindow) {
    for (Millis length = 1; length < 2000; length++) {
        EXPECT_GE(slice_length(length) * kSlices, length);
        EXPECT_LT(slice_length(length) * kSlices, length + kSlices);
    }
}

TEST(Window, WaitingUntilFreeFreesThatMuch) {
    std::mt19937 random(11);
    for (Millis length : {Millis(1000), Millis(3'600'000)}) {
        Window window;
        start(window, length, kNow);
        Millis now = kNow;
        for (int i = 0; i < 500; i++) {
            now += Millis(random() % (length / 5));
            advance(window, now);
            charge(window, Tokens(random() % 50));
            Tokens sum = charged(window), need = Tokens(random() % 400);
            Millis wait = until_free(window, need, now);
            Window later = window;
            advance(later, now + wait);
            ASSERT_LE(charged(later), std::max<Tokens>(sum - need, 0));
            if (wait > 1 && need > 0 && sum >= need) {
                later = window;
                advance(later, now + wait - 1);
                ASSERT_GT(charged(later), sum - need) << "a millisecond earlier was too early";
            }
            later = window;
            advance(later, now + until_empty(window, now));
            ASSERT_EQ(charged(later), 0);
        }
    }
}

TEST(Window, EmptyNeedsNoWaiting) {
    Window window;
    start(window, 60'000, kNow);
    EXPECT_EQ(until_free(window, 10, kNow), 0);
    EXPECT_EQ(until_empty(window, kNow), 0);
    window.held = 5;
    EXPECT_EQ(counted(window), 5);
    EXPECT_GT(until_empty(window, kNow), 60'000 - 1);
    EXPECT_LE(until_empty(window, kNow), 64'000);
}

TEST(Window, SmallStepsBackAreIgnored) {
    Window window;
    start(window, 1000, kNow);
    charge(window, 5);
    int64_t newest = window.newest;
    advance(window, kNow - kClockTolerance + 100);
    EXPECT_EQ(window.newest, newest);
    EXPECT_EQ(charged(window), 5);
}

TEST(Window, LargeStepsBackKeepTheDistance) {
    for (Millis back : {Millis(3'600'000), Millis(86'400'000), kNow - 1000, kNow}) {
        Window window;
        start(window, 60'000, kNow - 30'000);
        charge(window, 7);
        advance(window, kNow);
        charge(window, 5);
        advance(window, kNow - back);
        if (kNow - back > 60'000) {
            EXPECT_EQ(charged(window), 12) << back;
            advance(window, kNow - back + 40'000);
            EXPECT_EQ(charged(window), 5) << back;
        }
        advance(window, kNow - back + 70'000);
        EXPECT_EQ(charged(window), 0) << back << ": no lock-out";
    }
}

TEST(Window, StepsForwardEmptyItOnce) {
    Window window;
    start(window, 60'000, kNow);
    charge(window, 7);
    advance(window, kNow + 86'400'000);
    EXPECT_EQ(charged(window), 0);
    charge(window, 3);
    advance(window, kNow);
    EXPECT_EQ(charged(window), 3);
}

TEST(Window, FindsTheSliceOfATime) {
    Window window;
    start(window, 15'000, kNow);
    charge(window, 7);
    advance(window, kNow + 15'000);
    ASSERT_NE(slice_of(window, kNow), nullptr);
    EXPECT_EQ(*slice_of(window, kNow), 7);
    advance(window, kNow + 16'000);
    EXPECT_EQ(slice_of(window, kNow), nullptr);
    EXPECT_EQ(slice_of(window, kNow + 18'000), nullptr);
}

TEST(Window, Saturates) {
    Window window;
    start(window, 1000, kNow);
    for (int i = 0; i < 20; i++) {
        advance(window, kNow + i * 67);
        charge(window, kMaxCount);
    }
    EXPECT_EQ(charged(window), kMaxCount);
    window.held = kMaxCount;
    EXPECT_EQ(counted(window), kMaxCount);
}

}  // namespace
}  // namespace aigw::limits
