// When a credential that ends is made anew: well ahead of its end, or after a failure with growing patience. All times are
// milliseconds since 1970, as the ends are told in those.
#pragma once

#include <cstdint>

#include "core/units.h"

namespace aigw::providers {

class MintSchedule {
public:
    static constexpr Millis kAhead = 300'000;          // of the end; less for what lives less than twice as long
    static constexpr Millis kLeastWait = 250;          // after a success, however short the life
    static constexpr Millis kBackoffBase = 1'000;      // after the first failure, about
    static constexpr Millis kBackoffMax = 15'000;      // requests fail meanwhile, if the old one has ended

    // `random` spreads the machines' and workers' calls.
    void succeeded(Millis now, UnixSeconds expires, uint32_t random);
    void failed(Millis now, uint32_t random);
    // It is to be made anew at once: what it was made of has changed.
    void expedite(Millis now) { due_ = now; }

    // There is one, and it has not ended.
    bool usable(Millis now) const { return now < expires_; }
    // From then on it is to be made; at first at once.
    Millis due() const { return due_; }
    Millis expires() const { return expires_; }
    // In a row.
    int failures() const { return failures_; }

private:
    Millis expires_ = 0;
    Millis due_ = 0;
    int failures_ = 0;
};

}  // namespace aigw::providers
