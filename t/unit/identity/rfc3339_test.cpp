#include "identity/rfc3339.h"

#include <gtest/gtest.h>

namespace aigw::identity {
namespace {

TEST(Rfc3339, ReadsTimes) {
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), 0);
    EXPECT_EQ(parse_rfc3339("2027-01-01T00:00:00Z"), 1798761600);
    EXPECT_EQ(parse_rfc3339("2024-02-29t23:59:59z"), 1709251199);
    EXPECT_EQ(parse_rfc3339("2027-01-01T02:00:00+02:00"), 1798761600);
    EXPECT_EQ(parse_rfc3339("2026-12-31T18:30:00-05:30"), 1798761600);
    EXPECT_EQ(parse_rfc3339("2027-01-01T00:00:00.999Z"), 1798761600);
    EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), 1483228800);
    EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59Z"), -1);
    EXPECT_EQ(parse_rfc3339("9999-12-31T23:59:59Z"), 253402300799);
}

TEST(Rfc3339, RefusesWhatIsNone) {
    for (const char *text :
         {"", "2027", "2027-01-01", "2027-01-01T00:00:00", "2027-01-01 00:00:00Z", "2027-13-01T00:00:00Z",
          "2027-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2027-01-01T24:00:00Z", "2027-01-01T00:60:00Z",
          "2027-01-01T00:00:61Z", "2027-01-01T00:00:00.Z", "2027-01-01T00:00:00+0200", "2027-01-01T00:00:00+24:00",
          "2027-01-01T00:00:00ZZ", "2027/01/01T00:00:00Z", "+027-01-01T00:00:00Z", "2027-01-00T00:00:00Z",
          "0000-01-01T00:00:00Z", "1798761600"}) {
        EXPECT_FALSE(parse_rfc3339(text)) << text;
    }
}

TEST(Rfc3339, EveryCutIsRefused) {
    std::string_view whole = "2027-01-01T00:00:00.5+01:00";
    ASSERT_TRUE(parse_rfc3339(whole));
    for (size_t n = 0; n < whole.size(); n++) {
        EXPECT_FALSE(parse_rfc3339(whole.substr(0, n))) << n;
    }
}

}  // namespace
}  // namespace aigw::identity
