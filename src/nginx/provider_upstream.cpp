// What ngx_http_upstream is told about a provider: constant structures that every attempt points to.
#include "nginx/ngx.h"

#include "nginx/directive_tools.h"
#include "nginx/directives.h"

namespace aigw::ngx {

namespace {

constexpr size_t kBufferSize = 4096;                   // of an attempt; heads of any size are collected elsewhere
constexpr ngx_msec_t kDrainTimeout = 3600 * 1000;      // ms; the client's send_timeout is what bounds it

}  // namespace

void fill_upstream(ngx_conf_t *cf, ProviderConf &provider) {
    // With the brackets of an IPv6 address nginx knows that it is no name for SNI.
    bool ipv6 = provider.url.host.find(':') != std::string::npos;
    provider.server.host = copy(cf->pool, ipv6 ? "[" + provider.url.host + "]" : provider.url.host);
    provider.server.port = provider.url.port;

    ngx_http_upstream_conf_t &u = provider.upstream;
    u.upstream = &provider.server;
    u.connect_timeout = static_cast<ngx_msec_t>(provider.timeouts.connect);
    u.send_timeout = static_cast<ngx_msec_t>(provider.timeouts.idle);
    u.read_timeout = static_cast<ngx_msec_t>(provider.timeouts.idle);
    u.buffer_size = kBufferSize;
    // Never a status: an answer of the provider is the driver's to judge. Without NON_IDEMPOTENT a POST would be given
    // up before the driver hears of it.
    u.next_upstream = NGX_HTTP_UPSTREAM_FT_ERROR | NGX_HTTP_UPSTREAM_FT_TIMEOUT | NGX_HTTP_UPSTREAM_FT_INVALID_HEADER |
                      NGX_HTTP_UPSTREAM_FT_NON_IDEMPOTENT;
    u.module = str("aigw");
#if (NGX_HTTP_SSL)
    u.ssl = provider.ssl;
    u.ssl_session_reuse = 1;
    u.ssl_server_name = 1;
#endif
    provider.drain = u;
    provider.drain.read_timeout = kDrainTimeout;
}

}  // namespace aigw::ngx
