// How a host becomes addresses: what can be known at start, without asking anybody.
#include "nginx/ngx.h"

#include <algorithm>

#include "nginx/directive_tools.h"
#include "nginx/directives.h"
#include "providers/host_files.h"

namespace aigw::ngx {

namespace {

constexpr size_t kMaxFile = 4 << 20;  // bytes, of /etc/hosts or /etc/resolv.conf

std::string read_or_empty(const char *path) {
    auto text = read_small_file(path, kMaxFile);
    return text ? std::move(*text) : std::string();
}

// nginx's own resolver over resolv.conf's servers, for locations that name none.
ngx_int_t make_resolver(ngx_conf_t *cf, MainConf &main, const std::string &host) {
    for (const std::string &server : providers::nameservers(read_or_empty("/etc/resolv.conf"))) {
        main.nameservers.push_back(copy(cf->pool, server));
    }
    if (main.nameservers.empty()) {
        warn(cf, "no resolver: /etc/resolv.conf has no nameserver, locations without \"resolver\" cannot reach \"%s\"",
             host.c_str());
        return NGX_OK;
    }
    main.resolver = ngx_resolver_create(cf, main.nameservers.data(), main.nameservers.size());
    return main.resolver != nullptr ? NGX_OK : NGX_ERROR;
}

}  // namespace

ngx_int_t read_host_files(ngx_conf_t *cf, MainConf &main) {
    std::optional<std::string> hosts;
    const std::string *unknown = nullptr;
    auto look_up = [&](const std::string &host, std::vector<std::string> &found) {
        if (providers::is_address(host)) {
            found = {host};
            return;
        }
        if (!hosts) {
            hosts = read_or_empty("/etc/hosts");
        }
        found = providers::hosts_addresses(*hosts, host);
        if (found.empty()) {
            unknown = &host;
        }
    };
    for (auto &provider : main.providers) {
        look_up(provider->url.host, provider->static_ips);
    }
    for (auto &mint : main.mints) {
        look_up(mint->source.url.host, mint->static_ips);
    }
    if (main.redis && main.redis->url.path.empty()) {
        look_up(main.redis->url.host, main.redis->static_ips);
    }
    return unknown == nullptr ? NGX_OK : make_resolver(cf, main, *unknown);
}

}  // namespace aigw::ngx
