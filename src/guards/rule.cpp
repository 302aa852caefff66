// The arguments of ai_guardrail.
#include "guards/rule.h"

#include <charconv>
#include <optional>

#include "guards/chars.h"
#include "guards/pattern.h"
#include "guards/registry.h"
#include "guards/words.h"

namespace aigw::guards {

namespace {

constexpr size_t kMaxLabel = 32, kMaxReplacement = 256;
constexpr std::string_view kRedacted = "REDACTED";

using Failure = Unexpected<std::string>;

Failure fail(std::string text) { return {std::move(text)}; }

// What stands before any detector is complete: hold= and as= may follow the regex= that they belong to.
struct Draft {
    Rule rule;
    std::vector<std::string> patterns;
    std::vector<std::string> files;
    std::string label;
    std::optional<size_t> hold;
    std::string problem;
};

std::optional<std::string_view> value_of(std::string_view argument, std::string_view name) {
    bool has = argument.size() > name.size() && argument.substr(0, name.size()) == name && argument[name.size()] == '=';
    return has ? std::optional(argument.substr(name.size() + 1)) : std::nullopt;
}

std::optional<int> number_of(std::string_view text) {
    int value = 0;
    auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    bool whole = error == std::errc() && stop == text.data() + text.size();
    return whole ? std::optional(value) : std::nullopt;
}

bool is_label(std::string_view text) {
    for (char c : text) {
        if (!is_upper(c) && !is_digit(c) && c != '_') {
            return false;
        }
    }
    return !text.empty() && text.size() <= kMaxLabel && !is_digit(text.front());
}

std::string take_option(Draft &draft, std::string_view argument) {
    Rule &rule = draft.rule;
    if (auto label = value_of(argument, "as")) {
        draft.label = *label;
        return is_label(*label) ? "" : "as= needs capitals, digits and _, at most " + std::to_string(kMaxLabel) + " characters";
    }
    if (auto text = value_of(argument, "replace")) {
        rule.replacement = *text;
        bool fits = !text->empty() && text->size() <= kMaxReplacement;
        return fits ? "" : "replace= needs 1 to " + std::to_string(kMaxReplacement) + " bytes";
    }
    if (auto text = value_of(argument, "message")) {
        rule.message = *text;
        return "";
    }
    if (auto text = value_of(argument, "status")) {
        std::optional<int> status = number_of(*text);
        rule.status = status.value_or(0);
        return rule.status >= 400 && rule.status <= 599 ? "" : "status= needs a number from 400 to 599";
    }
    if (auto text = value_of(argument, "on_error")) {
        rule.on_error = *text == "pass" ? OnError::Pass : OnError::Reject;
        return *text == "pass" || *text == "reject" ? "" : "on_error= is reject or pass";
    }
    if (auto text = value_of(argument, "hold")) {
        std::optional<int> bytes = number_of(*text);
        bool fits = bytes && *bytes > 0 && static_cast<size_t>(*bytes) <= Pattern::kMaxHold;
        draft.hold = fits ? static_cast<size_t>(*bytes) : 0;
        return fits ? "" : "hold= needs a number of bytes from 1 to " + std::to_string(Pattern::kMaxHold);
    }
    return "unknown parameter or detector \"" + std::string(argument) + "\"; detectors are " + recogniser_names() + ", regex=, words=";
}

std::string take(Draft &draft, std::string_view argument) {
    if (argument == "answer") {
        draft.rule.answer = true;
    } else if (argument == "restore") {
        draft.rule.restore = true;
    } else if (auto pattern = value_of(argument, "regex")) {
        draft.patterns.emplace_back(*pattern);
    } else if (auto file = value_of(argument, "words")) {
        draft.files.emplace_back(*file);
    } else if (auto recogniser = find_recogniser(argument)) {
        draft.rule.detectors.push_back({std::string(recogniser->label), *recogniser, nullptr});
    } else {
        return take_option(draft, argument);
    }
    return "";
}

std::string add_patterns(Draft &draft) {
    bool streams = draft.rule.covers(Direction::Response);
    if (draft.hold && draft.patterns.empty()) {
        return "hold= belongs to regex=";
    }
    for (const std::string &text : draft.patterns) {
        auto pattern = Pattern::compile(text, draft.hold, streams);
        if (!pattern) {
            return "regex \"" + text + "\": " + pattern.error();
        }
        draft.rule.detectors.push_back({std::string(kRedacted), {}, std::move(*pattern)});
    }
    return "";
}

std::string add_words(Draft &draft, const FileReader &read_file) {
    for (const std::string &path : draft.files) {
        auto text = read_file(path);
        if (!text) {
            return "words file \"" + path + "\": " + text.error();
        }
        auto words = Words::parse(*text);
        if (!words) {
            return "words file \"" + path + "\": " + words.error();
        }
        draft.rule.detectors.push_back({std::string(kRedacted), {}, std::move(*words)});
    }
    return "";
}

// What does not go together.
std::string judge(const Draft &draft) {
    const Rule &rule = draft.rule;
    bool rejects = rule.action == Action::Reject, masks = rule.action == Action::Mask;
    if (rule.detectors.empty()) {
        return "no detector; there are " + recogniser_names() + ", regex=, words=";
    }
    if (!rejects && (!rule.message.empty() || rule.answer || rule.status != Rule{}.status)) {
        return "message=, status= and answer belong to reject";
    }
    if (!masks && (!rule.replacement.empty() || rule.restore)) {
        return "replace= and restore belong to mask";
    }
    if (rule.restore && !rule.replacement.empty()) {
        return "restore needs numbered placeholders, so no replace=";
    }
    if (rule.restore && !rule.covers(Direction::Request)) {
        return "restore needs request or both: it gives back what the request held";
    }
    return "";
}

}  // namespace

std::string_view name_of(Action action) {
    return action == Action::Reject ? "reject" : action == Action::Mask ? "mask" : "log";
}

std::string Rule::refusal(std::string_view label) const {
    return message.empty() ? "Request blocked by policy (" + std::string(label) + ")." : message;
}

Result<Rule, std::string> parse_rule(const std::vector<std::string_view> &arguments, const FileReader &read_file) {
    if (arguments.size() < 2) {
        return fail("needs request, response or both, then mask, reject or log, then detectors");
    }
    Draft draft;
    std::string_view direction = arguments[0], action = arguments[1];
    if (direction != "request" && direction != "response" && direction != "both") {
        return fail("\"" + std::string(direction) + "\" is not request, response or both");
    }
    if (action != "mask" && action != "reject" && action != "log") {
        return fail("\"" + std::string(action) + "\" is not mask, reject or log");
    }
    draft.rule.direction = direction == "both" ? Direction::Both : direction == "request" ? Direction::Request : Direction::Response;
    draft.rule.action = action == "mask" ? Action::Mask : action == "reject" ? Action::Reject : Action::Log;
    std::string problem;
    for (size_t i = 2; i < arguments.size() && problem.empty(); ++i) {
        problem = take(draft, arguments[i]);
    }
    problem = problem.empty() ? add_patterns(draft) : problem;
    problem = problem.empty() ? add_words(draft, read_file) : problem;
    problem = problem.empty() ? judge(draft) : problem;
    if (!problem.empty()) {
        return fail(std::move(problem));
    }
    for (Detector &detector : draft.rule.detectors) {
        detector.label = draft.label.empty() ? detector.label : draft.label;
    }
    return std::move(draft.rule);
}

}  // namespace aigw::guards
