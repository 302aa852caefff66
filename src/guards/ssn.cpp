// US social security numbers: 123-45-6789, with spaces too; nine digits in a row or with dots where the words before say so.
#include "guards/chars.h"
#include "guards/context.h"
#include "guards/recogniser.h"

namespace aigw::guards {

namespace {

// Areas, groups and serials that were never given out; `digits` are nine.
bool is_issued(std::string_view area, std::string_view group, std::string_view serial) {
    return area != "000" && area != "666" && area[0] != '9' && group != "00" && serial != "0000";
}

Probe judge(const Site &site, size_t groups) {
    const Phrase &phrase = *site.phrase;
    std::string_view text = site.window.text;
    size_t begin = phrase[0].begin, end = phrase[groups - 1].end;
    bool more = groups < phrase.count && phrase[groups].separator != Phrase::Space;
    char next = at_or_space(text, end);
    if (more || is_word(next) || (next == '-' && is_alnum(at_or_space(text, end + 1)))) {
        return {};
    }
    size_t step = groups == 1 ? 0 : 1;
    std::string_view area = text.substr(begin, 3), group = text.substr(step ? phrase[1].begin : begin + 3, 2),
                     serial = text.substr(step ? phrase[2].begin : begin + 5, 4);
    bool needs_word = groups == 1 || phrase[1].separator == Phrase::Dot;
    if (!is_issued(area, group, serial) || (needs_word && hint_before(text, begin) != Hint::Ssn)) {
        return {};
    }
    if (!needs_word && phrase[1].separator == Phrase::Space) {
        Hint hint = hint_before(text, begin);
        if (hint != Hint::Ssn && hint != Hint::None) {
            return {};
        }
    }
    bool pending = !phrase.complete && groups == phrase.count;
    return pending || (!site.window.final && end + 1 >= text.size()) ? Probe::open(begin) : Probe::found(begin, end);
}

Probe probe(const Site &site) {
    const Phrase &phrase = *site.phrase;
    size_t begin = phrase[0].begin;
    char left = before(site.window.text, begin);
    if (is_word(left) || left == '.' || left == '-' || left == '/' || left == '+' || left == '$' || phrase.too_long) {
        return {};
    }
    constexpr size_t kSizes[] = {3, 2, 4};
    for (size_t i = 0; i < 3; ++i) {
        if (i >= phrase.count) {
            return phrase.complete ? Probe{} : Probe::open(begin);
        }
        bool growing = i + 1 == phrase.count && phrase.open_group(site.window);
        if (i == 0 && phrase[0].size() > 3) {
            bool nine = phrase[0].size() == 9 && !growing;
            bool may_be = growing && phrase[0].size() <= 9 && hint_before(site.window.text, begin) == Hint::Ssn;
            return nine ? judge(site, 1) : may_be ? Probe::open(begin) : Probe{};
        }
        if (i > 0 && (phrase[i].separator > Phrase::Dot || phrase[i].separator != phrase[1].separator)) {
            return {};
        }
        if (phrase[i].size() != kSizes[i]) {
            return growing && phrase[i].size() < kSizes[i] ? Probe::open(begin) : Probe{};
        }
        if (growing) {
            return Probe::open(begin);
        }
    }
    return judge(site, 3);
}

}  // namespace

Recogniser ssn_recogniser() { return {"ssn", "SSN", kDigitAnchor, probe, no_tail}; }

}  // namespace aigw::guards
