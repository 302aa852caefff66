// What guarding costs, printed and not asserted: machines differ.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>

#include "guards/support.h"
#include "source_dir.h"

using namespace aigw::guards;
using namespace aigw::guards::test;

namespace {

double least_nanoseconds(const std::function<void()> &work) {
    double least = 1e18;
    for (int i = 0; i < 5; ++i) {
        auto begin = std::chrono::steady_clock::now();
        work();
        least = std::min(least, std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count());
    }
    return least;
}

}  // namespace

TEST(Cost, IsPrinted) {
    std::ifstream file(AIGW_SOURCE_DIR "/t/unit/guards/clean_prose.txt", std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    while (text.size() < 256 << 10) text += std::string(text);
    for (std::string_view kinds : {"email", "phone", "email phone ssn credit_card", "email phone ssn credit_card iban ip secret", "regex=PRJ-\\d{4}"}) {
        std::vector<Rule> one = rules({"both mask " + std::string(kinds)});
        Plan plan(one, Direction::Response);
        std::string out;
        auto pass = [&](size_t size) {
            Guarding guarding;
            TextGuard guard(plan, guarding, TextGuard::Way::Incoming);
            for (std::string_view piece : cut(text, size)) {
                out.clear();
                guard.feed(piece, out);
            }
            EXPECT_TRUE(guarding.tally.empty());
        };
        double whole = least_nanoseconds([&] { pass(text.size()); }), pieces = least_nanoseconds([&] { pass(20); });
        std::printf("%-45s %5.0f ns/KB, %4.0f ns a piece of 20 bytes\n", std::string(kinds).c_str(), whole / (static_cast<double>(text.size()) / 1024),
                    pieces / (static_cast<double>(text.size()) / 20));
    }
}
