#include "guards/plan.h"

#include <algorithm>

#include "guards/pii.h"

namespace aigw::guards {

Plan::Plan(const std::vector<Rule> &rules, Direction direction, uint64_t active) {
    std::vector<Recogniser> kinds;
    Slot pii{};
    std::vector<Slot> others;
    for (size_t rank = 0; rank < rules.size() && rank < kMaxRules; ++rank) {
        const Rule &rule = rules[rank];
        if (!rule.covers(direction) || !(active >> rank & 1)) {
            continue;
        }
        for (const Detector &detector : rule.detectors) {
            Target target{&rule, &detector, rank};
            if (detector.finder) {
                others.push_back({detector.finder.get(), {{target}}, rule.on_error});
                continue;
            }
            auto same = [&](const Recogniser &kind) { return kind.name == detector.recogniser.name; };
            auto known = std::find_if(kinds.begin(), kinds.end(), same);
            if (known == kinds.end()) {
                known = kinds.insert(kinds.end(), detector.recogniser);
                pii.targets.emplace_back();
            }
            pii.targets[static_cast<size_t>(known - kinds.begin())].push_back(target);
        }
    }
    if (!kinds.empty()) {
        pii_ = std::make_unique<PiiFinder>(std::move(kinds));
        pii.finder = pii_.get();
        slots_.push_back(std::move(pii));
    }
    slots_.insert(slots_.end(), others.begin(), others.end());
}

void Tally::add(std::string_view label, Action action) {
    for (Line &line : lines_) {
        if (line.label == label && line.action == action) {
            ++line.count;
            return;
        }
    }
    lines_.push_back({label, action, 1});
}

std::string Tally::labels() const {
    std::vector<std::string_view> labels;
    for (const Line &line : lines_) {
        labels.push_back(line.label);
    }
    std::sort(labels.begin(), labels.end());
    labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
    std::string out;
    for (std::string_view label : labels) {
        out.append(out.empty() ? "" : ",").append(label);
    }
    return out;
}

std::optional<Action> Tally::action() const {
    std::optional<Action> out;
    for (const Line &line : lines_) {
        out = out ? std::max(*out, line.action) : line.action;
    }
    return out;
}

}  // namespace aigw::guards
