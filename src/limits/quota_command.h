// Calls of quota_script(): what to send to Redis, and what its reply means. The host sends (EVALSHA, and EVAL if Redis
// answers NOSCRIPT), waits and gives up; it hands the reply's integers over. Nothing of a key, a caller or a prompt is
// in a command: Redis sees digests.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/command.h"
#include "limits/reservation.h"

namespace aigw::limits {

// Where a caller's counts are. `prefix` is ai_redis' own, `tenant` the value that all of the caller's limits share: one
// hash tag, one node of a cluster.
struct QuotaKeys {
    std::string hash;
    std::string leases;
};
QuotaKeys quota_keys(std::string_view prefix, std::string_view tenant);

// All or none of `demands`, of which there is at least one; those of one key count once, the first. Ask `fits` first.
Command reserve_command(const QuotaKeys &keys, const Key &reservation, std::span<const Demand> demands,
                        const Expected &expected, Millis lease, const Spent &recorded = {});
Command progress_command(const QuotaKeys &keys, const Key &reservation, std::span<const Demand> demands, const Spent &spent,
                         Tokens ahead, Millis lease);
// `epoch` as reserve told it; kNeverReserved for a request that went on without an answer to its reserve: what it spent is
// charged, whether the reserve was made or not.
inline constexpr int64_t kNeverReserved = 1;
Command settle_command(const QuotaKeys &keys, const Key &reservation, std::span<const Demand> demands, const Spent &spent,
                       Millis lease, int64_t epoch);
// Takes a reserve back, and its request, whether it was made, is still to come or never will.
Command release_command(const QuotaKeys &keys, const Key &reservation, Millis lease);
// The same command with the whole script instead of its digest.
Command as_eval(const Command &command);

// What Store answers with Full: more demands than there is room for.
bool fits(std::span<const Demand> demands);

struct QuotaDecision {
    Decision decision;
    int64_t epoch = 0;
};
// nullopt: no reply of this script to this command.
std::optional<QuotaDecision> read_reserve(std::span<const int64_t> reply, std::span<const Demand> demands,
                                          const Expected &expected);
// Tokens of answer that there are ahead; 0: it ends here.
std::optional<Tokens> read_progress(std::span<const int64_t> reply);

enum class Settled : uint8_t {
    No,    // unknown, or settled before
    Yes,
    Anew,  // Redis had lost the reservation: it was charged afresh
};
std::optional<Settled> read_settle(std::span<const int64_t> reply);

}  // namespace aigw::limits
