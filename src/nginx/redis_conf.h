// What ai_redis says. Built by directive_redis.cpp, constant afterwards.
#pragma once

#include <string>
#include <vector>

#include "core/units.h"
#include "nginx/ngx.h"
#include "nginx/redis_url.h"

namespace aigw::ngx {

// What a limit does while Redis is away.
enum class OnRedisError : uint8_t {
    Local,  // counts in ai_zone
    Deny,   // 503
    Allow,  // lets the request pass, uncounted
};

struct RedisConf {
    RedisUrl url;                                 // with the password, wherever it was written
    ngx_msec_t timeout = 20;                      // of one command
    OnRedisError on_error = OnRedisError::Local;
    std::string prefix = "aigw";                  // of every key
    std::string tenant_name = "$ai_team";         // as written: one variable
    ngx_uint_t tenant_index = 0;                  // of the variable
    ngx_ssl_t *ssl = nullptr;                     // null: plain
    bool verify = true;
    std::string name;                             // host:port or unix:path, for the log
    std::vector<std::string> static_ips;          // as ProviderConf's
    ngx_resolver_t *resolver = nullptr;           // for a host that is a name

    RedisConf() = default;
    ~RedisConf() { ngx_explicit_memzero(url.password.data(), url.password.size()); }
    RedisConf(const RedisConf &) = delete;
};

}  // namespace aigw::ngx
