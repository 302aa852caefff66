// Guards: the same output and the same finds however a text is cut, plain, escaped and as JSON; JSON stays JSON; what is
// restored is what was taken. The first byte chooses the rules.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/utf8.h"
#include "guards/delta_guard.h"
#include "guards/request_guard.h"
#include "require.h"

namespace aigw::fuzz {

inline const std::vector<guards::Rule> &guard_rules(unsigned char choice) {
    static const std::vector<std::vector<guards::Rule>> sets = [] {
        std::vector<std::vector<std::vector<std::string_view>>> lines = {
            {{"both", "mask", "email", "phone", "ssn", "credit_card", "iban", "ip", "secret"}},
            {{"both", "mask", "email", "restore"}, {"both", "log", "phone"}},
            {{"both", "mask", "regex=a.{0,3}b", "as=AB"}, {"both", "mask", "regex=b+c", "hold=6"}, {"both", "mask", "words=list"}},
            {{"both", "reject", "ssn"}, {"both", "mask", "credit_card", "ip"}, {"both", "mask", "words=list", "replace=#"}},
        };
        std::vector<std::vector<guards::Rule>> out;
        for (const auto &set : lines) {
            out.emplace_back();
            for (const auto &line : set) {
                auto rule = guards::parse_rule(line, [](std::string_view) -> Result<std::string, std::string> { return std::string("ab\nab cd\ncé\n"); });
                require(rule.has_value(), "the rules are right");
                out.back().push_back(*rule);
            }
        }
        return out;
    }();
    return sets[choice % sets.size()];
}

struct GuardSeen {
    std::string out, labels, refused;
    bool operator==(const GuardSeen &) const = default;
};

enum class GuardedAs { Plain, Escaped, Json };

template <class SizeOf>
GuardSeen guard_text(const std::vector<guards::Rule> &rules, GuardedAs as, std::string_view text, SizeOf size_of) {
    guards::Plan plan(rules, guards::Direction::Response);
    guards::Guarding guarding;
    guards::TextGuard plain(plan, guarding, guards::TextGuard::Way::Incoming);
    guards::DeltaGuard delta(plan, guarding, as == GuardedAs::Json ? guards::DeltaGuard::Content::Json : guards::DeltaGuard::Content::Text);
    GuardSeen seen;
    auto state = guards::TextGuard::State::Ok;
    while (!text.empty() && state == guards::TextGuard::State::Ok) {
        size_t size = std::min(text.size(), size_of());
        std::string piece(text.substr(0, size));
        state = as == GuardedAs::Plain ? plain.feed(piece, seen.out) : delta.feed({piece}, seen.out);
        text.remove_prefix(size);
    }
    if (state == guards::TextGuard::State::Ok) {
        state = as == GuardedAs::Plain ? plain.finish(seen.out) : delta.finish(seen.out);
    }
    require((state == guards::TextGuard::State::Refused) == (guarding.refused_by != nullptr), "who refuses says so");
    require(state == guards::TextGuard::State::Refused || (plain.held() == 0 && delta.held() == 0), "nothing is held after the end");
    seen.labels = guarding.tally.labels();
    seen.refused = guarding.refused_label;
    return seen;
}

inline std::string valid_utf8(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        size_t size = utf8_length(text);
        out.append(size ? text.substr(0, size) : "?");
        text.remove_prefix(size ? size : 1);
    }
    return out;
}

inline void check_cuts(const std::vector<guards::Rule> &rules, std::string_view text, uint32_t seed) {
    auto next_size = [&] {
        seed = seed * 1664525 + 1013904223;
        return size_t(1 + (seed >> 16) % 11);
    };
    for (GuardedAs as : {GuardedAs::Plain, GuardedAs::Escaped, GuardedAs::Json}) {
        GuardSeen whole = guard_text(rules, as, text, [&] { return text.size(); });
        require(guard_text(rules, as, text, [] { return size_t(1); }) == whole, "byte by byte is as whole");
        require(guard_text(rules, as, text, next_size) == whole, "in pieces is as whole");
    }
}

inline void check_request(const std::vector<guards::Rule> &rules, std::string_view text) {
    JsonParser parser;
    JsonDoc doc;
    if (!parser.parse(text, doc)) {
        return;
    }
    guards::Plan plan(rules, guards::Direction::Request);
    std::string once;
    for (size_t budget : {size_t(1) << 20, size_t(7)}) {
        guards::Guarding guarding;
        guards::RequestGuard guard(plan, guarding, doc);
        auto state = guards::RequestGuard::State::More;
        while (state == guards::RequestGuard::State::More) {
            state = guard.step(budget);
        }
        if (state == guards::RequestGuard::State::Refused) {
            return;
        }
        std::string out;
        guard.edits().append_to(out);
        JsonDoc edited;
        require(parser.parse(out, edited).has_value(), "a masked request is JSON");
        require(once.empty() || out == once, "in slices is as whole");
        require(!guarding.tally.empty() || out == text, "nothing found, nothing changed");
        once = out;
    }
}

inline void check_guards(std::string_view bytes) {
    if (bytes.empty()) {
        return;
    }
    auto choice = static_cast<unsigned char>(bytes[0]);
    const std::vector<guards::Rule> &rules = guard_rules(choice);
    std::string text = valid_utf8(bytes.substr(1));
    check_cuts(rules, text, choice + 1u);
    check_request(rules, text);
}

}  // namespace aigw::fuzz
