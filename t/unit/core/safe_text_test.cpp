#include "core/safe_text.h"

#include <gtest/gtest.h>

namespace aigw {
namespace {

TEST(SafeText, KeepsWhatIsHarmless) {
    EXPECT_EQ(safe_text("team-a/prod 100% \"x\" é"), "team-a/prod 100% \"x\" é");
    EXPECT_EQ(safe_text(""), "");
}

TEST(SafeText, EncodesEveryControlCharacter) {
    EXPECT_EQ(safe_text("a\r\nSet-Cookie: b"), "a%0D%0ASet-Cookie: b");
    EXPECT_EQ(safe_text(std::string_view("\0\x1f\x7f", 3)), "%00%1F%7F");
    for (int c = 0; c < 256; c++) {
        bool control = c < 0x20 || c == 0x7f;
        EXPECT_EQ(safe_text(std::string(1, static_cast<char>(c))).size(), control ? 3u : 1u) << c;
    }
}

TEST(SafeText, StopsAtItsLimit) {
    std::string whole(kMaxSafeText, 'x');
    EXPECT_EQ(safe_text(whole), whole);
    EXPECT_EQ(safe_text(whole + "y"), whole);
    EXPECT_EQ(safe_text(std::string(kMaxSafeText - 2, 'x') + "\n"), std::string(kMaxSafeText - 2, 'x'));
    EXPECT_EQ(safe_text(std::string(kMaxSafeText, '\n')).size(), kMaxSafeText / 3 * 3);
}

TEST(SafeText, CutsBetweenCharacters) {
    for (size_t shift = 0; shift < 4; shift++) {
        std::string head(kMaxSafeText - shift, 'x');
        std::string cut = safe_text(head + "\xf0\x9f\x98\x80");
        EXPECT_EQ(cut, head) << shift;
    }
    std::string fits(kMaxSafeText - 4, 'x');
    EXPECT_EQ(safe_text(fits + "\xf0\x9f\x98\x80" + "y"), fits + "\xf0\x9f\x98\x80");
}

TEST(SafeText, FindsAControlCharacterAnywhere) {
    EXPECT_FALSE(has_control(""));
    for (size_t size = 1; size <= 20; size++) {
        for (size_t at = 0; at < size; at++) {
            for (int c = 0; c < 256; c++) {
                std::string text(size, '\xe9');
                text[at] = static_cast<char>(c);
                EXPECT_EQ(has_control(text), c < 0x20 || c == 0x7f) << size << " " << at << " " << c;
            }
        }
    }
}

}  // namespace
}  // namespace aigw
