// Phrases of digits.
#include "guards/recogniser.h"

#include <algorithm>

#include "guards/chars.h"

namespace aigw::guards {

namespace {

// One sign between groups at `at`: its bytes, 0 if there is none; as what it counts.
size_t read_sign(std::string_view text, size_t at, Phrase::Separator &kind) {
    auto byte = [&](size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u; };
    switch (text[at]) {
    case ' ': kind = Phrase::Space; return 1;
    case '-': kind = Phrase::Dash; return 1;
    case '.': kind = Phrase::Dot; return 1;
    case '/': kind = Phrase::Slash; return 1;
    case '(':
    case ')': kind = Phrase::Paren; return 1;
    default: break;
    }
    if (byte(0) == 0xC2 && byte(1) == 0xA0) {  // no-break space
        kind = Phrase::Space;
        return 2;
    }
    if (byte(0) == 0xE2 && byte(1) == 0x80) {
        if ((byte(2) >= 0x80 && byte(2) <= 0x8A) || byte(2) == 0xAF) {  // spaces of all widths
            kind = Phrase::Space;
            return 3;
        }
        if (byte(2) >= 0x90 && byte(2) <= 0x95) {  // hyphens and dashes
            kind = Phrase::Dash;
            return 3;
        }
    }
    return 0;
}

// At most three signs, of which one at most is no space: " - ", ") ", " (", ")-". Leaves `at` behind them.
Phrase::Separator read_separator(std::string_view text, size_t &at) {
    Phrase::Separator kind = Phrase::None;
    for (size_t signs = 0, marks = 0; signs < 3 && at < text.size(); ++signs) {
        Phrase::Separator sign = Phrase::None;
        size_t bytes = read_sign(text, at, sign);
        bool follows_paren = sign == Phrase::Dash && kind == Phrase::Paren;
        if (bytes == 0 || (sign != Phrase::Space && sign != Phrase::Paren && marks > 0 && !follows_paren)) {
            break;
        }
        marks += sign != Phrase::Space;
        kind = kind == Phrase::Paren || sign == Phrase::Paren ? Phrase::Paren
               : sign == Phrase::Space && kind != Phrase::None ? kind
                                                               : sign;
        at += bytes;
    }
    return kind;
}

}  // namespace

Phrase read_phrase(const Window &window, size_t begin) {
    std::string_view text = window.text;
    Phrase phrase;
    Phrase::Separator separator = Phrase::None;
    for (size_t at = begin; phrase.count < Phrase::kMaxGroups;) {
        size_t end = at;
        while (end < text.size() && is_digit(text[end]) && end - at <= Phrase::kMaxGroup) {
            ++end;
        }
        phrase.groups[phrase.count++] = {at, end, separator};
        if (end - at > Phrase::kMaxGroup) {
            phrase.too_long = phrase.count == 1;
            return phrase;
        }
        at = end;
        separator = read_separator(text, at);
        if (at == text.size()) {
            phrase.complete = window.final;
            return phrase;
        }
        if (separator == Phrase::None || !is_digit(text[at])) {
            return phrase;
        }
    }
    return phrase;
}

size_t no_tail(const Window &window) { return window.text.size(); }

}  // namespace aigw::guards
