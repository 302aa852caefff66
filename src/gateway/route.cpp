#include "gateway/route.h"

#include <algorithm>

namespace aigw::gateway {

std::optional<Route::Next> Route::next_target() {
    repeats_ = 0;
    if (++target_ >= model_->targets.size()) {
        return std::nullopt;
    }
    return Next{target_, 0};
}

std::optional<Route::Next> Route::after(FailureClass failure, std::optional<Millis> retry_after, uint32_t random) {
    if (failure == FailureClass::Final || attempts_ >= kMaxAttempts) {
        return std::nullopt;
    }
    int repeats = model_->targets[target_].retries;
    if (failure == FailureClass::Throttled && target_ + 1 == model_->targets.size()) {
        repeats = std::max(repeats, kLastTargetRetries);
    }
    if (failure == FailureClass::OtherTarget || repeats_ >= repeats || retry_after.value_or(0) > kMaxRetryAfter) {
        return next_target();
    }
    int n = repeats_++;
    if (retry_after) {
        return Next{target_, *retry_after};
    }
    if (failure == FailureClass::Retryable) {
        return Next{target_, 0};
    }
    Millis ceiling = std::min(kBackoffBase << n, kBackoffMax);
    return Next{target_, static_cast<Millis>(random % static_cast<uint32_t>(ceiling + 1))};
}

}  // namespace aigw::gateway
