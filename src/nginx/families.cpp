#include "nginx/families.h"

namespace aigw::ngx {

namespace {

constexpr uint64_t kMs = 1000, kS = 1'000'000;  // in microseconds

constexpr std::array<uint64_t, 13> kDuration = {50 * kMs, 100 * kMs, 250 * kMs, 500 * kMs, 1 * kS,   2500 * kMs, 5 * kS,
                                                10 * kS,  30 * kS,   60 * kS,   120 * kS,  300 * kS, 600 * kS};
constexpr std::array<uint64_t, 12> kTtft = {50 * kMs, 100 * kMs, 200 * kMs, 350 * kMs, 500 * kMs, 750 * kMs,
                                            1 * kS,   2 * kS,    5 * kS,    10 * kS,   30 * kS,   60 * kS};
constexpr std::array<uint64_t, 12> kTpot = {2 * kMs,  5 * kMs,  10 * kMs,  15 * kMs,  20 * kMs,  30 * kMs,
                                            50 * kMs, 75 * kMs, 100 * kMs, 200 * kMs, 500 * kMs, 1 * kS};
constexpr std::array<uint64_t, 9> kOverhead = {1 * kMs,  2 * kMs,   5 * kMs,   10 * kMs, 25 * kMs,
                                               50 * kMs, 100 * kMs, 250 * kMs, 1 * kS};

using L = LabelName;

constexpr FamilyInfo kFamilies[] = {
    {"aigw_requests_total", "Requests of ai_gateway and ai_filter locations, refused ones included.",
     {L::Model, L::Provider, L::Team, L::Status}, {}},
    {"aigw_tokens_total", "Tokens; cached is a part of prompt, reasoning a part of completion.",
     {L::Model, L::Provider, L::Team, L::None}, {}, true},
    {"aigw_attempts_total", "Calls to providers and how they ended.", {L::Provider, L::Result, L::None, L::None}, {}},
    {"aigw_request_duration_seconds", "From the complete request body to the end of the answer.",
     {L::Model, L::Provider, L::None, L::None}, kDuration},
    {"aigw_ttft_seconds", "From the complete request body to the first content.",
     {L::Model, L::Provider, L::None, L::None}, kTtft},
    {"aigw_tpot_seconds", "Of streams: time for each completion token after the first.",
     {L::Model, L::Provider, L::None, L::None}, kTpot},
    {"aigw_overhead_seconds", "Duration without the waiting for providers and between attempts.",
     {L::None, L::None, L::None, L::None}, kOverhead},
    {"aigw_limit_total", "Requests that a limit was asked for, by what it said.", {L::Name, L::Result, L::None, L::None}, {}},
    {"aigw_guardrail_total", "What guardrails found, by label.", {L::Label, L::Action, L::None, L::None}, {}},
    {"aigw_redis_errors_total", "Failures of Redis and errors in its replies.", {L::Kind, L::None, L::None, L::None}, {}},
    {"aigw_cache_total", "Requests that ai_cache was in force for.", {L::Status, L::None, L::None, L::None}, {}},
};

}  // namespace

std::span<const FamilyInfo> families() {
    return kFamilies;
}

std::string_view label_text(LabelName name) {
    switch (name) {
    case L::Model:
        return "model";
    case L::Provider:
        return "provider";
    case L::Team:
        return "team";
    case L::Status:
        return "status";
    case L::Result:
        return "result";
    case L::Name:
        return "name";
    case L::Label:
        return "label";
    case L::Action:
        return "action";
    case L::Kind:
        return "kind";
    case L::None:
        break;
    }
    return {};
}

}  // namespace aigw::ngx
