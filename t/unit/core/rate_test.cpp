#include "core/rate.h"

#include <gtest/gtest.h>

namespace aigw {
namespace {

TEST(Rate, ReadsCountsAndWindows) {
    struct Case {
        const char *text;
        Rate rate;
    };
    const Case cases[] = {
        {"500/h", {500, 3'600'000}},       {"100k/m", {100'000, 60'000}},   {"2m/5m", {2'000'000, 300'000}},
        {"1/s", {1, 1000}},                {"0/d", {0, 86'400'000}},        {"10000/90s", {10'000, 90'000}},
        {"7/366d", {7, kMaxWindow}},       {"1000000000000000/s", {kMaxLimit, 1000}},
        {"1000000000m/s", {kMaxLimit, 1000}},
    };
    for (const Case &c : cases) {
        auto rate = parse_rate(c.text);
        ASSERT_TRUE(rate) << c.text;
        EXPECT_EQ(*rate, c.rate) << c.text;
    }
}

TEST(Rate, RefusesWhatIsNoRate) {
    for (const char *text : {"", "/", "500", "500/", "/h", "k/h", "-1/h", "+1/h", "1.5k/h", "500/w", "500/month", "500/0s",
                             "500/h ", " 500/h", "500/1", "500/hh", "5 0/h", "0x10/h", "500K/h", "500/H", "1/2/h",
                             "1000000000000001/s", "1000000001m/s", "7/367d", "7/99999999999999999999d",
                             "99999999999999999999/s", "off/h"}) {
        EXPECT_FALSE(parse_rate(text)) << text;
    }
}

TEST(Rate, SaysWhatIsWrong) {
    EXPECT_EQ(parse_rate("500").error(), "invalid limit \"500\": expected N/WINDOW, as 100k/m");
    EXPECT_EQ(parse_rate("1001000000m/h").error(), "invalid count \"1001000000m\": it is above 10^15");
    EXPECT_EQ(parse_rate("x/h").error(),
              "invalid count \"x\": expected a number of at most 10^15, with k or m for thousands or millions");
    EXPECT_EQ(parse_rate("5/y").error(), "invalid window \"y\": expected s, m, h or d, or a number with one of them");
    EXPECT_EQ(parse_rate("5/400d").error(), "invalid window \"400d\": it is longer than 366d");
}

TEST(Rate, WritesWindowsShort) {
    for (const char *text : {"s", "m", "h", "d", "5m", "90s", "36h", "7d"}) {
        EXPECT_EQ(window_text(*parse_window(text)), text);
    }
    EXPECT_EQ(window_text(*parse_window("60s")), "m");
    EXPECT_EQ(window_text(1500), "1500ms");
}

}  // namespace
}  // namespace aigw
