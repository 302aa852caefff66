// Rules as an operator writes them, texts fed in every way.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "guards/text_guard.h"

namespace aigw::guards::test {

inline std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> out;
    while (!line.empty()) {
        size_t end = std::min(line.find(' '), line.size());
        if (end > 0) {
            out.push_back(line.substr(0, end));
        }
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return out;
}

inline Result<Rule, std::string> parse(std::vector<std::string_view> arguments, std::string_view file = "") {
    return parse_rule(arguments, [file](std::string_view path) -> Result<std::string, std::string> {
        if (path == "missing") return Unexpected<std::string>{"no such file"};
        return std::string(file);
    });
}

// Each line one ai_guardrail without the directive's name; no argument has spaces.
inline std::vector<Rule> rules(std::initializer_list<std::string_view> lines, std::string_view file = "") {
    std::vector<Rule> out;
    for (std::string_view line : lines) {
        auto rule = parse(words_of(line), file);
        EXPECT_TRUE(rule.has_value()) << line << ": " << (rule ? "" : rule.error());
        out.push_back(std::move(*rule));
    }
    return out;
}

struct Seen {
    std::string text;
    std::string labels;
    std::string refused;
    bool operator==(const Seen &) const = default;
};

inline std::ostream &operator<<(std::ostream &out, const Seen &seen) {
    return out << "\"" << seen.text << "\" [" << seen.labels << "] refused " << seen.refused;
}

// `each` sees what every feed gave.
inline Seen run(const std::vector<Rule> &rules, const std::vector<std::string_view> &pieces,
                const std::function<void(std::string_view in, std::string_view out, size_t held)> &each = {}) {
    Plan plan(rules, Direction::Response);
    Guarding guarding;
    TextGuard guard(plan, guarding, TextGuard::Way::Incoming);
    Seen seen;
    bool ok = true;
    for (std::string_view piece : pieces) {
        std::string copy(piece), out;
        copy.shrink_to_fit();
        ok = ok && guard.feed(copy, out) == TextGuard::State::Ok;
        if (each) each(piece, out, guard.held());
        seen.text += out;
    }
    if (ok) guard.finish(seen.text);
    seen.labels = guarding.tally.labels();
    seen.refused = guarding.refused_by ? std::string(guarding.refused_label) : "";
    return seen;
}

inline std::vector<std::string_view> cut(std::string_view text, size_t size) {
    std::vector<std::string_view> out;
    for (size_t at = 0; at < text.size(); at += size) {
        out.push_back(text.substr(at, size));
    }
    return out;
}

// The pieces as they come out when borders are kept: how many feeds it took, the size of what was held after each.
struct Kept {
    std::vector<std::string> pieces;
    std::vector<size_t> held;
    size_t at_once = 0;  // feeds after which nothing was held
};

inline Kept run_kept(const std::vector<Rule> &rules, const std::vector<std::string_view> &pieces) {
    Plan plan(rules, Direction::Response);
    Guarding guarding;
    TextGuard guard(plan, guarding, TextGuard::Way::Incoming, TextGuard::Pieces::Kept);
    Kept kept;
    auto take = [&](std::string_view out) {
        size_t done = 0;
        for (size_t at : guard.cuts()) {
            kept.pieces.emplace_back(out.substr(done, at - done));
            done = at;
        }
        if (done < out.size()) kept.pieces.emplace_back(out.substr(done));
    };
    for (std::string_view piece : pieces) {
        std::string out;
        guard.feed(piece, out);
        take(out);
        kept.held.push_back(guard.held());
        kept.at_once += guard.held() == 0;
    }
    std::string out;
    guard.finish(out);
    take(out);
    return kept;
}

// Whole, in pieces of one to seven bytes, cut in two at every point: the same.
inline Seen run_all_ways(const std::vector<Rule> &rules, std::string_view text) {
    Seen whole = run(rules, {text});
    for (size_t size : {1, 2, 3, 4, 5, 7}) {
        Seen pieces = run(rules, cut(text, size));
        EXPECT_EQ(pieces, whole) << "\"" << text << "\" in pieces of " << size;
    }
    for (size_t at = 0; at <= text.size(); ++at) {
        Seen two = run(rules, {text.substr(0, at), text.substr(at)});
        EXPECT_EQ(two, whole) << "\"" << text << "\" cut at " << at;
    }
    for (size_t size : {1, 4, 50}) {
        std::string joined;
        for (const std::string &piece : run_kept(rules, cut(text, size)).pieces) joined += piece;
        EXPECT_TRUE(!whole.refused.empty() || joined == whole.text) << "\"" << text << "\" in kept pieces of " << size << ": " << joined;
    }
    return whole;
}

}  // namespace aigw::guards::test
