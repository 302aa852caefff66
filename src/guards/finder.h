// What looks for things in a text that may still be growing. A finder is stateless: whether something is found at a place is
// decided by the kLookBehind bytes before it and by what follows, never by where scanning began or how the text was
// cut. So a stream gives what the whole text gives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace aigw::guards {

inline constexpr size_t kLookBehind = 128;  // bytes before a find that may decide on it

struct Window {
    std::string_view text;  // whole UTF-8 characters
    size_t from = 0;        // look for what begins here or later; what stands before is context
    bool starts = true;     // text[0] is the first byte of all
    bool final = false;     // nothing follows
};

struct Find {
    size_t begin = 0, end = 0;  // bytes of Window::text
    uint16_t tag = 0;           // which of the finder's things
    size_t source = 0;          // where looking must begin to find it again, at most `begin`: api_key= before a key
};

struct Progress {
    // Everything whose source is before it has been reported and ends before it; the next window looks from here. The
    // window's size if nothing is pending.
    size_t open = 0;
    bool failed = false;  // the finder could not decide: what it would have found is not known
};

class Finder {
public:
    virtual ~Finder() = default;
    // Appends finds in the order of their beginning; those of one tag do not overlap.
    virtual Progress scan(const Window &window, std::vector<Find> &finds) const = 0;
};

// Finds whose source is at `open` or later are taken back, and `open` moves before any that reaches over it.
size_t keep_decided(std::vector<Find> &finds, size_t first, size_t open);

}  // namespace aigw::guards
