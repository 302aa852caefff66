#include "guards/words.h"

#include <gtest/gtest.h>

#include "guards/support.h"

using namespace aigw::guards;
using namespace aigw::guards::test;

namespace {

std::string masked(std::string_view list, std::string_view text) {
    return run_all_ways(rules({"both mask words=FILE replace=##"}, list), text).text;
}

}  // namespace

TEST(Words, WholeWordsInAnyCase) {
    std::string_view list = "# code names\nfalcon\n  Blue Heron \r\nX-15\n";
    EXPECT_EQ(masked(list, "Project FALCON, falcons, afalcon, falcon_1, falcon-like"), "Project ##, falcons, afalcon, falcon_1, ##-like");
    EXPECT_EQ(masked(list, "blue heron, BLUE\nHERON, blue  heron, bluest heron"), "##, ##, blue  heron, bluest heron");
    EXPECT_EQ(masked(list, "the X-15. x-151 ax-15"), "the ##. x-151 ax-15");
}

TEST(Words, TheLongestWins) {
    EXPECT_EQ(masked("new\nnew york\nnew york city\n", "New York Citys are new york city, New Yorkers new"), "## Citys are ##, ## Yorkers ##");
}

TEST(Words, LettersBeyondAscii) {
    EXPECT_EQ(masked("Müller\nПетров\nΣίγμα\n", "MÜLLER, müllers, ПЕТРОВ, Петрова, ΣίΓΜΑ"), "##, müllers, ##, Петрова, ##");
    EXPECT_EQ(masked("机密\n", "这是机密项目"), "这是##项目");
    EXPECT_EQ(masked("Čapek\nŁódź\n", "ČAPEK łÓDŹ"), "## ##");
}

TEST(Words, Limits) {
    std::string longest(Words::kMaxWord, 'w');
    EXPECT_TRUE(Words::parse(longest));
    EXPECT_EQ(Words::parse("a\n" + longest + "w").error(), "line 2 is over 256 bytes");
    EXPECT_EQ(Words::parse(std::string(Words::kMaxText + 1, '\n')).error(), "over 16 MB");
    EXPECT_EQ((*Words::parse("\xEF\xBB\xBF" "a\nA\nb\n"))->size(), 2u);
}

TEST(Words, ALongListIsSearchedAsFast) {
    std::string list;
    for (int i = 0; i < 50000; ++i) list += "codename" + std::to_string(i) + "\n";
    EXPECT_EQ(masked(list, "codename49999 codename50000 xcodename1 Codename7."), "## codename50000 xcodename1 ##.");
}
