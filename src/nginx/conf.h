// What the directives leave behind, for one configuration cycle. Built by directives*.cpp, constant afterwards but for
// what is marked as a worker's own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/exchange.h"
#include "gateway/policy.h"
#include "nginx/conf_position.h"
#include "nginx/mint_conf.h"
#include "nginx/ngx.h"
#include "nginx/policies.h"
#include "nginx/redis_conf.h"
#include "providers/provider.h"

namespace aigw::ngx {

class KeepaliveCache;  // keepalive.h
class Addresses;       // resolve.h
class Redis;           // redis.h
struct Zones;          // zone.h

// The provider's secret: a constant read at start, or a variable evaluated for each call.
struct CredentialSource {
    std::string value;
    ngx_http_complex_value_t *variable = nullptr;
};

struct ProviderConf : providers::Provider {
    ngx_http_upstream_conf_t upstream{};          // for each attempt: timeouts, TLS; see upstream.cpp
    ngx_http_upstream_conf_t drain{};             // once the answer is complete: waits for the client only
    ngx_http_upstream_srv_conf_t server{};        // host = name for SNI and verification
    ngx_ssl_t *ssl = nullptr;                     // null: plain
    ngx_uint_t keepalive = 64;                    // idle connections a worker keeps
    std::vector<CredentialSource> credentials;    // a pool, taken in turn
    MintConf *mint = nullptr;                     // makes them instead; null: nobody does
    // The host itself if it is an address, else what /etc/hosts said at start; no brackets. Empty: ask DNS.
    std::vector<std::string> static_ips;
    // A worker's own, made in init_process.
    KeepaliveCache *idle = nullptr;
    Addresses *addresses = nullptr;
    ngx_uint_t turn = 0;  // of credentials

    ProviderConf();
    ~ProviderConf();
    ProviderConf(const ProviderConf &) = delete;
};

// A target whose provider may be defined later; an index into MainConf::models.
struct TargetReference {
    size_t model, target;
    std::string provider;
    Position where;
};

struct MainConf {
    std::vector<std::unique_ptr<ProviderConf>> providers;
    std::vector<std::unique_ptr<MintConf>> mints;  // one for each source, whoever uses it
    gateway::ModelTable models;
    std::vector<std::unique_ptr<PolicySet>> model_policies;  // by the model's index
    Zones *zones = nullptr;   // set by ai_zone or, with the default size, after the configuration was read
    ngx_str_t keys_file{};    // ai_keys, absolute; empty: none
    ngx_msec_t keys_check = 1000;
    std::vector<ngx_uint_t> hidden_headers;  // caller_key.h: indices of variables
    std::unique_ptr<RedisConf> redis;        // ai_redis; null: none
    Redis *redis_client = nullptr;           // a worker's own, made in init_process; null without ai_redis
    ngx_flag_t used = 0;      // ai_gateway, ai_filter, ai_metrics or `ai_auth keys` is written: else the module has no effect at all
    Position keys_wanted;     // of the last `ai_auth keys`
    Position cache_wanted;    // of the last ai_cache that is not off
    std::vector<ngx_str_t> nameservers;  // of resolv.conf, for locations without `resolver`
    ngx_resolver_t *resolver = nullptr;  // made of them when it is needed
    gateway::Scratch scratch;            // a worker's own
    std::vector<TargetReference> references;  // empty once the configuration was read

    ProviderConf *find_provider(std::string_view name) const;
};

enum class Auth : ngx_uint_t { Off = 0, Keys = 1, Unset = NGX_CONF_UNSET_UINT };

struct LocConf {
    // Inherited only by `if` and limit_except without a handler of their own.
    ngx_flag_t gateway = 0;
    ngx_flag_t metrics = 0;
    ngx_flag_t filter = 0;
    const dialects::Dialect *filter_dialect = nullptr;  // of ai_filter; null: auto
    Position where;             // of ai_gateway, ai_metrics or ai_filter
    Position keys_where;        // of `ai_auth keys` at this very level
    ngx_str_t prefix{};         // of the gateway, with its trailing slash
    ngx_http_complex_value_t *model = nullptr;  // ai_gateway model=
    ngx_uint_t auth = NGX_CONF_UNSET_UINT;      // Auth
    ngx_uint_t unsupported = NGX_CONF_UNSET_UINT;  // 0 reject, 1 drop
    gateway::Policy policy;     // made in merge
    PolicySet policies;

    // Callers of ours come here: keys, counting, the log.
    bool serves() const { return gateway || filter; }
    bool auth_is(Auth value) const { return auth == static_cast<ngx_uint_t>(value); }
};

inline MainConf *main_conf(ngx_http_request_t *r) {
    return static_cast<MainConf *>(ngx_http_get_module_main_conf(r, ngx_http_aigw_module));
}
inline MainConf *main_conf(ngx_conf_t *cf) {
    return static_cast<MainConf *>(ngx_http_conf_get_module_main_conf(cf, ngx_http_aigw_module));
}
// Null in a cycle without http{}.
inline MainConf *main_conf(ngx_cycle_t *cycle) {
    return static_cast<MainConf *>(ngx_http_cycle_get_module_main_conf(cycle, ngx_http_aigw_module));
}
inline LocConf *loc_conf(ngx_http_request_t *r) {
    return static_cast<LocConf *>(ngx_http_get_module_loc_conf(r, ngx_http_aigw_module));
}
inline const ProviderConf &provider_conf(const gateway::Target &target) {
    return static_cast<const ProviderConf &>(*target.provider);
}

}  // namespace aigw::ngx
