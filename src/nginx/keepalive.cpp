#include "nginx/ngx.h"

#include "nginx/keepalive.h"

#include "nginx/resolve.h"

namespace aigw::ngx {
namespace {

void ignore(ngx_event_t *) noexcept {}

void set_log(ngx_connection_t *c, ngx_log_t *log) {
    c->log = log;
    c->read->log = log;
    c->write->log = log;
    c->pool->log = log;
}

bool failed(const ngx_connection_t *c) {
    return c->read->eof || c->read->error || c->read->timedout || c->write->error || c->write->timedout;
}

}  // namespace

void close_connection(ngx_connection_t *c) noexcept {
    if (c->ssl != nullptr) {
        c->ssl->no_wait_shutdown = 1;
        c->ssl->no_send_shutdown = 1;
        if (ngx_ssl_shutdown(c) == NGX_AGAIN) {
            c->ssl->handler = close_connection;
            return;
        }
    }
    ngx_destroy_pool(c->pool);
    ngx_close_connection(c);
}

ngx_recv_pt plain_recv(ngx_connection_t *c) {
    return c->ssl != nullptr ? ngx_ssl_recv : ngx_io.recv;
}

KeepaliveCache::KeepaliveCache(ngx_uint_t size) : items_(size) {
    ngx_queue_init(&idle_);
    ngx_queue_init(&free_);
    for (Item &item : items_) {
        item.cache = this;
        ngx_queue_insert_tail(&free_, &item.link);
    }
}

KeepaliveCache::~KeepaliveCache() {
    while (!ngx_queue_empty(&idle_)) {
        drop(item_of(ngx_queue_head(&idle_)));
    }
    if (session_ != nullptr) {
        ngx_ssl_free_session(session_);
    }
}

KeepaliveCache::Item *KeepaliveCache::item_of(ngx_queue_t *link) {
    return reinterpret_cast<Item *>(reinterpret_cast<u_char *>(link) - offsetof(Item, link));
}

void KeepaliveCache::drop(Item *item) {
    ngx_connection_t *c = item->connection;
    item->connection = nullptr;
    ngx_queue_remove(&item->link);
    ngx_queue_insert_head(&free_, &item->link);
    close_connection(c);
}

ngx_connection_t *KeepaliveCache::take(const Addresses &addresses, ngx_log_t *log, ngx_sockaddr_t &address,
                                       socklen_t &length) {
    for (ngx_queue_t *q = ngx_queue_head(&idle_); q != ngx_queue_sentinel(&idle_); q = ngx_queue_next(q)) {
        Item *item = item_of(q);
        if (!addresses.contains(item->address.sockaddr, item->length)) {
            continue;
        }
        ngx_connection_t *c = item->connection;
        item->connection = nullptr;
        ngx_queue_remove(&item->link);
        ngx_queue_insert_head(&free_, &item->link);
        address = item->address;
        length = item->length;
        c->idle = 0;
        c->sent = 0;
        c->data = nullptr;
        c->recv = plain_recv(c);
        set_log(c, log);
        if (c->read->timer_set) {
            ngx_del_timer(c->read);
        }
        return c;
    }
    return nullptr;
}

void KeepaliveCache::keep(ngx_peer_connection_t &pc, ngx_http_upstream_t &u) {
    ngx_connection_t *c = pc.connection;
    if (c == nullptr || items_.empty() || failed(c) || !u.keepalive || !u.request_body_sent || ngx_terminate ||
        ngx_exiting || c->requests >= kMaxRequests || ngx_current_msec - c->start_time > kMaxAge ||
        ngx_handle_read_event(c->read, 0) != NGX_OK) {
        return;
    }
    if (ngx_queue_empty(&free_)) {
        drop(item_of(ngx_queue_last(&idle_)));
    }
    Item *item = item_of(ngx_queue_head(&free_));
    ngx_queue_remove(&item->link);
    ngx_queue_insert_head(&idle_, &item->link);
    item->connection = c;
    item->length = pc.socklen;
    ngx_memcpy(&item->address, pc.sockaddr, pc.socklen);
    pc.connection = nullptr;

    c->read->delayed = 0;
    ngx_add_timer(c->read, kIdle);
    if (c->write->timer_set) {
        ngx_del_timer(c->write);
    }
    c->write->handler = ignore;
    c->read->handler = on_event;
    c->data = item;
    c->idle = 1;
    set_log(c, ngx_cycle->log);
    if (c->read->ready) {
        on_event(c->read);
    }
}

bool KeepaliveCache::still_idle(ngx_connection_t *c) {
    if (c->close || c->read->timedout) {
        return false;
    }
    char byte;
    if (recv(c->fd, &byte, 1, MSG_PEEK) != -1 || ngx_socket_errno != NGX_EAGAIN) {
        return false;
    }
    c->read->ready = 0;
    return ngx_handle_read_event(c->read, 0) == NGX_OK;
}

void KeepaliveCache::on_event(ngx_event_t *event) noexcept {
    auto *c = static_cast<ngx_connection_t *>(event->data);
    if (!still_idle(c)) {
        auto *item = static_cast<Item *>(c->data);
        item->cache->drop(item);
    }
}

ngx_int_t KeepaliveCache::set_session(ngx_connection_t *c) {
    return session_ != nullptr ? ngx_ssl_set_session(c, session_) : NGX_OK;
}

void KeepaliveCache::save_session(ngx_connection_t *c) {
    ngx_ssl_session_t *session = ngx_ssl_get_session(c);
    if (session == nullptr) {
        return;
    }
    if (session_ != nullptr) {
        ngx_ssl_free_session(session_);
    }
    session_ = session;
}

}  // namespace aigw::ngx
