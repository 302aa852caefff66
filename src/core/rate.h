// "N/WINDOW" as an operator writes it: 100k/m, 500/h, 2m/5m. In counts k and m are thousands and millions; after the
// slash s m h d are seconds, minutes, hours, days, with a number before them or not.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "core/units.h"

namespace aigw {

inline constexpr Tokens kMaxLimit = 1'000'000'000'000'000;            // below 2^53: exact as a double too
inline constexpr Millis kMaxWindow = Millis(366) * 24 * 3600 * 1000;  // ms

struct Rate {
    Tokens limit = 0;  // 0: nothing ever passes
    Millis window = 0; // ms

    bool operator==(const Rate &) const = default;
};

// Errors are for `nginx -t`, and name what was wrong.
Result<Tokens, std::string> parse_count(std::string_view text);
Result<Millis, std::string> parse_window(std::string_view text);
Result<Rate, std::string> parse_rate(std::string_view text);

// As parse_window reads it, shortest: 60000 is "m", 300000 "5m". For messages.
std::string window_text(Millis window);

}  // namespace aigw
