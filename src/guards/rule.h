// What a location wants found and what is done about it: one ai_guardrail line is one Rule. Made at configuration time,
// never changed afterwards, shared by all requests.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "guards/finder.h"
#include "guards/recogniser.h"

namespace aigw::guards {

enum class Direction : uint8_t { Request = 1, Response = 2, Both = 3 };
enum class Action : uint8_t { Log, Mask, Reject };  // from the mildest to the strongest
enum class OnError : uint8_t { Reject, Pass };      // a detector that cannot decide

std::string_view name_of(Action action);

// One thing that a rule looks for.
struct Detector {
    std::string label;               // EMAIL, REDACTED, what as= says; shown, logged, counted
    Recogniser recogniser{};         // built-in kinds: all of a text's are found in one walk
    std::shared_ptr<const Finder> finder;  // the others: each walks by itself
};

struct Rule {
    Direction direction = Direction::Both;
    Action action = Action::Mask;
    std::vector<Detector> detectors;
    std::string replacement;  // replace=; empty: the label in brackets
    std::string message;      // empty: "Request blocked by policy (LABEL)."
    int status = 403;
    bool answer = false;   // reject: as an answer of the model, not as an error
    bool restore = false;  // mask: numbered placeholders, the caller gets his own values back
    OnError on_error = OnError::Reject;

    bool covers(Direction one) const { return (static_cast<int>(direction) & static_cast<int>(one)) != 0; }
    // For the caller who is refused.
    std::string refusal(std::string_view label) const;
};

inline constexpr size_t kMaxRules = 64;

// The text of a file named in the configuration, or why there is none.
using FileReader = std::function<Result<std::string, std::string>(std::string_view path)>;

// The directive's arguments without its name and without if=. The error is for the operator.
Result<Rule, std::string> parse_rule(const std::vector<std::string_view> &arguments, const FileReader &read_file);

}  // namespace aigw::guards
