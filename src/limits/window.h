// One counter over a sliding window. The window is cut into slices; what is charged lies in the slice of its time, and
// all slices count that the window touches at all. So the sum is never less than what any window of this length has
// seen: it errs on the side of the limit, by up to one slice (a fifteenth of the window) of time.
//
// `held` is reserved by requests that are running: it counts wherever the window stands, until they settle, because
// nobody knows yet when their tokens will have been used.
//
// POD without pointers: it lives in shared memory. Times are Unix milliseconds. A clock that goes back by more than
// kClockTolerance takes the window with it; a smaller step (workers see the time a little apart) is ignored.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/rate.h"
#include "core/units.h"

namespace aigw::limits {

inline constexpr int kSlices = 15;                     // of one window
inline constexpr int kRing = kSlices + 1;              // and the one that is running
inline constexpr Millis kClockTolerance = 5000;        // ms
inline constexpr Tokens kMaxCount = kMaxLimit;         // of a slice, and of `held`: they saturate

struct Window {
    Millis length;          // ms
    int64_t newest;         // ordinal of the newest slice: Unix ms / slice_length
    Tokens held;
    Tokens slices[kRing];   // by ordinal % kRing
};
static_assert(std::is_trivially_copyable_v<Window> && sizeof(Window) == 152);

// ms; rounded up, so that the slices are never shorter than the window together.
constexpr Millis slice_length(Millis window) { return (window + kSlices - 1) / kSlices; }

constexpr Tokens add_saturating(Tokens a, Tokens b) { return a > kMaxCount - b ? kMaxCount : a + b; }

void start(Window &window, Millis length, Millis now);
// Forgets what has left the window. To be called before anything below looks at the window.
void advance(Window &window, Millis now);
// What was charged in the window; without `held`.
Tokens charged(const Window &window);
inline Tokens counted(const Window &window) { return add_saturating(charged(window), window.held); }

// The running slice, to be written by who charges.
inline Tokens &running_slice(Window &window) { return window.slices[window.newest % kRing]; }
// The slice of an earlier time, or null if it has left the window.
Tokens *slice_of(Window &window, Millis time);

// ms until `need` tokens of what was charged have left the window; if there is less, until all of it has left.
Millis until_free(const Window &window, Tokens need, Millis now);
// ms until the window is as good as new; what is held counts as charged now.
Millis until_empty(const Window &window, Millis now);

}  // namespace aigw::limits
