// Payment cards: an issuer's first digits, its lengths, the groups that cards are printed in, and the check digit.
#include "guards/chars.h"
#include "guards/context.h"
#include "guards/recogniser.h"

namespace aigw::guards {

namespace {

constexpr size_t kMaxDigits = 19;

struct Issuer {
    uint32_t first, last;  // the leading digits, as many as `digits`
    uint8_t digits;
    uint32_t lengths;  // bit n: n digits
};

constexpr uint32_t bits(int from, int to) {
    uint32_t out = 0;
    for (int i = from; i <= to; ++i) {
        out |= 1u << i;
    }
    return out;
}

constexpr Issuer kIssuers[] = {
    {4, 4, 1, bits(13, 13) | bits(16, 16) | bits(19, 19)},  // Visa
    {51, 55, 2, bits(16, 16)},                              // Mastercard
    {2221, 2720, 4, bits(16, 16)},                          //
    {34, 34, 2, bits(15, 15)},                              // American Express
    {37, 37, 2, bits(15, 15)},                              //
    {6011, 6011, 4, bits(16, 16)},                          // Discover
    {644, 659, 3, bits(16, 16)},                            //
    {300, 305, 3, bits(14, 14)},                            // Diners
    {36, 36, 2, bits(14, 14)},                              //
    {38, 39, 2, bits(14, 14)},                              //
    {3528, 3589, 4, bits(16, 16)},                          // JCB
    {62, 62, 2, bits(16, 19)},                              // UnionPay
    {81, 82, 2, bits(16, 16)},                              //
    {2200, 2204, 4, bits(16, 16)},                          // Mir
    {508, 508, 3, bits(16, 16)},                            // RuPay
    {60, 60, 2, bits(16, 16)},                              //
    {5018, 5020, 4, bits(16, 19)},                          // Maestro
    {5038, 5038, 4, bits(16, 19)},                          //
    {5893, 5893, 4, bits(16, 19)},                          //
    {6304, 6304, 4, bits(16, 19)},                          //
    {6759, 6763, 4, bits(16, 19)},                          //
    {9792, 9792, 4, bits(16, 16)},                          // Troy
};

// How cards are printed: the sizes of the groups.
constexpr uint8_t kLayouts[][6] = {{4, 4, 4, 4}, {4, 6, 5}, {4, 6, 4}, {4, 4, 4, 4, 3}, {4, 4, 5}, {4, 4, 4, 3}, {8, 8}};

// The lengths that a card with these leading digits may have; of fewer digits than an issuer's, those it may turn into.
uint32_t lengths_of(std::string_view digits) {
    uint32_t out = 0;
    for (const Issuer &issuer : kIssuers) {
        uint32_t low = issuer.first, high = issuer.last, value = 0;
        for (size_t n = issuer.digits; n > digits.size(); --n) {
            low /= 10;
            high /= 10;
        }
        for (char c : digits.substr(0, issuer.digits)) {
            value = value * 10 + static_cast<uint32_t>(c - '0');
        }
        out |= value >= low && value <= high ? issuer.lengths : 0;
    }
    return out;
}

bool passes_luhn(std::string_view digits) {
    unsigned sum = 0;
    for (size_t i = 0; i < digits.size(); ++i) {
        auto digit = static_cast<unsigned>(digits[digits.size() - 1 - i] - '0');
        sum += i % 2 == 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0);
    }
    return sum % 10 == 0;
}

// The digits of the phrase's first `groups` groups.
struct Digits {
    char bytes[kMaxDigits];
    size_t size = 0;

    Digits(std::string_view text, const Phrase &phrase, size_t groups) {
        for (size_t i = 0; i < groups; ++i) {
            for (size_t at = phrase[i].begin; at < phrase[i].end && size < kMaxDigits; ++at) {
                bytes[size++] = text[at];
            }
        }
    }
    operator std::string_view() const { return {bytes, size}; }
};

// The first `groups` groups are all there: what else must hold.
Probe judge(const Site &site, size_t groups) {
    const Phrase &phrase = *site.phrase;
    std::string_view text = site.window.text;
    size_t end = phrase[groups - 1].end;
    if (groups < phrase.count && phrase[groups].separator != Phrase::Space) {
        return {};
    }
    Digits digits(text, phrase, groups);
    if (!(lengths_of(digits) >> digits.size & 1) || !passes_luhn(digits)) {
        return {};
    }
    bool pending = !phrase.complete && groups == phrase.count;
    if (pending || (!site.window.final && end + 1 >= text.size())) {
        return Probe::open(phrase[0].begin);
    }
    char next = at_or_space(text, end);
    bool goes_on = (next == '.' || next == '-' || next == '/') && is_alnum(at_or_space(text, end + 1)) && groups == 1;
    if (is_word(next) || goes_on) {
        return {};
    }
    bool numbered = groups == 1 && hint_before(text, phrase[0].begin) == Hint::Other;
    return numbered ? Probe{} : Probe::found(phrase[0].begin, end);
}

Probe try_layout(const Site &site, const uint8_t *sizes) {
    const Phrase &phrase = *site.phrase;
    size_t groups = 0;
    for (; groups < 6 && sizes[groups] != 0; ++groups) {
        bool last = groups + 1 >= phrase.count;
        if (groups >= phrase.count) {
            return phrase.complete ? Probe{} : Probe::open(phrase[0].begin);
        }
        if (groups > 0 && (phrase[groups].separator > Phrase::Dot || phrase[groups].separator != phrase[1].separator)) {
            return {};
        }
        if (phrase[groups].size() != sizes[groups]) {
            return last && phrase.open_group(site.window) && phrase[groups].size() < sizes[groups] ? Probe::open(phrase[0].begin)
                                                                                                   : Probe{};
        }
        if (last && phrase.open_group(site.window)) {
            return Probe::open(phrase[0].begin);
        }
    }
    return judge(site, groups);
}

Probe probe(const Site &site) {
    const Phrase &phrase = *site.phrase;
    size_t begin = phrase[0].begin, size = phrase[0].size();
    char left = before(site.window.text, begin);
    if (is_word(left) || left == '.' || left == '-' || left == '/' || left == '+' || size > kMaxDigits || phrase.too_long) {
        return {};
    }
    if (lengths_of(Digits(site.window.text, phrase, 1)) == 0) {
        return {};
    }
    bool growing = phrase.count == 1 && phrase.open_group(site.window);
    Probe best = size >= 13 && !growing ? judge(site, 1) : growing ? Probe::open(begin) : Probe{};
    for (const uint8_t *layout : kLayouts) {
        Probe found = try_layout(site, layout);
        bool better = found.state == Probe::State::Open || (found.state == Probe::State::Found && found.end > best.end);
        best = best.state != Probe::State::Open && better ? found : best;
    }
    return best;
}

}  // namespace

Recogniser card_recogniser() { return {"credit_card", "CREDIT_CARD", kDigitAnchor, probe, no_tail}; }

}  // namespace aigw::guards
