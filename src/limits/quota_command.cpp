#include "limits/quota_command.h"

#include <algorithm>

#include "core/digest.h"
#include "limits/quota_script.h"

namespace aigw::limits {

namespace {

constexpr size_t kReserveHead = 5;      // integers before the standings
constexpr size_t kStandingIntegers = 4;

int64_t flags(const Demand &demand) {
    return (demand.clamp ? 1 : 0) + (demand.dry_run ? 2 : 0);
}

Command begin(const QuotaKeys &keys, const char *op, const Key &reservation, Millis lease, const Spent &spent) {
    Command command{"EVALSHA", quota_script_sha1(), "2", keys.hash, keys.leases, op, "0"};
    command.add_hex(reservation).add(lease);
    command.add(amount_of(Count::Input, spent)).add(amount_of(Count::Output, spent));
    return command;
}

}  // namespace

QuotaKeys quota_keys(std::string_view prefix, std::string_view tenant) {
    std::string hash = std::string(prefix) + ":limits:1:{" + hex_encode(make_key({"tenant", tenant})) + "}";
    return {hash, hash + ":leases"};
}

bool fits(std::span<const Demand> demands) {
    size_t held = 0;
    for (size_t i = 0; i < demands.size(); i++) {
        held += first_of_key(demands, i) == i && demands[i].count != Count::Requests;
    }
    return demands.size() <= kMaxDemands && held <= kMaxHeld;
}

Command reserve_command(const QuotaKeys &keys, const Key &reservation, std::span<const Demand> demands,
                        const Expected &expected, Millis lease, const Spent &recorded) {
    Command command = begin(keys, "reserve", reservation, lease, recorded);
    for (const Demand &demand : demands) {
        Need need = need_of(demand, expected);
        command.add_hex(demand.key).add(demand.window).add(demand.limit).add(need.wanted).add(need.least);
        command.add(static_cast<int64_t>(demand.count)).add(flags(demand));
    }
    return command;
}

Command progress_command(const QuotaKeys &keys, const Key &reservation, std::span<const Demand> demands, const Spent &spent,
                         Tokens ahead, Millis lease) {
    Command command = begin(keys, "progress", reservation, lease, spent);
    command.add(ahead);
    for (const Demand &demand : demands) {
        command.add_hex(demand.key).add(demand.limit).add(flags(demand));
    }
    return command;
}

Command settle_command(const QuotaKeys &keys, const Key &reservation, std::span<const Demand> demands, const Spent &spent,
                       Millis lease, int64_t epoch) {
    Command command = begin(keys, "settle", reservation, lease, spent);
    command.add(epoch);
    for (size_t i = 0; i < demands.size(); i++) {
        if (first_of_key(demands, i) == i) {
            command.add_hex(demands[i].key).add(demands[i].window).add(static_cast<int64_t>(demands[i].count));
        }
    }
    return command;
}

Command release_command(const QuotaKeys &keys, const Key &reservation, Millis lease) {
    return begin(keys, "release", reservation, lease, {});
}

Command as_eval(const Command &command) {
    Command out{"EVAL", quota_script()};
    for (size_t i = 2; i < command.size(); i++) {
        out.add(command[i]);
    }
    return out;
}

std::optional<QuotaDecision> read_reserve(std::span<const int64_t> reply, std::span<const Demand> demands,
                                          const Expected &expected) {
    if (demands.size() > kMaxDemands || reply.size() != kReserveHead + kStandingIntegers * demands.size() || reply[0] < 0
        || reply[0] > 2 || reply[1] < 0 || static_cast<size_t>(reply[1]) >= demands.size()) {
        return std::nullopt;
    }
    QuotaDecision out;
    Decision &decision = out.decision;
    decision.status = reply[0] == 0 ? Status::Admitted : reply[0] == 1 ? Status::Refused : Status::Never;
    decision.refused = static_cast<size_t>(reply[1]);
    decision.retry_after = std::max<int64_t>(reply[2], 0);
    out.epoch = reply[3];
    decision.dry_run_over = reply[4] != 0;
    decision.count = demands.size();
    decision.covered = expected.output;
    for (size_t i = 0; i < demands.size(); i++) {
        auto at = reply.subspan(kReserveHead + i * kStandingIntegers, kStandingIntegers);
        decision.standings[i] = {demands[i].limit, std::max<int64_t>(at[0], 0), std::max<int64_t>(at[1], 0),
                                 std::max<int64_t>(at[2], 0), at[3] != 0};
        note_output(demands[i], expected, i, decision);
    }
    return out;
}

std::optional<Tokens> read_progress(std::span<const int64_t> reply) {
    return reply.size() == 2 && reply[0] >= 0 ? std::optional<Tokens>(reply[0]) : std::nullopt;
}

std::optional<Settled> read_settle(std::span<const int64_t> reply) {
    if (reply.size() != 2 || reply[0] < 0 || reply[0] > 2) {
        return std::nullopt;
    }
    return reply[0] == 0 ? Settled::No : reply[0] == 1 ? Settled::Yes : Settled::Anew;
}

}  // namespace aigw::limits
