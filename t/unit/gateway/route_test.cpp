#include "gateway/route.h"

#include <gtest/gtest.h>

namespace aigw::gateway {
namespace {

Model model_with_retries(std::vector<int> retries) {
    Model model;
    model.name = "m";
    for (int n : retries) {
        Target target;
        target.retries = n;
        model.targets.push_back(target);
    }
    return model;
}

// The targets called when every call fails the same way.
std::vector<size_t> calls(const Model &model, FailureClass failure, std::optional<Millis> retry_after = {}) {
    Route route(model);
    std::vector<size_t> made;
    std::optional<Route::Next> next = route.start();
    while (next) {
        made.push_back(next->target);
        route.launched();
        next = route.after(failure, retry_after, 12345);
    }
    return made;
}

TEST(Route, RepeatsEachTargetBeforeTheNext) {
    EXPECT_EQ(calls(model_with_retries({2, 0}), FailureClass::Retryable), (std::vector<size_t>{0, 0, 0, 1}));
}

TEST(Route, CredentialsAreNotTriedTwice) {
    EXPECT_EQ(calls(model_with_retries({2, 2}), FailureClass::OtherTarget), (std::vector<size_t>{0, 1}));
}

TEST(Route, TheCallersMistakeEndsIt) {
    EXPECT_EQ(calls(model_with_retries({2, 2}), FailureClass::Final), (std::vector<size_t>{0}));
}

TEST(Route, ThrottledMovesOnAtOnceWithoutRetries) {
    EXPECT_EQ(calls(model_with_retries({0, 1}), FailureClass::Throttled), (std::vector<size_t>{0, 1, 1, 1}));
}

TEST(Route, ThrottledLastTargetIsTriedTwiceMore) {
    EXPECT_EQ(calls(model_with_retries({0}), FailureClass::Throttled), (std::vector<size_t>{0, 0, 0}));
}

TEST(Route, ALongRetryAfterIsNotWaitedFor) {
    EXPECT_EQ(calls(model_with_retries({2, 2}), FailureClass::Throttled, Route::kMaxRetryAfter + 1),
              (std::vector<size_t>{0, 1}));
    EXPECT_EQ(calls(model_with_retries({1}), FailureClass::Throttled, Route::kMaxRetryAfter).size(), 3u);
}

TEST(Route, WaitsAsLongAsTheProviderAsked) {
    Model model = model_with_retries({1});
    Route route(model);
    route.launched();
    auto next = route.after(FailureClass::Throttled, 1500, 1);
    ASSERT_TRUE(next);
    EXPECT_EQ(next->wait, 1500);
}

TEST(Route, BackoffStaysBelowItsCeiling) {
    Model model = model_with_retries({9});
    for (uint32_t random : {0u, 1u, 250u, 251u, 99999u, 0xffffffffu}) {
        Route route(model);
        Millis ceiling = Route::kBackoffBase;
        for (int n = 0; n < 9; n++) {
            route.launched();
            auto next = route.after(FailureClass::Throttled, {}, random);
            ASSERT_TRUE(next);
            EXPECT_GE(next->wait, 0);
            EXPECT_LE(next->wait, std::min(ceiling, Route::kBackoffMax));
            ceiling *= 2;
        }
    }
}

TEST(Route, RetryableRepeatsAtOnce) {
    Model model = model_with_retries({1});
    Route route(model);
    route.launched();
    auto next = route.after(FailureClass::Retryable, {}, 4000);
    ASSERT_TRUE(next);
    EXPECT_EQ(next->wait, 0);
}

TEST(Route, TenCallsAtMost) {
    EXPECT_EQ(calls(model_with_retries({9, 9, 9}), FailureClass::Retryable).size(),
              static_cast<size_t>(Route::kMaxAttempts));
}

}  // namespace
}  // namespace aigw::gateway
