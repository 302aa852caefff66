#include "nginx/zone.h"

#include <algorithm>
#include <new>

#include "limits/store.h"
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

ngx_shm_zone_t *add_zone(ngx_conf_t *cf, Zones *zones, const char *suffix, size_t size, ngx_shm_zone_init_pt init) {
    ngx_str_t name = copy(cf->pool, std::string(view(zones->name)) + suffix);
    ngx_shm_zone_t *zone = ngx_shared_memory_add(cf, &name, size, &ngx_http_aigw_module);
    if (zone != nullptr) {
        zone->init = init;
        zone->data = zones;
    }
    return zone;
}

ngx_int_t add_zones(ngx_conf_t *cf, MainConf *main, std::string_view name, size_t size, ngx_uint_t keys_percent) {
    auto *zones = make_in_pool<Zones>(cf->pool);
    zones->name = copy(cf->pool, name);
    zones->main = main;
    size_t keys = size / 100 * keys_percent / ngx_pagesize * ngx_pagesize;
    zones->keys_zone = add_zone(cf, zones, kKeysSuffix, keys, init_keys);
    zones->state_zone = add_zone(cf, zones, kStateSuffix, size - keys, init_state);
    if (zones->keys_zone == nullptr || zones->state_zone == nullptr) {
        return NGX_ERROR;
    }
    main->zones = zones;
    return NGX_OK;
}

// Kilobytes that a zone with this share for keys must have.
size_t least_size(ngx_uint_t keys_percent) {
    size_t bytes = std::max(Zones::kMinState * 100 / (100 - keys_percent), Zones::kMinKeys * 100 / keys_percent);
    return (bytes + 2 * ngx_pagesize) / 1024 + 1;
}

// keys=N%
bool read_keys_share(std::string_view parameter, ngx_uint_t &percent) {
    constexpr std::string_view kName = "keys=";
    if (!parameter.starts_with(kName) || !parameter.ends_with('%')) {
        return false;
    }
    ngx_str_t number = str(parameter.substr(kName.size(), parameter.size() - kName.size() - 1));
    ngx_int_t value = ngx_atoi(number.data, number.len);
    if (value < 1 || value > 90) {
        return false;
    }
    percent = static_cast<ngx_uint_t>(value);
    return true;
}

bool read_time(std::string_view text, Millis least, ngx_msec_t &to) {
    auto time = parse_time(text);
    to = static_cast<ngx_msec_t>(time.value_or(0));
    return time && *time >= least;
}

// lease=, state=, every=
bool read_option(ngx_conf_t *cf, Zones &zones, const ngx_str_t &token) {
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
    ngx_uint_t keys = Zones::kDefaultKeys;
    Zones wanted;
    for (ngx_uint_t i = 3; i < cf->args->nelts; i++) {
        if (!read_option(cf, wanted, args[i]) && !read_keys_share(view(args[i]), keys)) {
            return invalid("parameter", &args[i]);
        }
    }
    if (static_cast<size_t>(size) < least_size(keys) * 1024) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "zone \"%V\" is too small: with keys=%ui%% it needs at least %uzk",
                           &args[1], keys, least_size(keys));
        return static_cast<char *>(NGX_CONF_ERROR);
    }
    return guarded(cf->log, static_cast<char *>(NGX_CONF_ERROR), [&] {
        bool added = add_zones(cf, main, view(args[1]), static_cast<size_t>(size), keys) == NGX_OK;
        if (added) {
            main->zones->lease = wanted.lease;
            main->zones->every = wanted.every;
            main->zones->state_file = wanted.state_file;
        }
        return static_cast<char *>(added ? NGX_CONF_OK : NGX_CONF_ERROR);
    });
}

ngx_int_t add_default_zone(ngx_conf_t *cf, MainConf *main) noexcept {
    if (main->zones != nullptr) {
        return NGX_OK;
    }
    return guarded(cf->log, ngx_int_t(NGX_ERROR),
                   [&] { return add_zones(cf, main, "aigw", Zones::kDefaultSize, Zones::kDefaultKeys); });
}

}  // namespace aigw::ngx
