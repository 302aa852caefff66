#include "providers/mint_schedule.h"

#include <algorithm>

namespace aigw::providers {

void MintSchedule::succeeded(Millis now, UnixSeconds expires, uint32_t random) {
    failures_ = 0;
    expires_ = expires * 1000;
    const Millis ahead = std::min(kAhead, std::max<Millis>(expires_ - now, 0) / 2);
    const Millis spread = static_cast<Millis>(random) % (ahead / 8 + 1);
    due_ = std::max(expires_ - ahead - spread, now + kLeastWait);
}

// Half of the wait is sure, the other half is by chance.
void MintSchedule::failed(Millis now, uint32_t random) {
    const Millis wait = std::min(kBackoffMax, kBackoffBase << std::min(failures_, 16));
    failures_++;
    due_ = now + wait / 2 + static_cast<Millis>(random) % (wait / 2 + 1);
}

}  // namespace aigw::providers
