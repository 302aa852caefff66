#include "providers/mint_schedule.h"

#include <gtest/gtest.h>

namespace aigw::providers {
namespace {

constexpr Millis kNow = 1'700'000'000'000;

TEST(MintSchedule, BeginsWithNothing) {
    MintSchedule schedule;
    EXPECT_FALSE(schedule.usable(kNow));
    EXPECT_LE(schedule.due(), kNow);
}

TEST(MintSchedule, IsDueAheadOfTheEnd) {
    MintSchedule schedule;
    schedule.succeeded(kNow, kNow / 1000 + 3600, 0);
    EXPECT_EQ(schedule.due(), kNow + 3'300'000);
    EXPECT_TRUE(schedule.usable(kNow + 3'599'999));
    EXPECT_FALSE(schedule.usable(kNow + 3'600'000));
    // By chance a little earlier, never later.
    for (uint32_t random : {1u, 37'500u, 4'000'000'000u}) {
        schedule.succeeded(kNow, kNow / 1000 + 3600, random);
        EXPECT_LE(schedule.due(), kNow + 3'300'000);
        EXPECT_GE(schedule.due(), kNow + 3'300'000 - 37'500);
    }
}

TEST(MintSchedule, AShortLifeIsHalved) {
    MintSchedule schedule;
    schedule.succeeded(kNow, kNow / 1000 + 60, 0);
    EXPECT_EQ(schedule.due(), kNow + 30'000);
    schedule.succeeded(kNow, kNow / 1000 + 600, 0);
    EXPECT_EQ(schedule.due(), kNow + 300'000);
    schedule.succeeded(kNow, kNow / 1000, 0);  // none is left
    EXPECT_EQ(schedule.due(), kNow + MintSchedule::kLeastWait);
    EXPECT_FALSE(schedule.usable(kNow));
}

TEST(MintSchedule, FailuresMakePatient) {
    MintSchedule schedule;
    const Millis waits[] = {1'000, 2'000, 4'000, 8'000, 15'000, 15'000};
    for (Millis wait : waits) {
        MintSchedule other = schedule;
        schedule.failed(kNow, 0);
        EXPECT_EQ(schedule.due(), kNow + wait / 2);
        other.failed(kNow, static_cast<uint32_t>(wait / 2));
        EXPECT_EQ(other.due(), kNow + wait);
    }
    for (int i = 0; i < 100; i++) {
        schedule.failed(kNow, 0);
    }
    EXPECT_EQ(schedule.due(), kNow + 7'500);
    schedule.succeeded(kNow, kNow / 1000 + 3600, 0);
    EXPECT_EQ(schedule.failures(), 0);
    schedule.failed(kNow, 0);
    EXPECT_EQ(schedule.due(), kNow + 500);
}

TEST(MintSchedule, AFailureTakesNothingAway) {
    MintSchedule schedule;
    schedule.succeeded(kNow, kNow / 1000 + 10, 0);
    schedule.failed(kNow + 5'000, 0);
    EXPECT_TRUE(schedule.usable(kNow + 9'999));
    EXPECT_EQ(schedule.due(), kNow + 5'500);
    schedule.expedite(kNow + 5'001);
    EXPECT_EQ(schedule.due(), kNow + 5'001);
}

}  // namespace
}  // namespace aigw::providers
