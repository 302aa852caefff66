#include "identity/identity.h"

#include <gtest/gtest.h>

namespace aigw::identity {
namespace {

TEST(Identity, PatternMatchesExactlyOrByItsBeginning) {
    EXPECT_TRUE(matches_pattern("gpt", "gpt"));
    EXPECT_FALSE(matches_pattern("gpt", "gpt-4"));
    EXPECT_TRUE(matches_pattern("gpt*", "gpt"));
    EXPECT_TRUE(matches_pattern("gpt*", "gpt-4"));
    EXPECT_FALSE(matches_pattern("gpt-*", "gpt"));
    EXPECT_TRUE(matches_pattern("*", ""));
    EXPECT_FALSE(matches_pattern("", "gpt"));
}

TEST(Identity, NoModelsMeansAll) {
    Identity identity;
    EXPECT_TRUE(identity.allows_model("anything"));
    identity.models = {"a", "b/*"};
    EXPECT_TRUE(identity.allows_model("a"));
    EXPECT_TRUE(identity.allows_model("b/c"));
    EXPECT_FALSE(identity.allows_model("ab"));
    EXPECT_FALSE(identity.allows_model(""));
}

}  // namespace
}  // namespace aigw::identity
