// One kind of personal data. A recogniser is asked at its anchors (bytes that it cannot do without) and, where a text
// stops for now, whether its end may be the beginning of something whose anchor has yet to come.
#pragma once

#include <array>

#include "guards/finder.h"

namespace aigw::guards {

enum Anchor : uint8_t {
    kDigitAnchor = 1,       // the first digit of a run
    kAtAnchor = 2,          // @
    kColonAnchor = 4,       // :
    kEqualsAnchor = 8,      // =
    kDashAnchor = 16,       // -
    kUnderscoreAnchor = 32, // _
    kLetterAnchor = 64,     // capitals and letters that are rare: see recogniser.cpp
};

// Digits with what may stand between the groups of one number.
struct Phrase {
    enum Separator : uint8_t { None, Space, Dash, Dot, Slash, Paren };  // Paren: whatever holds a parenthesis
    struct Group {
        size_t begin = 0, end = 0;
        Separator separator = None;  // before it
        size_t size() const { return end - begin; }
    };
    static constexpr size_t kMaxGroups = 10;
    static constexpr size_t kMaxGroup = 24;  // digits of one group; more are nobody's number

    std::array<Group, kMaxGroups> groups;
    size_t count = 0;
    bool complete = true;   // false: the text stopped where the phrase may go on
    bool too_long = false;  // the first group has more than kMaxGroup digits; a later one only ends the phrase

    const Group &operator[](size_t i) const { return groups[i]; }
    // The last group itself may go on.
    bool open_group(const Window &window) const { return !complete && groups[count - 1].end == window.text.size(); }
};

// From the first digit of a run.
Phrase read_phrase(const Window &window, size_t begin);

struct Site {
    const Window &window;
    size_t anchor;
    size_t floor;          // nothing may begin before it: what stands there has been decided
    const Phrase *phrase;  // for kDigitAnchor
};

struct Probe {
    enum class State : uint8_t {
        No,     // nothing, whatever follows
        Found,  // [begin, end), whatever follows
        Open,   // depends on what follows; kept from `begin` on, which is not after the anchor
    };
    State state = State::No;
    size_t begin = 0, end = 0;

    static Probe found(size_t begin, size_t end) { return {State::Found, begin, end}; }
    static Probe open(size_t begin) { return {State::Open, begin, begin}; }
};

struct Recogniser {
    std::string_view name;   // in the configuration
    std::string_view label;  // in placeholders
    uint8_t anchors;
    Probe (*probe)(const Site &site);
    // Where in a text that goes on something begins whose anchor has not come yet; its size if nowhere.
    size_t (*tail)(const Window &window);
};

// One line for each in registry.cpp.
inline constexpr size_t kMaxRecognisers = 16;
Recogniser email_recogniser();
Recogniser phone_recogniser();
Recogniser ssn_recogniser();
Recogniser card_recogniser();
Recogniser iban_recogniser();
Recogniser ip_recogniser();
Recogniser secret_recogniser();

// Nothing begins before its anchor.
size_t no_tail(const Window &window);

}  // namespace aigw::guards
