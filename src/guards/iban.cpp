// International bank account numbers: a country that has them, its length, and the check digits (mod 97 is 1). In capitals,
// in one run or in groups.
#include <algorithm>

#include "guards/chars.h"
#include "guards/recogniser.h"

namespace aigw::guards {

namespace {

struct Country {
    std::string_view code;
    uint8_t length;
};

constexpr Country kCountries[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22}, {"BI", 27},
    {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28},
    {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23},
    {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HN", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26},
    {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21},
    {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MN", 20}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28},
    {"NL", 18}, {"NO", 15}, {"OM", 23}, {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22},
    {"RU", 33}, {"SA", 24}, {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25},
    {"SV", 28}, {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30},
};

// 0 if none; of one letter, whether a code begins so.
size_t length_of(std::string_view code) {
    for (const Country &country : kCountries) {
        if (country.code.substr(0, code.size()) == code) {
            return country.length;
        }
    }
    return 0;
}

size_t separator_at(std::string_view text, size_t at) {
    char c = at_or_space(text, at);
    return c == ' ' || c == '-' ? (at < text.size() ? 1 : 0) : text.substr(at, 2) == "\xC2\xA0" ? 2 : 0;
}

bool passes_mod97(const char *chars, size_t length) {
    unsigned rest = 0;
    for (size_t i = 0; i < length; ++i) {
        char c = chars[(i + 4) % length];
        rest = is_digit(c) ? rest * 10 + static_cast<unsigned>(c - '0') : rest * 100 + static_cast<unsigned>(c - 'A' + 10);
        rest %= 97;
    }
    return rest == 1;
}

Probe probe(const Site &site) {
    std::string_view text = site.window.text;
    size_t begin = site.anchor - 2, length = 0;
    bool has_code = site.anchor >= site.floor + 2 && is_upper(text[begin]) && is_upper(text[begin + 1]);
    if (!has_code || is_word(before(text, begin)) || (length = length_of(text.substr(begin, 2))) == 0) {
        return {};
    }
    char chars[34];
    size_t at = begin;
    for (size_t n = 0; n < length; ++n) {
        size_t separator = n > 0 ? separator_at(text, at) : 0;
        at += separator;
        if (at >= text.size()) {
            return site.window.final ? Probe{} : Probe::open(begin);
        }
        bool fits = n < 2 || (n < 4 ? is_digit(text[at]) : is_digit(text[at]) || is_upper(text[at]));
        if (!fits) {
            return {};
        }
        chars[n] = text[at++];
    }
    if (at == text.size() && !site.window.final) {
        return Probe::open(begin);
    }
    return is_word(at_or_space(text, at)) || !passes_mod97(chars, length) ? Probe{} : Probe::found(begin, at);
}

size_t tail(const Window &window) {
    std::string_view text = window.text;
    for (size_t letters = std::min<size_t>(2, text.size()); letters > 0; --letters) {
        size_t begin = text.size() - letters;
        std::string_view code = text.substr(begin);
        if (is_upper(code.front()) && is_upper(code.back()) && !is_word(before(text, begin)) && length_of(code) != 0) {
            return begin;
        }
    }
    return text.size();
}

}  // namespace

Recogniser iban_recogniser() { return {"iban", "IBAN", kDigitAnchor, probe, tail}; }

}  // namespace aigw::guards
