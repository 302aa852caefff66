#include "limits/quota_command.h"

#include <gtest/gtest.h>

#include "core/digest.h"
#include "limits/quota_script.h"
#include "memory.h"

namespace aigw::limits {
namespace {

const QuotaKeys kKeys{"h", "l"};

Command tail(const Command &command) { return command.tail(5); }

TEST(QuotaCommand, KeysShareAHashTagAndTellNothing) {
    QuotaKeys keys = quota_keys("aigw", "team-secret");
    EXPECT_TRUE(keys.hash.starts_with("aigw:limits:1:{"));
    EXPECT_EQ(keys.leases, keys.hash + ":leases");
    EXPECT_EQ(keys.hash.find("secret"), std::string::npos);
    EXPECT_NE(keys.hash, quota_keys("aigw", "team-other").hash);
    EXPECT_EQ(keys.hash.size(), std::string("aigw:limits:1:{}").size() + 32);
}

TEST(QuotaCommand, WritesAReserve) {
    Demand limits[] = {demand("a", 500, 60'000), demand("r", 10, 1000, Count::Requests), demand("o", 50, 1000, Count::Output)};
    limits[0].clamp = true;
    limits[1].dry_run = true;
    Command command = reserve_command(kKeys, id(1), limits, {100, 60}, 2000, {3, 4});
    for (size_t i = 0; std::string_view word : {"EVALSHA", quota_script_sha1().c_str(), "2", "h", "l"}) {
        EXPECT_EQ(command[i++], word);
    }
    EXPECT_EQ(tail(command), (Command{"reserve", "0", hex_encode(id(1)), "2000", "3", "4",                       //
                                      hex_encode(limits[0].key), "60000", "500", "160", "101", "0", "1",         //
                                      hex_encode(limits[1].key), "1000", "10", "1", "1", "3", "2",               //
                                      hex_encode(limits[2].key), "1000", "50", "50", "1", "2", "0"}));
}

TEST(QuotaCommand, WritesProgressAndSettle) {
    Demand limits[] = {demand("a", 500, 60'000), demand("a", 400, 60'000)};
    EXPECT_EQ(tail(progress_command(kKeys, id(1), limits, {-5, 6}, 64, 2000)),
              (Command{"progress", "0", hex_encode(id(1)), "2000", "0", "6", "64", hex_encode(limits[0].key), "500", "0",
                       hex_encode(limits[0].key), "400", "0"}));
    EXPECT_EQ(tail(settle_command(kKeys, id(1), limits, {5, 6}, 2000, 77)),
              (Command{"settle", "0", hex_encode(id(1)), "2000", "5", "6", "77", hex_encode(limits[0].key), "60000", "0"}))
        << "one counter once";
    EXPECT_EQ(tail(release_command(kKeys, id(1), 2000)), (Command{"release", "0", hex_encode(id(1)), "2000", "0", "0"}));
}

TEST(QuotaCommand, FallsBackToTheWholeScript) {
    Command command = as_eval(reserve_command(kKeys, id(1), {}, {}, 1));
    EXPECT_EQ(command[0], "EVAL");
    EXPECT_EQ(command[1], quota_script());
    EXPECT_EQ(quota_script_sha1().size(), 40u);
}

TEST(QuotaCommand, ReadsAReserve) {
    const Demand limits[] = {demand("a", 500, 60'000), demand("b", 900, 60'000)};
    const int64_t reply[] = {0, 0, 0, 1234567890123456, 0, 200, 64'000, 160, 0, 740, 64'000, 160, 0};
    auto got = read_reserve(reply, limits, {100, 60});
    ASSERT_TRUE(got);
    EXPECT_EQ(got->decision.status, Status::Admitted);
    EXPECT_EQ(got->epoch, 1234567890123456);
    EXPECT_EQ(got->decision.covered, 60);
    EXPECT_EQ(got->decision.standings[0].limit, 500);
    EXPECT_EQ(got->decision.standings[0].remaining, 200);
    EXPECT_EQ(got->decision.standings[1].reset, 64'000);
    const int64_t refused[] = {1, 1, 5000, 7, 1, 0, 1, 160, 1, 0, 1, 160, 1};
    got = read_reserve(refused, limits, {100, 60});
    ASSERT_TRUE(got);
    EXPECT_EQ(got->decision.status, Status::Refused);
    EXPECT_EQ(got->decision.refused, 1u);
    EXPECT_EQ(got->decision.retry_after, 5000);
    EXPECT_TRUE(got->decision.dry_run_over);
}

TEST(QuotaCommand, RefusesOtherReplies) {
    const Demand limits[] = {demand("a", 500, 60'000)};
    const std::vector<int64_t> good = {0, 0, 0, 1, 0, 200, 1, 160, 0};
    EXPECT_TRUE(read_reserve(good, limits, {}));
    for (size_t size = 0; size < good.size(); size++) {
        EXPECT_FALSE(read_reserve(std::span(good).first(size), limits, {}));
    }
    auto with = [&](size_t i, int64_t value) {
        std::vector<int64_t> bad = good;
        bad[i] = value;
        return bad;
    };
    EXPECT_FALSE(read_reserve(with(0, 3), limits, {}));
    EXPECT_FALSE(read_reserve(with(0, -1), limits, {}));
    EXPECT_FALSE(read_reserve(with(1, 1), limits, {}));
    EXPECT_EQ(read_reserve(with(5, -9), limits, {})->decision.standings[0].remaining, 0);
    EXPECT_EQ(*read_progress(std::vector<int64_t>{5, 1}), 5);
    EXPECT_FALSE(read_progress(std::vector<int64_t>{5}));
    EXPECT_FALSE(read_progress(std::vector<int64_t>{-1, 1}));
    EXPECT_EQ(*read_settle(std::vector<int64_t>{2, 1}), Settled::Anew);
    EXPECT_FALSE(read_settle(std::vector<int64_t>{3, 1}));
    EXPECT_FALSE(read_settle({}));
}

TEST(QuotaCommand, FitsWhatAStoreWouldHold) {
    std::vector<Demand> limits;
    for (size_t i = 0; i < kMaxHeld; i++) {
        limits.push_back(demand("t" + std::to_string(i), 1, 1000));
    }
    EXPECT_TRUE(fits(limits));
    limits.push_back(limits[0]);
    EXPECT_TRUE(fits(limits)) << "the same counter";
    limits.push_back(demand("more", 1, 1000));
    EXPECT_FALSE(fits(limits));
    limits.assign(kMaxDemands + 1, demand("r", 1, 1000, Count::Requests));
    EXPECT_FALSE(fits(limits));
}

}  // namespace
}  // namespace aigw::limits
