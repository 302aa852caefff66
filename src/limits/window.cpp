#include "limits/window.h"

#include <algorithm>

namespace aigw::limits {

namespace {

int64_t ordinal(const Window &window, Millis time) {
    return std::max<Millis>(time, 0) / slice_length(window.length);
}

// The clock was set back: every slice keeps its distance to now.
void rebase(Window &window, int64_t newest) {
    Tokens moved[kRing] = {};
    for (int64_t back = 0; back < kRing && back <= window.newest && back <= newest; back++) {
        moved[(newest - back) % kRing] = window.slices[(window.newest - back) % kRing];
    }
    std::copy(std::begin(moved), std::end(moved), window.slices);
    window.newest = newest;
}

Millis leaves_at(const Window &window, int64_t slice) {
    return (slice + kRing) * slice_length(window.length);
}

}  // namespace

void start(Window &window, Millis length, Millis now) {
    window = {};
    window.length = length;
    window.newest = ordinal(window, now);
}

void advance(Window &window, Millis now) {
    int64_t current = ordinal(window, now);
    if (current > window.newest) {
        int64_t first = std::max(window.newest + 1, current - kSlices);
        for (int64_t slice = first; slice <= current; slice++) {
            window.slices[slice % kRing] = 0;
        }
        window.newest = current;
    } else if (window.newest * slice_length(window.length) - now > kClockTolerance) {
        rebase(window, current);
    }
}

Tokens charged(const Window &window) {
    Tokens sum = 0;
    for (Tokens slice : window.slices) {
        sum += slice;
    }
    return std::min(sum, kMaxCount);
}

Tokens *slice_of(Window &window, Millis time) {
    int64_t slice = ordinal(window, time);
    bool inside = slice <= window.newest && slice > window.newest - kRing;
    return inside ? &window.slices[slice % kRing] : nullptr;
}

Millis until_free(const Window &window, Tokens need, Millis now) {
    Tokens freed = 0;
    int64_t last = window.newest - kSlices;
    for (int64_t slice = std::max<int64_t>(last, 0); slice <= window.newest && freed < need; slice++) {
        if (Tokens here = window.slices[slice % kRing]; here > 0) {
            freed += here;
            last = slice;
        }
    }
    return freed == 0 ? 0 : std::max<Millis>(leaves_at(window, last) - now, 1);
}

Millis until_empty(const Window &window, Millis now) {
    if (window.held > 0) {
        return std::max<Millis>(leaves_at(window, window.newest) - now, 1);
    }
    return until_free(window, kMaxCount, now);
}

}  // namespace aigw::limits
