// Where the content of a gateway location begins, and what a worker keeps for its providers.
#include "nginx/ngx.h"

#include "nginx/attempt.h"
#include "nginx/context.h"
#include "nginx/guarded.h"
#include "nginx/keepalive.h"
#include "nginx/minter.h"
#include "nginx/phases.h"
#include "nginx/redis.h"
#include "nginx/resolve.h"

namespace aigw::ngx {

ngx_int_t content_handler(ngx_http_request_t *r) noexcept {
    if (r != r->main) {
        return NGX_HTTP_FORBIDDEN;  // core runs no access phase for subrequests
    }
    Context *context = find_context(r);
    if (context == nullptr || !context->exchange) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    bool made = guarded(r->connection->log, false, [&] {
        context->driver = make_owned_in_pool<Driver>(r->pool, *context);
        return true;
    });
    if (!made) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    r->main->count++;  // the driver's; core drops its own for NGX_DONE
    bool started = guarded(r->connection->log, false, [&] {
        context->driver->start();
        return true;
    });
    if (!started) {
        context->driver->abort(NGX_HTTP_INTERNAL_SERVER_ERROR);
    }
    return NGX_DONE;
}

ngx_int_t start_connections(ngx_cycle_t *cycle) noexcept {
    return guarded(cycle->log, ngx_int_t(NGX_ERROR), [&] {
        for (const auto &provider : main_conf(cycle)->providers) {
            provider->server.peer.init = Call::init_peer;
            provider->idle = new KeepaliveCache(provider->keepalive);
            provider->addresses = new Addresses(provider->url.host, provider->url.port, provider->static_ips);
        }
        for (const auto &mint : main_conf(cycle)->mints) {
            mint->minter = new Minter(*mint);
        }
        if (main_conf(cycle)->redis) {
            main_conf(cycle)->redis_client = new Redis(*main_conf(cycle)->redis);
        }
        return ngx_int_t(NGX_OK);
    });
}

void stop_connections(ngx_cycle_t *cycle) noexcept {
    for (const auto &provider : main_conf(cycle)->providers) {
        delete provider->idle;
        provider->idle = nullptr;
        delete provider->addresses;
        provider->addresses = nullptr;
    }
    for (const auto &mint : main_conf(cycle)->mints) {
        delete mint->minter;
        mint->minter = nullptr;
    }
    SideCall::close_all();
    delete main_conf(cycle)->redis_client;
    main_conf(cycle)->redis_client = nullptr;
}

}  // namespace aigw::ngx
