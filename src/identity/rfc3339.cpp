#include "identity/rfc3339.h"

#include <array>

namespace aigw::identity {

namespace {

// `digits` digits at `at`, as a number in [low, high]; -1 if they are not.
int number_at(std::string_view text, size_t at, size_t digits, int low, int high) {
    if (at + digits > text.size()) {
        return -1;
    }
    int value = 0;
    for (char c : text.substr(at, digits)) {
        if (c < '0' || c > '9') {
            return -1;
        }
        value = value * 10 + (c - '0');
    }
    return value >= low && value <= high ? value : -1;
}

// Days from 1970-01-01 in the Gregorian calendar, years from March on.
int64_t days_from_civil(int64_t year, int month, int day) {
    year -= month <= 2;
    int64_t era = year / 400, year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

// Seconds east of UTC.
std::optional<int> parse_offset(std::string_view text) {
    if (text == "Z" || text == "z") {
        return 0;
    }
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') {
        return std::nullopt;
    }
    int hours = number_at(text, 1, 2, 0, 23), minutes = number_at(text, 4, 2, 0, 59);
    if (hours < 0 || minutes < 0) {
        return std::nullopt;
    }
    return (text[0] == '-' ? -60 : 60) * (hours * 60 + minutes);
}

int days_of_month(int year, int month) {
    static constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : kDays[static_cast<size_t>(month - 1)];
}

}  // namespace

std::optional<UnixSeconds> parse_rfc3339(std::string_view text) {
    int year = number_at(text, 0, 4, 1, 9999), month = number_at(text, 5, 2, 1, 12);
    int hour = number_at(text, 11, 2, 0, 23), minute = number_at(text, 14, 2, 0, 59), second = number_at(text, 17, 2, 0, 60);
    if (year < 0 || month < 0 || hour < 0 || minute < 0 || second < 0) {
        return std::nullopt;
    }
    int day = number_at(text, 8, 2, 1, days_of_month(year, month));
    bool separated = text[4] == '-' && text[7] == '-' && (text[10] == 'T' || text[10] == 't') && text[13] == ':' && text[16] == ':';
    if (day < 0 || !separated) {
        return std::nullopt;
    }
    size_t end = 19;
    if (end < text.size() && text[end] == '.') {
        size_t first = ++end;
        while (end < text.size() && text[end] >= '0' && text[end] <= '9') {
            end++;
        }
        if (end == first) {
            return std::nullopt;
        }
    }
    std::optional<int> offset = parse_offset(text.substr(end));
    if (!offset) {
        return std::nullopt;
    }
    return days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - *offset;
}

}  // namespace aigw::identity
