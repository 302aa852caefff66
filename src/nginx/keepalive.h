// Idle connections and the TLS session of one provider in one worker. Never shared between providers: two names behind
// one address would swap their TLS connections.
#pragma once

#include <vector>

#include "nginx/ngx.h"

namespace aigw::ngx {

class Addresses;

class KeepaliveCache {
public:
    static constexpr ngx_msec_t kIdle = 60'000;           // a connection waits for its next request
    static constexpr ngx_msec_t kMaxAge = 3'600'000;      // so that a moved provider is noticed
    static constexpr ngx_uint_t kMaxRequests = 1000;      // of one connection

    explicit KeepaliveCache(ngx_uint_t size);
    ~KeepaliveCache();
    KeepaliveCache(const KeepaliveCache &) = delete;

    // The connection used last among those to an address that the provider still has; null: none. It is the caller's
    // from then on; `address` says where it goes.
    ngx_connection_t *take(const Addresses &addresses, ngx_log_t *log, ngx_sockaddr_t &address, socklen_t &length);
    // Keeps pc->connection, and takes it out of pc, if it can serve again.
    void keep(ngx_peer_connection_t &pc, ngx_http_upstream_t &u);

    ngx_int_t set_session(ngx_connection_t *c);
    void save_session(ngx_connection_t *c);

private:
    struct Item {
        ngx_queue_t link;
        KeepaliveCache *cache;
        ngx_connection_t *connection;
        ngx_sockaddr_t address;
        socklen_t length;
    };

    static Item *item_of(ngx_queue_t *link);
    static void on_event(ngx_event_t *event) noexcept;
    static bool still_idle(ngx_connection_t *c);
    void drop(Item *item);

    std::vector<Item> items_;
    ngx_queue_t idle_;  // newest first
    ngx_queue_t free_;
    ngx_ssl_session_t *session_ = nullptr;
};

// Without a farewell; its pool goes with it.
void close_connection(ngx_connection_t *c) noexcept;
// The connection's way to read, as core set it up.
ngx_recv_pt plain_recv(ngx_connection_t *c);

}  // namespace aigw::ngx
