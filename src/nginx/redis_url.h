// redis://[user:password@]host[:port][/db], rediss:// for TLS, unix:/path or redis+unix:///path with ?db=N. User and
// password may be percent-encoded. Text only: nobody is asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace aigw::ngx {

struct RedisUrl {
    static constexpr uint16_t kPort = 6379;
    static constexpr unsigned kMaxDb = 65'535;

    bool tls = false;
    std::string user;
    std::string password;
    std::string host;       // lower case, no brackets; empty: `path`
    uint16_t port = kPort;
    std::string path;       // of a unix socket, absolute
    unsigned db = 0;
};

// The error is the rest of a sentence that begins with "ai_redis: the URL"; it never quotes the URL.
Result<RedisUrl, std::string> parse_redis_url(std::string_view text);

}  // namespace aigw::ngx
