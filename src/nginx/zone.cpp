#include "nginx/zone.h"

#include <algorithm>
#include <new>

#include "limits/store.h"
#include "nginx/cache_zone.h"
#include "nginx/directive_tools.h"
#include "nginx/guarded.h"
#include "nginx/keys.h"
#include "nginx/pool.h"
#include "nginx/series.h"
#include "nginx/state_file.h"
#include "nginx/text.h"

namespace aigw::ngx {

namespace {

// Another layout is another name: a new module version never reads an old one's memory.
constexpr uint32_t kLayout = 2;
constexpr char kStateSuffix[] = ".state.2";
constexpr char kKeysSuffix[] = ".keys.1";
constexpr char kCacheSuffix[] = ".cache.1";
constexpr ngx_uint_t kMaxShares = 95;  // percent: keys and cache together
constexpr uint32_t kStateMagic = 0x61677374;
constexpr size_t kMaxSeriesBytes = 8 << 20;
constexpr Millis kMinTime = 1000;  // ms: of lease and every

ngx_slab_pool_t *slab(ngx_shm_zone_t *zone) {
    return reinterpret_cast<ngx_slab_pool_t *>(zone->shm.addr);
}

// The zone's root: what stands there already, or all its free pages in one piece, zeroed. `bytes` is 0 if it was there.
void *root_of(ngx_shm_zone_t *zone, void *old, size_t &bytes) {
    ngx_slab_pool_t *pool = slab(zone);
    bytes = 0;
    if (old != nullptr || zone->shm.exists) {
        return pool->data;
    }
    bytes = pool->pfree * ngx_pagesize;
    pool->data = ngx_slab_calloc(pool, bytes);
    return pool->data;
}

ngx_int_t refuse(ngx_shm_zone_t *zone) {
    ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0, "aigw: shared zone \"%V\" has another layout or no room",
                  &zone->shm.name);
    return NGX_ERROR;
}

ngx_int_t init_state(ngx_shm_zone_t *zone, void *old) noexcept {
    auto *zones = static_cast<Zones *>(zone->data);
    size_t bytes;
    auto *root = static_cast<StateRoot *>(root_of(zone, old, bytes));
    if (root != nullptr && bytes != 0) {
        ::new (root) StateRoot();
        root->magic = kStateMagic;
        root->version = kLayout;
        root->bytes = bytes;
        root->series_offset = (sizeof(StateRoot) + 63) & ~uint64_t(63);
        root->series_bytes = std::min((bytes - root->series_offset) / 2, kMaxSeriesBytes) / 64 * 64;
        root->limits_offset = root->series_offset + root->series_bytes;
        root->limits_bytes = bytes - root->limits_offset;
        zones->state = root;
        if (!limits::Store::format(zones->limits(), root->limits_bytes)) {
            return refuse(zone);
        }
        make_series(zones->series(), root->series_bytes);
        if (!guarded(zone->shm.log, false, [&] { load_state(*zones, zone->shm.log); return true; })) {
            return NGX_ERROR;
        }
    }
    if (root == nullptr || root->magic != kStateMagic || root->version != kLayout) {
        return refuse(zone);
    }
    zones->state = root;
    zones->generation = root->generations.fetch_add(1) + 1;
    return NGX_OK;
}

ngx_int_t init_keys(ngx_shm_zone_t *zone, void *old) noexcept {
    auto *zones = static_cast<Zones *>(zone->data);
    size_t bytes;
    auto *root = static_cast<KeysRoot *>(root_of(zone, old, bytes));
    if (root != nullptr && bytes != 0) {
        make_keys(root, bytes);
    }
    if (root == nullptr || !keys_fit(root)) {
        return refuse(zone);
    }
    zones->keys = root;
    return guarded(zone->shm.log, ngx_int_t(NGX_ERROR), [&] { return load_first_keys(*zones, zone->shm.log); });
}

// Fresh pages are zero: not all of them are touched, as calloc would.
ngx_int_t init_cache(ngx_shm_zone_t *zone, void *old) noexcept {
    auto *zones = static_cast<Zones *>(zone->data);
    ngx_slab_pool_t *pool = slab(zone);
    if (old == nullptr && !zone->shm.exists) {
        size_t bytes = pool->pfree * ngx_pagesize;
        pool->data = ngx_slab_alloc(pool, bytes);
        if (pool->data == nullptr || !make_cache(static_cast<CacheRoot *>(pool->data), bytes)) {
            return refuse(zone);
        }
    }
    zones->cache = static_cast<CacheRoot *>(pool->data);
    return zones->cache != nullptr && cache_fits(zones->cache) ? NGX_OK : refuse(zone);
}

ngx_shm_zone_t *add_zone(ngx_conf_t *cf, Zones *zones, const char *suffix, size_t size, ngx_shm_zone_init_pt init) {
    ngx_str_t name = copy(cf->pool, std::string(view(zones->name)) + suffix);
    ngx_shm_zone_t *zone = ngx_shared_memory_add(cf, &name, size, &ngx_http_aigw_module);
    if (zone != nullptr) {
        zone->init = init;
        zone->data = zones;
    }
    return zone;
}

size_t share(const Zones &zones, ngx_uint_t percent) {
    return zones.size / 100 * percent / ngx_pagesize * ngx_pagesize;
}

ngx_int_t add_cache_zone(ngx_conf_t *cf, Zones &zones) {
    zones.cache_zone = add_zone(cf, &zones, kCacheSuffix, share(zones, zones.cache_percent), init_cache);
    return zones.cache_zone != nullptr ? NGX_OK : NGX_ERROR;
}

ngx_int_t add_zones(ngx_conf_t *cf, MainConf *main, const Zones &wanted) {
    auto *zones = make_in_pool<Zones>(cf->pool, wanted);
    zones->main = main;
    size_t keys = share(*zones, zones->keys_percent);
    size_t cache = zones->cache_written ? share(*zones, zones->cache_percent) : 0;
    zones->keys_zone = add_zone(cf, zones, kKeysSuffix, keys, init_keys);
    zones->state_zone = add_zone(cf, zones, kStateSuffix, zones->size - keys - cache, init_state);
    if (zones->keys_zone == nullptr || zones->state_zone == nullptr) {
        return NGX_ERROR;
    }
    main->zones = zones;
    return cache != 0 ? add_cache_zone(cf, *zones) : NGX_OK;
}

// Kilobytes that a zone with these shares must have.
size_t least_size(ngx_uint_t keys_percent, ngx_uint_t cache_percent) {
    size_t bytes = std::max(Zones::kMinState * 100 / (100 - keys_percent - cache_percent), Zones::kMinKeys * 100 / keys_percent);
    if (cache_percent != 0) {
        bytes = std::max(bytes, kMinCacheZone * 100 / cache_percent);
    }
    return (bytes + 3 * ngx_pagesize) / 1024 + 1;
}

// NAME=N%
bool read_share(std::string_view text, ngx_uint_t least, ngx_uint_t &percent) {
    if (!text.ends_with('%')) {
        return false;
    }
    ngx_str_t number = str(text.substr(0, text.size() - 1));
    ngx_int_t value = ngx_atoi(number.data, number.len);
    percent = static_cast<ngx_uint_t>(value);
    return value >= static_cast<ngx_int_t>(least) && value <= 90;
}

// What is wrong with a zone of this size and with these shares; nothing: it is in order.
std::string fault_of(const Zones &zones, ngx_uint_t cache_percent) {
    if (zones.keys_percent + cache_percent > kMaxShares) {
        return "keys=" + std::to_string(zones.keys_percent) + "% and cache=" + std::to_string(cache_percent) +
               "% leave less than " + std::to_string(100 - kMaxShares) + "% for counters";
    }
    size_t least = least_size(zones.keys_percent, cache_percent);
    if (zones.size >= least * 1024) {
        return {};
    }
    std::string shares = "keys=" + std::to_string(zones.keys_percent) + "%";
    if (cache_percent != 0) {
        shares += " cache=" + std::to_string(cache_percent) + "%";
    }
    return "zone \"" + std::string(view(zones.name)) + "\" is too small: with " + shares + " it needs at least " +
           std::to_string(least) + "k";
}

bool read_time(std::string_view text, Millis least, ngx_msec_t &to) {
    auto time = parse_time(text);
    to = static_cast<ngx_msec_t>(time.value_or(0));
    return time && *time >= least;
}

bool read_option(ngx_conf_t *cf, Zones &zones, const ngx_str_t &token) {
    if (auto text = parameter(token, "keys")) {
        return read_share(*text, 1, zones.keys_percent);
    }
    if (auto text = parameter(token, "cache")) {
        zones.cache_written = true;
        return read_share(*text, 0, zones.cache_percent);
    }
    if (auto text = parameter(token, "lease")) {
        return read_time(*text, kMinTime, zones.lease);
    }
    if (auto text = parameter(token, "every")) {
        return read_time(*text, kMinTime, zones.every);
    }
    auto path = parameter(token, "state");
    if (!path || path->empty()) {
        return false;
    }
    zones.state_file = copy(cf->pool, *path);
    return ngx_conf_full_name(cf->cycle, &zones.state_file, 0) == NGX_OK;
}

}  // namespace

SeriesTable *Zones::series() const {
    return reinterpret_cast<SeriesTable *>(reinterpret_cast<u_char *>(state) + state->series_offset);
}

void *Zones::limits() const {
    return reinterpret_cast<u_char *>(state) + state->limits_offset;
}

ZoneLock::ZoneLock(ngx_shm_zone_t *zone) : pool_(slab(zone)) {
    ngx_shmtx_lock(&pool_->mutex);
}

ZoneLock::~ZoneLock() {
    ngx_shmtx_unlock(&pool_->mutex);
}

char *set_zone(ngx_conf_t *cf, ngx_command_t *, void *conf) noexcept {
    auto *main = static_cast<MainConf *>(conf);
    auto *args = static_cast<ngx_str_t *>(cf->args->elts);
    if (main->zones != nullptr) {
        return const_cast<char *>("is duplicate");
    }
    auto invalid = [&](const char *what, ngx_str_t *value) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid %s \"%V\"", what, value);
        return static_cast<char *>(NGX_CONF_ERROR);
    };
    ssize_t size = ngx_parse_size(&args[2]);
    if (args[1].len == 0) {
        return invalid("zone name", &args[1]);
    }
    if (size == NGX_ERROR) {
        return invalid("zone size", &args[2]);
    }
    Zones wanted;
    wanted.where = position(cf);
    wanted.size = static_cast<size_t>(size);
    return guarded(cf->log, static_cast<char *>(NGX_CONF_ERROR), [&]() -> char * {
        wanted.name = copy(cf->pool, view(args[1]));
        for (ngx_uint_t i = 3; i < cf->args->nelts; i++) {
            if (!read_option(cf, wanted, args[i])) {
                return invalid("parameter", &args[i]);
            }
        }
        if (std::string fault = fault_of(wanted, wanted.cache_written ? wanted.cache_percent : 0); !fault.empty()) {
            return emerg(cf, "%s", fault.c_str());
        }
        return static_cast<char *>(add_zones(cf, main, wanted) == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR);
    });
}

ngx_int_t complete_zones(ngx_conf_t *cf, MainConf *main) noexcept {
    return guarded(cf->log, ngx_int_t(NGX_ERROR), [&] {
        if (main->zones == nullptr) {
            Zones wanted;
            wanted.name = str("aigw");
            if (add_zones(cf, main, wanted) != NGX_OK) {
                return ngx_int_t(NGX_ERROR);
            }
        }
        Zones &zones = *main->zones;
        if (main->cache_wanted.file == nullptr || zones.cache_zone != nullptr) {
            return ngx_int_t(NGX_OK);
        }
        if (zones.cache_percent == 0) {
            log_at(cf, NGX_LOG_EMERG, main->cache_wanted, "\"ai_cache\" has no memory, \"ai_zone\" says cache=0%%");
            return ngx_int_t(NGX_ERROR);
        }
        if (std::string fault = fault_of(zones, zones.cache_percent); !fault.empty()) {
            log_at(cf, NGX_LOG_EMERG, zones.where, "%s", fault.c_str());
            return ngx_int_t(NGX_ERROR);
        }
        zones.state_zone->shm.size -= share(zones, zones.cache_percent);
        return add_cache_zone(cf, zones);
    });
}

}  // namespace aigw::ngx
