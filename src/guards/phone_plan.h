// Numbering plans: how many digits a national number has, and the shapes in which people write them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "guards/recogniser.h"

namespace aigw::guards {

struct CallingCode {
    size_t digits = 0;           // of the code itself; 0: no country has it
    size_t least = 0, most = 0;  // digits behind it
    bool open = false;           // too few digits to say
};

// `digits`: behind the + or 00, as many as there are.
CallingCode calling_code(std::string_view digits);

// The sizes of the first groups of a phrase and what is known of them.
struct Shape {
    std::string_view text;
    const Phrase &phrase;
    size_t groups;  // those that count

    std::string_view group(size_t i) const { return text.substr(phrase[i].begin, phrase[i].size()); }
    size_t size(size_t i) const { return phrase[i].size(); }
    size_t digits() const;
    bool parenthesised() const;  // the first group, or the one behind a trunk digit
    bool sizes(std::initializer_list<size_t> wanted, size_t first = 0) const;
    bool evenly(Phrase::Separator a, Phrase::Separator b) const;  // every separator is one of the two
    bool is_date() const;
};

// A national number in a shape that is hardly anything else.
bool is_national(const Shape &shape);
// Where the words before say that it is a telephone number: in any sensible groups.
bool is_plausible(const Shape &shape);
// Whether more digits behind what is there can make a national number; `hinted`: the words before say so.
bool may_become_national(const Shape &shape, bool growing, bool hinted);

}  // namespace aigw::guards
