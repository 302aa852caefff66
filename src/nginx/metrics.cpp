#include "nginx/metrics.h"

#include <algorithm>
#include <optional>
#include <string>

#include "nginx/conf.h"
#include "nginx/families.h"
#include "nginx/series.h"
#include "nginx/timer.h"
#include "nginx/zone.h"

namespace aigw::ngx {

namespace {

constexpr std::string_view kOther = "other";

int64_t streams = 0;  // of this process

// The label values of one series, in the order of the family's label names.
struct Labels {
    std::string_view model, provider, team, status, name = {};
};

std::string joined(Family family, const Labels &labels) {
    std::string out;
    for (LabelName name : families()[static_cast<size_t>(family)].labels) {
        switch (name) {
        case LabelName::None:
            continue;
        case LabelName::Model:
            out += labels.model;
            break;
        case LabelName::Provider:
            out += labels.provider;
            break;
        case LabelName::Team:
            out += labels.team;
            break;
        case LabelName::Name:
        case LabelName::Label:
            out += labels.name;
            break;
        case LabelName::Status:
        case LabelName::Result:
        case LabelName::Action:
        case LabelName::Kind:
            out += labels.status;
            break;
        }
        out += '\0';
    }
    return out;
}

void warn_full(SeriesTable *table, ngx_log_t *log) {
    if (table->warned.exchange(1) == 0) {
        ngx_log_error(NGX_LOG_CRIT, log, 0, "aigw: no room for more metrics in ai_zone, new labels count as \"other\"");
    }
}

// The series itself; without room one that tells less: without the team, without model and provider, without anything.
Counter *counters(const Zones &zones, ngx_log_t *log, Family family, Labels labels) {
    SeriesTable *table = zones.series();
    uint32_t width = families()[static_cast<size_t>(family)].width();
    for (uint32_t share = kShares - 3; share <= kShares; share++) {
        std::string text = joined(family, labels);
        SeriesKey key{static_cast<uint8_t>(family), width, text};
        if (Counter *found = find_series(table, key)) {
            return found;
        }
        Counter *added;
        {
            ZoneLock lock(zones.state_zone);
            added = add_series(table, key, share);
        }
        if (added != nullptr) {
            return added;
        }
        warn_full(table, log);
        if (share == kShares - 3) {
            labels.team = kOther;
        } else if (share == kShares - 2) {
            labels.model = labels.provider = kOther;
        } else {
            labels.status = kOther;
        }
    }
    return nullptr;
}

void observe(Counter *values, Family family, Millis elapsed_us) {
    const FamilyInfo &info = families()[static_cast<size_t>(family)];
    auto us = static_cast<uint64_t>(std::max<Millis>(elapsed_us, 0));
    size_t bucket = 0;
    while (bucket < info.buckets.size() && us > info.buckets[bucket]) {
        bucket++;
    }
    values[bucket].fetch_add(1, std::memory_order_relaxed);
    values[info.buckets.size() + 1].fetch_add(us, std::memory_order_relaxed);
}

// A number as a label value, without an allocation.
struct StatusText {
    explicit StatusText(ngx_uint_t status) { end = ngx_snprintf(text, sizeof text, "%03ui", status); }
    std::string_view view() const { return {reinterpret_cast<const char *>(text), static_cast<size_t>(end - text)}; }
    u_char text[NGX_INT_T_LEN];
    u_char *end;
};

// One request's additions.
class Tally {
public:
    Tally(ngx_http_request_t *r, const Zones &zones, const Labels &labels) : r_(r), zones_(zones), labels_(labels) {}

    void add(Family family, size_t at, Tokens n) {
        if (n <= 0) {
            return;
        }
        if (Counter *values = counters(zones_, r_->connection->log, family, labels_)) {
            values[at].fetch_add(static_cast<uint64_t>(n), std::memory_order_relaxed);
        }
    }

    void time(Family family, Millis us) {
        if (Counter *values = counters(zones_, r_->connection->log, family, labels_)) {
            observe(values, family, us);
        }
    }

private:
    ngx_http_request_t *r_;
    const Zones &zones_;
    Labels labels_;
};

void count_usage(Tally &tally, const gateway::Record &record) {
    if (record.usage_source == gateway::UsageSource::None || record.from_cache) {
        return;
    }
    const chat::Usage &usage = record.usage;
    tally.add(Family::Tokens, kPromptTokens, usage.prompt);
    tally.add(Family::Tokens, kCompletionTokens, usage.completion);
    tally.add(Family::Tokens, kCachedTokens, usage.cached);
    tally.add(Family::Tokens, kReasoningTokens, usage.reasoning);
}

// Milliseconds in, microseconds out.
void count_times(Tally &tally, const gateway::Record &record) {
    if (record.attempts == 0 || record.ended < record.began) {
        return;
    }
    Millis whole = record.ended - record.began;
    tally.time(Family::Duration, whole * 1000);
    tally.time(Family::Overhead, (whole - record.upstream_time) * 1000);
    if (record.first_content == 0) {
        return;
    }
    tally.time(Family::Ttft, (record.first_content - record.began) * 1000);
    if (record.stream && record.usage.completion > 1) {
        tally.time(Family::Tpot, (record.ended - record.first_content) * 1000 / (record.usage.completion - 1));
    }
}

const Zones *zones_of(ngx_http_request_t *r) {
    const Zones *zones = main_conf(r)->zones;
    return zones != nullptr && zones->state != nullptr ? zones : nullptr;
}

// What the exchange took from the configuration, or nothing.
std::string_view label(std::string_view configured) {
    return configured.empty() ? kOther : configured;
}

void set_streams(int64_t value) {
    streams = value;
    if (WorkerSlot *slot = worker_slot()) {
        slot->streams.store(value, std::memory_order_relaxed);
    }
}

}  // namespace

void count_exchange(ngx_http_request_t *r, const gateway::Record &record, std::string_view team, ngx_uint_t status) {
    const Zones *zones = zones_of(r);
    if (zones == nullptr || r != r->main) {
        return;
    }
    StatusText text(status);
    Tally tally(r, *zones, {label(record.configured_model), label(record.provider), label(team), text.view()});
    tally.add(Family::Requests, 0, 1);
    count_usage(tally, record);
    count_times(tally, record);
    for (const gateway::CallRecord &call : record.calls) {
        Tally(r, *zones, {{}, label(call.provider), {}, label(call.result)}).add(Family::Attempts, 0, 1);
    }
}

void count_limit(ngx_http_request_t *r, std::string_view name, std::string_view result) {
    if (const Zones *zones = zones_of(r)) {
        Tally(r, *zones, {{}, {}, {}, result, name}).add(Family::Limits, 0, 1);
    }
}

void count_cache(ngx_http_request_t *r, std::string_view status) {
    if (const Zones *zones = zones_of(r)) {
        Tally(r, *zones, {{}, {}, {}, status}).add(Family::Cache, 0, 1);
    }
}

void count_guardrail(ngx_http_request_t *r, std::string_view label, std::string_view action, uint64_t count) {
    if (const Zones *zones = zones_of(r)) {
        Tally(r, *zones, {{}, {}, {}, action, label}).add(Family::Guardrails, 0, static_cast<Tokens>(count));
    }
}

void count_redis_error(std::string_view kind) {
    MainConf *main = main_conf(const_cast<ngx_cycle_t *>(ngx_cycle));
    const Zones *zones = main != nullptr ? main->zones : nullptr;
    if (zones == nullptr || zones->state == nullptr) {
        return;
    }
    if (Counter *values = counters(*zones, ngx_cycle->log, Family::RedisErrors, {{}, {}, {}, kind})) {
        values[0].fetch_add(1, std::memory_order_relaxed);
    }
}

void stream_began() {
    set_streams(streams + 1);
}

void stream_ended() {
    set_streams(streams - 1);
}

int64_t running_streams() {
    return streams;
}

}  // namespace aigw::ngx
