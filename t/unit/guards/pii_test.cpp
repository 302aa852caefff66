// How much is found, how much clean text is damaged, and that cutting changes nothing.
#include <gtest/gtest.h>

#include <map>

#include "guards/cases.h"
#include "guards/support.h"

using namespace aigw::guards;
using namespace aigw::guards::test;

namespace {

constexpr double kLeastRecall = 0.98, kMostDamaged = 0.001;
constexpr size_t kFewestCases = 400;

const std::vector<Rule> &all_kinds() {
    static const std::vector<Rule> all = rules({"both mask email phone ssn credit_card iban ip secret"});
    return all;
}

}  // namespace

TEST(Pii, FindsWhatIsThere) {
    std::map<std::string, std::pair<size_t, size_t>> by_kind;  // found, all
    size_t sentences = 0;
    for (const Case &one : read_cases()) {
        if (one.values.empty()) continue;
        ++sentences;
        std::string masked = run(all_kinds(), {one.text}).text;
        bool whole = masked == one.expected;
        for (const Value &value : one.values) {
            ++by_kind[value.kind].second;
            by_kind[value.kind].first += whole;
        }
        if (!whole) std::printf("%s:%zu: %s\n    %s\n", one.file.c_str(), one.line, one.text.c_str(), masked.c_str());
    }
    size_t found = 0, all = 0;
    for (const auto &[kind, count] : by_kind) {
        std::printf("%-12s %zu of %zu\n", kind.c_str(), count.first, count.second);
        found += count.first;
        all += count.second;
        EXPECT_GE(static_cast<double>(count.first), 0.95 * static_cast<double>(count.second)) << kind;
    }
    std::printf("recall %.2f %% of %zu values in %zu sentences\n", 100.0 * static_cast<double>(found) / static_cast<double>(all), all, sentences);
    EXPECT_GE(sentences, kFewestCases);
    EXPECT_GE(static_cast<double>(found), kLeastRecall * static_cast<double>(all));
}

TEST(Pii, LeavesCleanTextAlone) {
    size_t damaged = 0, all = 0;
    for (const Case &one : read_cases()) {
        if (!one.values.empty()) continue;
        ++all;
        std::string masked = run(all_kinds(), {one.text}).text;
        damaged += masked != one.text;
        if (masked != one.text) std::printf("%s:%zu: %s\n    %s\n", one.file.c_str(), one.line, one.text.c_str(), masked.c_str());
    }
    std::printf("damaged %zu of %zu clean sentences\n", damaged, all);
    EXPECT_GE(all, kFewestCases);
    EXPECT_LE(static_cast<double>(damaged), kMostDamaged * static_cast<double>(all));
}

TEST(Pii, IsTheSameAtEveryCut) {
    for (const Case &one : read_cases()) {
        run_all_ways(all_kinds(), one.text);
    }
}

TEST(Pii, EachKindAloneIsTheSameAtEveryCut) {
    for (std::string_view kind : {"email", "phone", "ssn", "credit_card", "iban", "ip", "secret"}) {
        std::vector<Rule> alone = rules({"both mask " + std::string(kind)});
        for (const Case &one : read_cases()) {
            Seen whole = run(alone, {one.text});
            for (size_t size : {1, 3}) {
                EXPECT_EQ(run(alone, cut(one.text, size)), whole) << kind << ": " << one.text << " in pieces of " << size;
            }
        }
    }
}

TEST(Pii, FindsAtEveryDistanceFromTheBeginning) {
    for (std::string_view filling : {"a", "\xC3\xA9", " ", "\xF0\x9F\x98\x80"}) {
        std::string before;
        for (size_t count = 0; count < 40; ++count, before += filling) {
            EXPECT_EQ(run(all_kinds(), {before + " x@example.com " + before}).text, before + " [EMAIL] " + before);
            EXPECT_EQ(run(all_kinds(), {before + " 4111111111111111 " + before}).text, before + " [CREDIT_CARD] " + before);
        }
    }
}
