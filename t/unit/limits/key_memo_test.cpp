#include "limits/key_memo.h"

#include <gtest/gtest.h>

#include <string>

namespace aigw::limits {
namespace {

TEST(KeyMemo, IsMakeKey) {
    KeyMemo memo;
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 3000; ++i) {  // more than there are slots
            std::string user = "user-" + std::to_string(i);
            EXPECT_EQ(memo.key({"counter", "name", "1h", user}), make_key({"counter", "name", "1h", user}));
        }
    }
}

TEST(KeyMemo, TellsPartsApart) {
    KeyMemo memo;
    EXPECT_NE(memo.key({"ab", "c"}), memo.key({"a", "bc"}));
    EXPECT_NE(memo.key({"a"}), memo.key({"a", ""}));
    EXPECT_EQ(memo.key({}), make_key({}));
}

TEST(KeyMemo, LongPartsAreMadeEachTime) {
    KeyMemo memo;
    for (size_t size = KeyMemo::kMaxPacked - 8; size <= KeyMemo::kMaxPacked + 8; ++size) {
        std::string one(size, 'a'), other = one;
        other.back() = 'b';
        EXPECT_EQ(memo.key({one}), make_key({one}));
        EXPECT_EQ(memo.key({other}), make_key({other}));
        EXPECT_EQ(memo.key({one}), make_key({one}));
    }
}

}  // namespace
}  // namespace aigw::limits
