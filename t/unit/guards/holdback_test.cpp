// What guarding does to a stream of clean text: which pieces wait, how much is held, that borders stay where they were.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "guards/support.h"
#include "source_dir.h"

using namespace aigw::guards;
using namespace aigw::guards::test;

namespace {

std::string prose() {
    std::ifstream file(AIGW_SOURCE_DIR "/t/unit/guards/clean_prose.txt", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

bool is_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80; }

// As tokenizers cut: a word with the space before it, signs by themselves; or a word with what follows it.
std::vector<std::string_view> tokens(std::string_view text, bool space_first) {
    std::vector<std::string_view> out;
    size_t begin = 0;
    for (size_t i = 1; i <= text.size(); ++i) {
        bool letter = i < text.size() && is_letter(text[i]), last = is_letter(text[i - 1]);
        bool border = space_first ? (letter ? !last && text[i - 1] != ' ' : last || text[i] == ' ') : letter && !last;
        if (i == text.size() || border) {
            out.push_back(text.substr(begin, i - begin));
            begin = i;
        }
    }
    return out;
}

struct Figures {
    double at_once;  // share of events after which nothing is held
    double borders;  // share of events i that end where event i of the provider ends
    size_t p99, most;
};

Figures measure(std::string_view kinds, const std::vector<std::string_view> &pieces, const char *cut_as) {
    Kept kept = run_kept(rules({"both mask " + std::string(kinds)}), pieces);
    size_t same = 0, in = 0, out = 0;
    for (size_t i = 0; i < pieces.size(); ++i) {
        in += pieces[i].size();
        out += i < kept.pieces.size() ? kept.pieces[i].size() : 0;
        same += i < kept.pieces.size() && in == out;
    }
    std::sort(kept.held.begin(), kept.held.end());
    auto events = static_cast<double>(pieces.size());
    Figures out_figures{static_cast<double>(kept.at_once) / events, static_cast<double>(same) / events, kept.held[pieces.size() * 99 / 100], kept.held.back()};
    std::printf("%-45s %-12s events %zu, at once %.2f %%, borders %.2f %%, held p99 %zu, most %zu\n", std::string(kinds).c_str(), cut_as,
                pieces.size(), 100 * out_figures.at_once, 100 * out_figures.borders, out_figures.p99, out_figures.most);
    return out_figures;
}

constexpr std::string_view kAll = "email phone ssn credit_card iban ip secret", kNoEmail = "phone ssn credit_card iban ip secret";

}  // namespace

TEST(HoldBack, CleanTextKeepsItsBorders) {
    std::string text = prose();
    for (std::string_view kinds : {kAll, kNoEmail, std::string_view("email")}) {
        EXPECT_GE(measure(kinds, tokens(text, true), "\" word\"").borders, 0.99) << kinds;
        EXPECT_GE(measure(kinds, tokens(text, false), "\"word \"").borders, 0.99) << kinds;
    }
}

TEST(HoldBack, WithoutSuspicionThereIsNoDelay) {
    std::string text = prose();
    for (bool space_first : {false, true}) {
        Figures figures = measure(kNoEmail, tokens(text, space_first), space_first ? "\" word\"" : "\"word \"");
        EXPECT_GE(figures.at_once, 0.98);
        EXPECT_LE(figures.p99, 8u);
    }
    Figures figures = measure(kAll, tokens(text, false), "\"word \"");
    EXPECT_GE(figures.at_once, 0.98);
    EXPECT_LE(figures.p99, 8u);
    for (std::string_view pattern : {"regex=PRJ-\\d{4}", "regex=(?i)\\bfalcon\\b"}) {
        EXPECT_GE(measure(pattern, tokens(text, true), "\" word\"").at_once, 0.99);
    }
}

// A word may be the beginning of an address until something else follows: it waits for the next piece, no longer.
TEST(HoldBack, WithEmailAWordWaitsForTheNextPiece) {
    std::string text = prose();
    std::vector<std::string_view> pieces = tokens(text, true);
    EXPECT_LE(measure("email", pieces, "\" word\"").p99, 16u);
    Kept kept = run_kept(rules({"both mask email"}), {"So", " Jane", " went", " home", ".", " Then"});
    EXPECT_EQ(kept.pieces, (std::vector<std::string>{"So", " Jane", " went", " home", ".", " Then"}));
    EXPECT_EQ(kept.held, (std::vector<size_t>{2, 5, 5, 5, 6, 5}));
}

TEST(HoldBack, AValueInsideLeavesTheOtherBorders) {
    Kept kept = run_kept(rules({"both mask email"}), {"Mail", " jane", ".doe", "@exam", "ple.com", " or", " not", ". "});
    EXPECT_EQ(kept.pieces, (std::vector<std::string>{"Mail", " [EMAIL]", " or", " not", ". "}));
}

TEST(HoldBack, ALongPieceGoesAheadOfItsEnd) {
    std::string_view first = "a piece with far more than so many safe bytes in it, then jane";
    Kept kept = run_kept(rules({"both mask email"}), {first, " goes. "});
    EXPECT_EQ(kept.pieces, (std::vector<std::string>{std::string(first.substr(0, first.size() - 4)), "jane goes. "}));
    std::string_view shorter = "a piece with few bytes, then jane";
    kept = run_kept(rules({"both mask email"}), {shorter, " goes. "});
    EXPECT_EQ(kept.pieces, (std::vector<std::string>{std::string(shorter), " goes. "}));
}
