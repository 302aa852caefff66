// Which target is tried next, and after what wait. Order: the model's targets, each up to 1 + retries times.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/units.h"
#include "gateway/policy.h"

namespace aigw::gateway {

enum class FailureClass : uint8_t {
    Retryable,   // 5xx, connection, time, malformed: the same call may succeed
    Throttled,   // 429, overload: may succeed later
    OtherTarget, // credentials, quota, cannot carry the request: only another target helps
    Final,       // the caller's own mistake: nobody else is asked
};

class Route {
public:
    static constexpr int kMaxAttempts = 10;              // calls a request
    static constexpr int kLastTargetRetries = 2;         // of a throttled call when no other target is left
    static constexpr Millis kMaxRetryAfter = 10'000;     // a longer wait is not waited for
    static constexpr Millis kBackoffBase = 250, kBackoffMax = 5'000;

    struct Next {
        size_t target;
        Millis wait;
    };

    explicit Route(const Model &model) : model_(&model) {}

    // The first call.
    Next start() const { return {0, 0}; }
    // What follows a failure of the call under way; nothing: no more. `random` is a fresh random number, for jitter.
    std::optional<Next> after(FailureClass failure, std::optional<Millis> retry_after, uint32_t random);
    int attempts() const { return attempts_; }
    // Counts a call as made (a target that cannot carry the request is skipped without one).
    void launched() { attempts_++; }

private:
    std::optional<Next> next_target();

    const Model *model_;
    size_t target_ = 0;
    int repeats_ = 0;  // of the current target so far
    int attempts_ = 0;
};

}  // namespace aigw::gateway
