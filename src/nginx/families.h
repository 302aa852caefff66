// The metrics that are counted: name, help, labels, buckets. One row each; docs/metrics.md tells them to the operator.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace aigw::ngx {

// The order is part of the state zone's layout.
enum class Family : uint8_t { Requests, Tokens, Attempts, Duration, Ttft, Tpot, Overhead, Limits, Guardrails, RedisErrors, Cache };

enum class LabelName : uint8_t { None, Model, Provider, Team, Status, Result, Name, Label, Action, Kind };

// Counters of one Tokens series.
inline constexpr size_t kPromptTokens = 0, kCompletionTokens = 1, kCachedTokens = 2, kReasoningTokens = 3;
inline constexpr std::array<std::string_view, 4> kTokenKinds = {"prompt", "completion", "cached", "reasoning"};

struct FamilyInfo {
    std::string_view name, help;
    std::array<LabelName, 4> labels;
    std::span<const uint64_t> buckets;  // upper bounds in microseconds; none: a counter
    bool by_kind = false;               // one counter for each of kTokenKinds

    bool is_histogram() const { return !buckets.empty(); }
    // Counters of a series. A histogram: one for each bucket, one for what is above, the sum in microseconds.
    uint32_t width() const {
        return is_histogram() ? static_cast<uint32_t>(buckets.size() + 2) : by_kind ? uint32_t(kTokenKinds.size()) : 1;
    }
};

std::span<const FamilyInfo> families();
std::string_view label_text(LabelName name);

}  // namespace aigw::ngx
