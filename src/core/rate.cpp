#include "core/rate.h"

#include <optional>

namespace aigw {

namespace {

struct Unit {
    char letter;
    int64_t factor;
};
constexpr Unit kCounts[] = {{'k', 1000}, {'m', 1'000'000}};
constexpr Unit kTimes[] = {{'d', 86'400'000}, {'h', 3'600'000}, {'m', 60'000}, {'s', 1000}};

// Digits only, at least one; nullopt if there is anything else or the value is above `max`.
std::optional<int64_t> digits(std::string_view text, int64_t max) {
    int64_t value = 0;
    for (char c : text) {
        if (c < '0' || c > '9' || (value = value * 10 + (c - '0')) > max) {
            return std::nullopt;
        }
    }
    return text.empty() ? std::nullopt : std::optional(value);
}

template <size_t N>
const Unit *unit_of(const Unit (&units)[N], char letter) {
    for (const Unit &unit : units) {
        if (unit.letter == letter) {
            return &unit;
        }
    }
    return nullptr;
}

Unexpected<std::string> invalid(const char *what, std::string_view text, const char *why) {
    return {std::string("invalid ") + what + " \"" + std::string(text) + "\": " + why};
}

}  // namespace

Result<Tokens, std::string> parse_count(std::string_view text) {
    const Unit *unit = text.empty() ? nullptr : unit_of(kCounts, text.back());
    int64_t factor = unit != nullptr ? unit->factor : 1;
    auto number = digits(unit != nullptr ? text.substr(0, text.size() - 1) : text, kMaxLimit);
    if (!number) {
        return invalid("count", text, "expected a number of at most 10^15, with k or m for thousands or millions");
    }
    if (*number > kMaxLimit / factor) {
        return invalid("count", text, "it is above 10^15");
    }
    return *number * factor;
}

Result<Millis, std::string> parse_window(std::string_view text) {
    const Unit *unit = text.empty() ? nullptr : unit_of(kTimes, text.back());
    if (unit == nullptr) {
        return invalid("window", text, "expected s, m, h or d, or a number with one of them");
    }
    auto number = text.size() == 1 ? std::optional<int64_t>(1) : digits(text.substr(0, text.size() - 1), kMaxWindow);
    if (!number || *number == 0) {
        return invalid("window", text, "expected s, m, h or d, or a number with one of them");
    }
    if (*number > kMaxWindow / unit->factor) {
        return invalid("window", text, "it is longer than 366d");
    }
    return *number * unit->factor;
}

Result<Rate, std::string> parse_rate(std::string_view text) {
    size_t slash = text.find('/');
    if (slash == std::string_view::npos) {
        return invalid("limit", text, "expected N/WINDOW, as 100k/m");
    }
    auto limit = parse_count(text.substr(0, slash));
    if (!limit) {
        return Unexpected<std::string>{std::move(limit.error())};
    }
    auto window = parse_window(text.substr(slash + 1));
    if (!window) {
        return Unexpected<std::string>{std::move(window.error())};
    }
    return Rate{*limit, *window};
}

std::string window_text(Millis window) {
    for (const Unit &unit : kTimes) {
        if (window > 0 && window % unit.factor == 0) {
            Millis count = window / unit.factor;
            return (count == 1 ? "" : std::to_string(count)) + unit.letter;
        }
    }
    return std::to_string(window) + "ms";
}

}  // namespace aigw
