// Credentials that are made for us, as configured: where they come from, and what is needed to get there. One for all
// providers that have the same source.
#pragma once

#include <string>
#include <vector>

#include "nginx/ngx.h"
#include "providers/mint.h"

namespace aigw::ngx {

class Minter;  // minter.h

struct MintConf {
    providers::MintSource source;
    std::string text;                     // of source.file, as the master read it; empty: the workers read it
    std::string name;                     // for the log
    std::vector<std::string> static_ips;  // as ProviderConf's
    ngx_resolver_t *resolver = nullptr;   // for a host that is a name
    std::string authorities;              // file, for https
    ngx_shm_zone_t *zone = nullptr;       // what the workers share
    Minter *minter = nullptr;             // a worker's own, made in init_process

    MintConf() = default;
    ~MintConf() {
        ngx_explicit_memzero(text.data(), text.size());
        ngx_explicit_memzero(source.token.data(), source.token.size());
    }
    MintConf(const MintConf &) = delete;
};

}  // namespace aigw::ngx
