// The rules that hold for one direction of one request, arranged so that a text is walked as few times as possible: once for
// all built-in kinds, once for each pattern and each word list.
#pragma once

#include <optional>

#include "guards/rule.h"
#include "guards/vault.h"

namespace aigw::guards {

class Plan {
public:
    struct Target {
        const Rule *rule;
        const Detector *detector;
        size_t rank;  // the rule's place: the earlier one wins
    };
    struct Slot {
        const Finder *finder;
        std::vector<std::vector<Target>> targets;  // by Find::tag
        OnError on_error = OnError::Reject;
        const Target *first() const { return &targets.front().front(); }
    };

    // `rules` must outlive it. `active`: bit n clear leaves rule n out (if=).
    Plan(const std::vector<Rule> &rules, Direction direction, uint64_t active = ~uint64_t(0));
    Plan(const Plan &) = delete;
    Plan &operator=(const Plan &) = delete;

    bool empty() const { return slots_.empty(); }
    const std::vector<Slot> &slots() const { return slots_; }

private:
    std::unique_ptr<const Finder> pii_;
    std::vector<Slot> slots_;
};

// What was found in one request, by label. Never a value.
class Tally {
public:
    struct Line {
        std::string_view label;  // the rule's: valid while the rules are
        Action action;
        uint64_t count;
    };

    void add(std::string_view label, Action action);
    const std::vector<Line> &lines() const { return lines_; }
    bool empty() const { return lines_.empty(); }
    // "EMAIL,PHONE": sorted, each once.
    std::string labels() const;
    // The strongest thing that was done.
    std::optional<Action> action() const;

private:
    std::vector<Line> lines_;
};

// One request's guarding: what its texts share. The answer's texts restore from the vault that the request's filled.
struct Guarding {
    Tally tally;
    Vault vault;
    const Rule *refused_by = nullptr;  // a rule that rejects has found something, or could not decide
    std::string_view refused_label;
    bool failed = false;  // refused because a detector failed
};

}  // namespace aigw::guards
