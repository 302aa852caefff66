// ai_metrics: the counters as Prometheus text, version 0.0.4.
#include "nginx/ngx.h"

#include <cstdio>
#include <string>

#include "nginx/cache_zone.h"
#include "nginx/conf.h"
#include "nginx/families.h"
#include "nginx/guarded.h"
#include "nginx/keys.h"
#include "nginx/phases.h"
#include "nginx/pool.h"
#include "nginx/series.h"
#include "nginx/text.h"
#include "nginx/timer.h"
#include "nginx/version.h"
#include "nginx/zone.h"

namespace aigw::ngx {

namespace {

std::string escaped(std::string_view value) {
    std::string out;
    for (char c : value) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '\\' || c == '"') {
            out += '\\';
        }
        out += c;
    }
    return out;
}

// Microseconds in seconds.
std::string seconds(uint64_t us) {
    char text[32];
    int n = std::snprintf(text, sizeof text, "%llu.%06llu", static_cast<unsigned long long>(us / 1'000'000),
                          static_cast<unsigned long long>(us % 1'000'000));
    while (text[n - 1] == '0' && text[n - 2] != '.') {
        n--;
    }
    return {text, static_cast<size_t>(n)};
}

void head(std::string &out, std::string_view name, std::string_view type, std::string_view help) {
    ((out += "# HELP ") += name) += ' ';
    (out += help) += "\n# TYPE ";
    ((out += name) += ' ') += type;
    out += '\n';
}

// `labels` without braces; may be empty.
void line(std::string &out, std::string_view name, std::string_view labels, std::string_view value) {
    out += name;
    if (!labels.empty()) {
        ((out += '{') += labels) += '}';
    }
    ((out += ' ') += value) += '\n';
}

void add_label(std::string &labels, std::string_view name, std::string_view value) {
    if (!labels.empty()) {
        labels += ',';
    }
    ((labels += name) += "=\"") += escaped(value);
    labels += '"';
}

std::string labels_of(const FamilyInfo &info, std::string_view values) {
    std::string labels;
    for (LabelName name : info.labels) {
        if (name != LabelName::None) {
            std::string_view value = values.substr(0, values.find('\0'));
            values.remove_prefix(std::min(value.size() + 1, values.size()));
            add_label(labels, label_text(name), value);
        }
    }
    return labels;
}

// The count is the sum of the buckets, so that both agree whoever adds meanwhile.
void histogram(std::string &out, const FamilyInfo &info, const std::string &labels, const Counter *values) {
    std::string name(info.name), bucket = name + "_bucket";
    uint64_t count = 0;
    for (size_t i = 0; i <= info.buckets.size(); i++) {
        count += values[i].load(std::memory_order_relaxed);
        std::string with_bound = labels;
        add_label(with_bound, "le", i < info.buckets.size() ? seconds(info.buckets[i]) : "+Inf");
        line(out, bucket, with_bound, std::to_string(count));
    }
    line(out, name + "_sum", labels, seconds(values[info.buckets.size() + 1].load(std::memory_order_relaxed)));
    line(out, name + "_count", labels, std::to_string(count));
}

void series(std::string &out, const FamilyInfo &info, const SeriesEntry &entry) {
    std::string labels = labels_of(info, entry.labels);
    if (info.is_histogram()) {
        histogram(out, info, labels, entry.values);
        return;
    }
    for (size_t i = 0; i < info.width(); i++) {
        std::string with_kind = labels;
        if (info.by_kind) {
            add_label(with_kind, "kind", kTokenKinds[i]);
        }
        line(out, info.name, with_kind, std::to_string(entry.values[i].load(std::memory_order_relaxed)));
    }
}

void all_series(std::string &out, const SeriesTable *table) {
    uint32_t count = table->count.load(std::memory_order_acquire);
    for (size_t family = 0; family < families().size(); family++) {
        const FamilyInfo &info = families()[family];
        head(out, info.name, info.is_histogram() ? "histogram" : "counter", info.help);
        for (uint32_t i = 0; i < count; i++) {
            SeriesEntry entry = series_at(table, i);
            if (entry.family == family) {
                series(out, info, entry);
            }
        }
    }
}

void worker_gauges(std::string &out, const StateRoot &root) {
    refresh_worker_slot();
    int64_t streams = 0, contexts = 0;
    for (const WorkerSlot &slot : root.workers) {
        if (is_alive(slot)) {
            streams += slot.streams.load();
            contexts += slot.contexts.load();
        }
    }
    head(out, "aigw_streams", "gauge", "Streamed answers under way.");
    line(out, "aigw_streams", {}, std::to_string(streams));
    head(out, "aigw_contexts", "gauge", "Requests that the module holds state for; other workers' up to a second old.");
    line(out, "aigw_contexts", {}, std::to_string(contexts));
}

void redis_gauge(std::string &out, const StateRoot &root) {
    bool away = false;
    for (const WorkerSlot &slot : root.workers) {
        away = away || (is_alive(slot) && slot.redis_away.load() != 0);
    }
    head(out, "aigw_redis_up", "gauge", "0: at least one worker does without Redis; other workers' word up to a second old.");
    line(out, "aigw_redis_up", {}, away ? "0" : "1");
}

void zone_bytes(std::string &out, const ngx_shm_zone_t *zone, uint64_t used, uint64_t room) {
    for (bool free : {false, true}) {
        std::string labels;
        add_label(labels, "zone", view(zone->shm.name));
        add_label(labels, "state", free ? "free" : "used");
        line(out, "aigw_zone_bytes", labels, std::to_string(free ? room - std::min(used, room) : used));
    }
}

void zone_gauges(std::string &out, const Zones &zones) {
    head(out, "aigw_zone_bytes", "gauge", "Shared memory: of the metrics (state), of one table of keys (keys), of answers (cache).");
    const SeriesTable *table = zones.series();
    zone_bytes(out, zones.state_zone, table->arena_used.load(), table->arena_bytes);
    zone_bytes(out, zones.keys_zone, zones.keys->used.load(), zones.keys->table_bytes);
    if (zones.cache != nullptr) {
        cache::StoreStats cache = CacheMemory(zones).stats();
        zone_bytes(out, zones.cache_zone, (cache.chunks - cache.free_chunks) * cache::Store::kChunk, cache.chunks * cache::Store::kChunk);
    }
    int64_t since = zones.keys->broken_since.load();
    head(out, "aigw_keys_stale_seconds", "gauge", "How long the key file has been refused; 0: its keys are in use.");
    line(out, "aigw_keys_stale_seconds", {}, std::to_string(since != 0 ? std::max<int64_t>(ngx_time() - since, 1) : 0));
}

void build_info(std::string &out) {
    std::string labels;
    add_label(labels, "version", kVersion);
    add_label(labels, "nginx", NGINX_VERSION);
    head(out, "aigw_build_info", "gauge", "Always 1.");
    line(out, "aigw_build_info", labels, "1");
}

std::string render(const Zones &zones) {
    std::string out;
    all_series(out, zones.series());
    worker_gauges(out, *zones.state);
    if (zones.main->redis) {
        redis_gauge(out, *zones.state);
    }
    zone_gauges(out, zones);
    build_info(out);
    return out;
}

ngx_int_t answer(ngx_http_request_t *r, const Zones &zones) {
    auto *text = make_in_pool<std::string>(r->pool, render(zones));
    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = static_cast<off_t>(text->size());
    r->headers_out.content_type = ngx_string("text/plain; version=0.0.4");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = nullptr;
    ngx_int_t rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }
    auto *buf = static_cast<ngx_buf_t *>(ngx_calloc_buf(r->pool));
    if (buf == nullptr) {
        return NGX_ERROR;
    }
    buf->pos = reinterpret_cast<u_char *>(text->data());
    buf->last = buf->pos + text->size();
    buf->memory = 1;
    buf->last_buf = r == r->main ? 1 : 0;
    buf->last_in_chain = 1;
    ngx_chain_t chain = {buf, nullptr};
    return ngx_http_output_filter(r, &chain);
}

}  // namespace

ngx_int_t metrics_handler(ngx_http_request_t *r) noexcept {
    if (!(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }
    ngx_int_t rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }
    const Zones *zones = main_conf(r)->zones;
    if (zones == nullptr || zones->state == nullptr) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }
    return guarded(r->connection->log, ngx_int_t(NGX_HTTP_INTERNAL_SERVER_ERROR), [&] { return answer(r, *zones); });
}

}  // namespace aigw::ngx
