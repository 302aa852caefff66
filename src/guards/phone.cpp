// Telephone numbers: international ones (+ or 00, a country's code, as many digits as that country has), national ones in
// shapes that are hardly anything else, and any sensible digits behind a word that says "telephone". Prices, dates, order
// numbers and versions are told by their shape, by the sign next to them or by the word before them.
#include <algorithm>

#include "guards/chars.h"
#include "guards/context.h"
#include "guards/phone_plan.h"

namespace aigw::guards {

namespace {

constexpr size_t kMaxDigits = 20;
constexpr size_t kMaxGroups = 6;  // of a national number

struct Start {
    size_t begin = 0;  // with the + and the parenthesis
    bool plus = false;
    bool paren = false;
    bool fits = true;  // the byte before may stand before a number
};

// $ £ ¥, and U+20xx: €, ₹.
bool follows_currency(std::string_view text, size_t at) {
    std::string_view two = at >= 2 ? text.substr(at - 2, 2) : "";
    return before(text, at) == '$' || two == "\xC2\xA3" || two == "\xC2\xA5" || (at >= 3 && text.substr(at - 3, 2) == "\xE2\x82");
}

Start start_of(std::string_view text, size_t digit) {
    Start out{.begin = digit};
    while (out.begin > 0 && digit - out.begin < 2) {
        char c = text[out.begin - 1];
        if (c == '+' && !out.plus) {
            out.plus = true;
        } else if (c == '(' && !out.paren) {
            out.paren = true;
        } else {
            break;
        }
        --out.begin;
    }
    char left = before(text, out.begin);
    bool money = follows_currency(text, out.begin) || (left == ' ' && out.begin > 0 && follows_currency(text, out.begin - 1));
    bool joined = left == '-' || left == '/' || left == '#' || left == '.' || (left == ',' && out.begin >= 2 && is_digit(text[out.begin - 2]));
    out.fits = !is_word(left) && !money && left != '+' && (out.plus || !joined) && !(left == '.' && !out.plus);
    if (left == '.' && !out.plus && out.begin >= 2 && is_alpha(text[out.begin - 2])) {
        out.fits = true;  // Tel.030
    }
    return out;
}

constexpr std::string_view kCurrencies[] = {"$", "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5", "\xE2\x82\xB9", "USD", "EUR", "GBP",
                                          "JPY", "CHF", "INR", "kr", "dol", "eur"};

// No if a currency follows, behind a space or a no-break space.
Probe::State before_money(const Window &window, size_t end) {
    std::string_view text = window.text;
    size_t at = end + (at_or_space(text, end) == ' ' && end < text.size() ? 1 : text.substr(end, 2) == "\xC2\xA0" ? 2 : 0);
    std::string_view rest = text.substr(at, 3);
    for (std::string_view money : kCurrencies) {
        if (rest.substr(0, money.size()) == money) {
            return Probe::State::No;
        }
        if (!window.final && rest == money.substr(0, rest.size())) {
            return Probe::State::Open;
        }
    }
    return Probe::State::Found;
}

// What decides whether the number may end at `end`: Open when it has not come yet.
Probe::State may_end(const Site &site, size_t end, bool national) {
    std::string_view text = site.window.text;
    auto comes = [&](size_t bytes) { return !site.window.final && end + bytes > text.size(); };
    if (comes(1)) {
        return Probe::State::Open;
    }
    char next = at_or_space(text, end);
    if (is_word(next) || next == '%') {
        return Probe::State::No;
    }
    // A sign and a digit: the number goes on, or it is something else.
    bool sign = next == '-' || next == '.' || next == '/' || next == ',', wide = next == '\xE2';
    size_t bytes = sign ? 1 : wide ? 3 : 0;
    if (bytes > 0 && comes(bytes + 1)) {
        return Probe::State::Open;
    }
    bool dash = wide && text.substr(end, 2) == "\xE2\x80" && at_or_space(text, end + 2) >= '\x90' && at_or_space(text, end + 2) <= '\x95';
    if ((sign || dash) && is_digit(at_or_space(text, end + bytes))) {
        return Probe::State::No;
    }
    return national ? before_money(site.window, end) : Probe::State::Found;
}

Probe ended(const Site &site, size_t groups, bool national, const Start &start) {
    switch (may_end(site, site.phrase->groups[groups - 1].end, national)) {
    case Probe::State::Found: {
        size_t end = site.phrase->groups[groups - 1].end;
        std::string_view inside = site.window.text.substr(start.begin, end - start.begin);
        bool closed = start.paren && at_or_space(site.window.text, end) == ')' && inside.find(')') == std::string_view::npos;
        return Probe::found(start.begin, end + (closed ? 1 : 0));
    }
    case Probe::State::Open: return Probe::open(start.begin);
    default: return {};
    }
}

// +49 (0)30 901820, 0049 30 901820: `skip` digits stand before the country's code.
Probe probe_international(const Site &site, const Start &start, size_t skip) {
    const Phrase &phrase = *site.phrase;
    std::string_view text = site.window.text;
    char digits[kMaxDigits];
    size_t size = 0;
    Probe best;
    for (size_t i = 0; i < phrase.count; ++i) {
        bool trunk = i > 0 && phrase[i].separator == Phrase::Paren && phrase[i].size() == 1 && text[phrase[i].begin] == '0';
        size_t begin = phrase[i].begin + (i == 0 ? std::min(skip, phrase[0].size()) : 0);
        bool growing = i + 1 == phrase.count && phrase.open_group(site.window);
        if (!trunk && size + (phrase[i].end - begin) > kMaxDigits) {
            return best;
        }
        for (; !trunk && begin < phrase[i].end; ++begin) {
            digits[size++] = text[begin];
        }
        CallingCode code = calling_code({digits, size});
        if (code.open) {
            continue;
        }
        bool trunk_kept = !start.plus && size > code.digits && digits[code.digits] == '0' && std::string_view(digits, 2) != "39";
        if (code.digits == 0 || size - code.digits > code.most || trunk_kept) {
            return best;
        }
        bool mobile_one = digits[0] == '1' && size > 1 && digits[1] < '2';  // no area begins with 0 or 1
        if (mobile_one) {
            return {};
        }
        if (growing) {
            return Probe::open(start.begin);
        }
        if (size - code.digits >= code.least && !trunk) {
            Probe next = ended(site, i + 1, false, start);
            if (next.state == Probe::State::Open) {
                return next;
            }
            best = next.state == Probe::State::Found ? next : best;
            if (next.state == Probe::State::Found && size - code.digits == code.most) {
                return best;
            }
        }
    }
    return phrase.complete || phrase.count == Phrase::kMaxGroups ? best : Probe::open(start.begin);
}

bool is_denied(Hint hint) { return hint == Hint::Money || hint == Hint::Other || hint == Hint::Version || hint == Hint::Ssn; }

// Without a look at the words before: most numbers in a text are out here.
bool cannot_be_national(const Phrase &phrase, std::string_view text) {
    constexpr size_t kFewest = 7;
    size_t digits = 0;
    for (size_t i = 0; i < phrase.count; ++i) {
        digits += phrase[i].size();
    }
    char first = text[phrase[0].begin];
    bool trunk = first == '0' || first == '1' || first == '8';
    bool single = phrase.count > 1 && phrase[0].size() == 1;
    return (phrase.complete && digits < kFewest) || (single && (!trunk || (phrase[1].size() < 2 && (phrase.complete || phrase.count > 2))));
}

Probe probe_national(const Site &site, const Start &start) {
    const Phrase &phrase = *site.phrase;
    std::string_view text = site.window.text;
    bool after_number = start.begin >= 2 && is_digit(text[start.begin - 2]) && text[start.begin - 1] == ' ';
    Shape whole{text, phrase, phrase.count};
    if (cannot_be_national(phrase, text)) {
        return {};
    }
    Hint hint = hint_before(text, start.begin);
    bool hinted = hint == Hint::Phone;
    if (is_denied(hint) || phrase[0].size() > 13) {
        return {};
    }
    bool growing = phrase.open_group(site.window);
    if (!phrase.complete && phrase.count < Phrase::kMaxGroups && whole.digits() <= 13) {
        return may_become_national(whole, growing, hinted) ? Probe::open(start.begin) : Probe{};
    }
    for (size_t groups = std::min(phrase.count - (growing ? 1 : 0), kMaxGroups); groups > 0; --groups) {
        Shape shape{text, phrase, groups};
        bool spaced = shape.evenly(Phrase::Space, Phrase::Space);
        bool fits = (is_national(shape) && !(after_number && spaced && !hinted)) || (hinted && is_plausible(shape));
        if (!fits) {
            continue;
        }
        Probe found = ended(site, groups, !hinted, start);
        if (found.state != Probe::State::No) {
            return found;
        }
    }
    return {};
}

Probe probe(const Site &site) {
    const Phrase &phrase = *site.phrase;
    Start start = start_of(site.window.text, phrase[0].begin);
    if (!start.fits || start.begin < site.floor || phrase.too_long) {
        return {};
    }
    if (start.plus) {
        return probe_international(site, start, 0);
    }
    std::string_view first = site.window.text.substr(phrase[0].begin, phrase[0].size());
    Probe abroad;
    if (first[0] == '0' && is_denied(hint_before(site.window.text, start.begin))) {
        return {};
    }
    if (first.substr(0, 2) == "00") {
        abroad = probe_international(site, start, 2);
    } else if (first == "011" && phrase.count > 1) {
        abroad = probe_international(site, start, 3);
    }
    return abroad.state != Probe::State::No ? abroad : probe_national(site, start);
}

// A + or a parenthesis whose digits have not come.
size_t tail(const Window &window) {
    std::string_view text = window.text;
    size_t begin = text.size();
    while (begin > 0 && text.size() - begin < 2 && (text[begin - 1] == '+' || text[begin - 1] == '(')) {
        --begin;
    }
    return begin < text.size() && !is_word(before(text, begin)) ? begin : text.size();
}

}  // namespace

Recogniser phone_recogniser() { return {"phone", "PHONE", kDigitAnchor, probe, tail}; }

}  // namespace aigw::guards
