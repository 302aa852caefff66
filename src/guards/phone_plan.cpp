#include "guards/phone_plan.h"

#include <algorithm>

#include "guards/chars.h"

namespace aigw::guards {

namespace {

struct Country {
    uint16_t code;
    uint8_t least, most;
};

// Where a country is not here its code is known by kTwoDigitCodes or else has three digits, and 6 to 12 digits follow.
constexpr Country kCountries[] = {
    {1, 10, 10}, {7, 10, 10}, {20, 8, 10}, {27, 9, 9},  {30, 10, 10}, {31, 9, 9},  {32, 8, 9},  {33, 9, 9},   {34, 9, 9},
    {36, 8, 9},  {39, 6, 11}, {40, 9, 9},  {41, 9, 9},  {43, 6, 13},  {44, 9, 10}, {45, 8, 8},  {46, 7, 10},  {47, 8, 8},
    {48, 9, 9},  {49, 6, 13}, {51, 8, 9},  {52, 10, 11}, {53, 6, 8},  {54, 10, 11}, {55, 10, 11}, {56, 9, 9},  {57, 8, 10},
    {58, 10, 10}, {60, 8, 10}, {61, 9, 9}, {62, 8, 12}, {63, 8, 10},  {64, 8, 10}, {65, 8, 8},  {66, 8, 9},   {81, 9, 10},
    {82, 8, 10}, {84, 9, 10}, {86, 10, 11}, {90, 10, 10}, {91, 10, 10}, {92, 9, 10}, {93, 9, 9}, {94, 9, 9},   {95, 7, 10},
    {98, 10, 10}, {351, 9, 9}, {352, 6, 11}, {353, 7, 9}, {354, 7, 9}, {357, 8, 8}, {358, 6, 11}, {359, 8, 9}, {370, 8, 8},
    {371, 8, 8}, {372, 7, 8}, {380, 9, 9}, {381, 8, 9}, {385, 8, 9},  {386, 8, 8}, {420, 9, 9}, {421, 9, 9},  {852, 8, 8},
    {886, 8, 9}, {966, 9, 9}, {971, 8, 9}, {972, 8, 9},
};

constexpr uint8_t kTwoDigitCodes[] = {20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56,
                                      57, 58, 60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98};

bool in(char c, char low, char high) { return c >= low && c <= high; }

// 555 0123, 415-555-0123, 1-800-555-0199: areas and exchanges begin with 2 to 9.
bool is_north_american(const Shape &shape) {
    size_t first = shape.groups == 4 && shape.group(0) == "1" ? 1 : 0;
    return shape.groups == 3 + first && shape.sizes({3, 3, 4}, first) && in(shape.group(first)[0], '2', '9') &&
           in(shape.group(first + 1)[0], '2', '9');
}

// 030 901820, 01.23.45.67.89, 07700 900123, 03-1234-5678: the trunk's 0.
bool is_trunk(const Shape &shape) {
    size_t digits = shape.digits();
    std::string_view area = shape.group(0);
    if (shape.groups < 2 || area[0] != '0' || area.size() < 2 || area.size() > 6 || area[1] == '0' || digits < 9 || digits > 11) {
        return false;
    }
    for (size_t i = 1; i < shape.groups; ++i) {
        bool extension = i + 1 == shape.groups && i > 1 && shape.phrase[i].separator == Phrase::Dash;
        if ((shape.size(i) < 2 && !extension) || shape.size(i) > 8) {
            return false;
        }
    }
    bool pairs = true;  // 01 23 45 67 89, but not six numbers of a lottery
    for (size_t i = 0; i < shape.groups; ++i) {
        pairs = pairs && shape.size(i) == 2;
    }
    if (pairs && shape.groups < shape.phrase.count) {
        return false;
    }
    bool social = shape.sizes({3, 2, 4}) && shape.evenly(Phrase::Dash, Phrase::Dash);
    return !social && !shape.is_date();
}

// (415) 555-0123, (11) 98765-4321, 8 (495) 123-45-67.
bool is_parenthesised(const Shape &shape) {
    size_t area = shape.groups > 1 && shape.size(0) == 1 ? 1 : 0;
    bool trunk = area == 0 || shape.group(0) == "8" || shape.group(0) == "1" || shape.group(0) == "0";
    std::string_view code = shape.group(area);
    if (!trunk || code.size() < 2 || code.size() > 5 || shape.groups < area + 2 || (code.size() == 4 && (code[0] == '1' || code[0] == '2'))) {
        return false;
    }
    size_t rest = 0;
    for (size_t i = area + 1; i < shape.groups; ++i) {
        rest += shape.size(i);
        if (shape.size(i) < 2 || (i > area + 1 && shape.phrase[i].separator == Phrase::Paren)) {
            return false;
        }
    }
    return rest >= 6 && rest <= 9 && rest + code.size() >= 8 && rest + code.size() <= 12;
}

}  // namespace

CallingCode calling_code(std::string_view digits) {
    if (!digits.empty() && digits[0] == '0') {
        return {};
    }
    for (size_t size = 1; size <= 3; ++size) {
        if (digits.size() < size) {
            return {.digits = 0, .least = 0, .most = 0, .open = true};
        }
        unsigned code = 0;
        for (char c : digits.substr(0, size)) {
            code = code * 10 + static_cast<unsigned>(c - '0');
        }
        for (const Country &country : kCountries) {
            if (country.code == code) {
                return {size, country.least, country.most};
            }
        }
    }
    auto two = static_cast<uint8_t>((digits[0] - '0') * 10 + (digits[1] - '0'));
    bool known = std::find(std::begin(kTwoDigitCodes), std::end(kTwoDigitCodes), two) != std::end(kTwoDigitCodes);
    bool spare = two == 28 || two == 83 || two == 89;
    return known || spare ? CallingCode{} : CallingCode{3, 6, 12};
}

size_t Shape::digits() const {
    size_t sum = 0;
    for (size_t i = 0; i < groups; ++i) {
        sum += phrase[i].size();
    }
    return sum;
}

bool Shape::parenthesised() const {
    size_t area = groups > 1 && size(0) == 1 && phrase[1].separator == Phrase::Paren ? 1 : 0;
    size_t begin = phrase[area].begin;
    return begin > 0 && text[begin - 1] == '(' && groups > area + 1 && phrase[area + 1].separator == Phrase::Paren;
}

bool Shape::sizes(std::initializer_list<size_t> wanted, size_t first) const {
    if (groups != first + wanted.size()) {
        return false;
    }
    for (size_t size : wanted) {
        if (phrase[first++].size() != size) {
            return false;
        }
    }
    return true;
}

bool Shape::evenly(Phrase::Separator a, Phrase::Separator b) const {
    for (size_t i = 1; i < groups; ++i) {
        if (phrase[i].separator != a && phrase[i].separator != b) {
            return false;
        }
    }
    return true;
}

// 01.02.2024, 2024-01-02 and what follows: a time, another date.
bool Shape::is_date() const {
    if (groups < 3 || phrase[1].separator != phrase[2].separator || phrase[1].separator == Phrase::Space) {
        return false;
    }
    auto number = [&](size_t i) { return (group(i)[0] - '0') * 10 + (size(i) > 1 ? group(i)[1] - '0' : 0); };
    bool european = size(0) <= 2 && size(1) <= 2 && (size(2) == 4 || (size(2) == 2 && phrase[1].separator != Phrase::Dot && groups < 4));
    bool iso = size(0) == 4 && size(1) == 2 && size(2) == 2 && (group(0)[0] == '1' || group(0)[0] == '2');
    return iso || (european && number(0) <= 31 && number(1) <= 31);
}

bool is_national(const Shape &shape) {
    using enum Phrase::Separator;
    if (shape.parenthesised()) {
        return is_parenthesised(shape);
    }
    std::string_view first = shape.group(0);
    bool spaced = shape.evenly(Space, Dash);
    if (shape.groups == 1 || shape.is_date()) {
        return false;
    }
    if (is_north_american(shape) || is_trunk(shape)) {
        return true;
    }
    bool russian = first == "8" && shape.sizes({1, 3, 3, 2, 2}) && (shape.group(1)[0] == '9' || shape.group(1)[0] == '4' || shape.group(1)[0] == '8');
    bool spanish = shape.sizes({3, 2, 2, 2}) && in(first[0], '6', '9');
    bool chinese = spaced && shape.sizes({3, 4, 4}) && first[0] == '1' && in(first[1], '3', '9');
    bool indian = spaced && shape.sizes({5, 5}) && in(first[0], '6', '9');
    bool brazilian = spaced && shape.sizes({2, 5, 4}) && shape.group(1)[0] == '9' && first[1] != '0';
    bool fictional = first == "555" && shape.sizes({3, 4}) && shape.evenly(Dash, Dash);
    return russian || spanish || chinese || indian || brazilian || fictional;
}

bool is_plausible(const Shape &shape) {
    size_t digits = shape.digits();
    if (digits < 7 || digits > 13 || shape.is_date()) {
        return false;
    }
    bool plain = shape.groups == 1;
    for (size_t i = 0; i < shape.groups; ++i) {
        bool trunk = i == 0 && shape.size(0) == 1;
        if (!plain && !trunk && (shape.size(i) < 2 || shape.size(i) > 8)) {
            return false;
        }
    }
    return shape.groups <= 6;
}

bool may_become_national(const Shape &shape, bool growing, bool hinted) {
    std::string_view first = shape.group(0);
    size_t begin = shape.phrase[0].begin;
    if (hinted || first[0] == '0' || (begin > 0 && shape.text[begin - 1] == '(')) {
        return true;
    }
    if (growing && shape.groups == 1) {
        return first.size() <= 5;  // longer areas begin with 0
    }
    bool one = first == "1" || first == "8";
    bool area = first.size() == 3 && in(first[0], '1', '9');
    bool indian = first.size() == 5 && in(first[0], '6', '9');
    return one || area || indian || (first.size() == 2 && shape.phrase[0].begin < shape.text.size());
}

}  // namespace aigw::guards
