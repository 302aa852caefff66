// The peer of a call: which connection core gets. Core asks again after a connection failed; that is where an attempt
// ends, unless the connection was a stale one of the cache or another address may do better.
#include "nginx/ngx.h"

#include "nginx/upstream.h"

#include "nginx/attempt.h"
#include "nginx/guarded.h"
#include "nginx/keepalive.h"
#include "nginx/resolve.h"

namespace aigw::ngx {

using gateway::Cause;

ngx_int_t Call::init_peer(ngx_http_request_t *r, ngx_http_upstream_srv_conf_t *) noexcept {
    ngx_http_upstream_t *u = r->upstream;
    Call &call = of(r);
    u->peer.data = &call;
    u->peer.get = get_peer;
    u->peer.free = free_peer;
    u->peer.set_session = set_session;
    u->peer.save_session = save_session;
    u->peer.tries = 2;
    u->ssl_name = call.provider_->server.host;
    return NGX_OK;
}

ngx_int_t Call::get_peer(ngx_peer_connection_t *pc, void *data) noexcept {
    auto *call = static_cast<Call *>(data);
    return guarded(pc->log, ngx_int_t(NGX_ERROR), [&] {
        return call->asked_ ? call->connect_again(pc) : call->connect(pc);
    });
}

// The record before the one that core just opened is that of the failed connection.
bool Call::may_connect_again(const ngx_peer_connection_t *pc) {
    auto *states = static_cast<ngx_http_upstream_state_t *>(r_->upstream_states->elts);
    const ngx_http_upstream_state_t &failed = states[r_->upstream_states->nelts - 2];
    if (failed.status != NGX_HTTP_BAD_GATEWAY) {
        return false;
    }
    if (pc->cached && failed.bytes_received == 0) {
        fresh_only_ = true;  // closed while it was idle: the request was not served
        return true;
    }
    if (cause_ == Cause::Connect && refused_ + 1 < kMaxAddressTries &&
        provider_->addresses->pick(refused_ + 1) != nullptr) {
        refused_++;
        return true;
    }
    return false;
}

ngx_int_t Call::connect_again(ngx_peer_connection_t *pc) {
    if (may_connect_again(pc)) {
        return connect(pc);
    }
    auto *states = static_cast<ngx_http_upstream_state_t *>(r_->upstream_states->elts);
    bool timed_out = states[r_->upstream_states->nelts - 2].status == NGX_HTTP_GATEWAY_TIME_OUT;
    r_->upstream_states->nelts--;  // the record of a connection that will not be
    exchange_.fail(timed_out ? Cause::Timeout : cause_, now());
    return fail_inside();
}

ngx_int_t Call::connect(ngx_peer_connection_t *pc) {
    asked_ = true;
    pc->cached = 0;
    pc->connection = nullptr;
    socklen_t length = 0;
    if (!fresh_only_ && refused_ == 0) {
        pc->connection = provider_->idle->take(*provider_->addresses, pc->log, address_, length);
    }
    if (pc->connection != nullptr) {
        pc->cached = 1;
    } else {
        const Address *address = provider_->addresses->pick(refused_);
        if (address == nullptr) {
            return NGX_ERROR;
        }
        address_ = address->address;
        length = address->length;
    }
    pc->sockaddr = &address_.sockaddr;
    pc->socklen = length;
    name_peer(pc);
    return pc->cached ? NGX_DONE : NGX_OK;
}

// The log reads the name when everything else is gone: it is the pool's.
void Call::name_peer(ngx_peer_connection_t *pc) {
    u_char text[NGX_SOCKADDR_STRLEN];
    size_t size = ngx_sock_ntop(pc->sockaddr, pc->socklen, text, sizeof(text), 1);
    auto *name = static_cast<ngx_str_t *>(ngx_palloc(r_->pool, sizeof(ngx_str_t) + size));
    if (name == nullptr) {
        throw std::bad_alloc();
    }
    name->data = reinterpret_cast<u_char *>(name + 1);
    name->len = size;
    ngx_memcpy(name->data, text, size);
    pc->name = name;
}

void Call::free_peer(ngx_peer_connection_t *pc, void *data, ngx_uint_t state) noexcept {
    auto *call = static_cast<Call *>(data);
    ngx_http_upstream_t *u = call->upstream();
    pc->tries = 2;  // with none left core would end the request
    if (state & NGX_PEER_FAILED) {
        bool in_tls = pc->connection != nullptr && pc->connection->ssl != nullptr;
        call->cause_ = u->request_sent ? Cause::Closed : in_tls ? Cause::Tls : Cause::Connect;
    } else {
        call->provider_->idle->keep(*pc, *u);
    }
}

ngx_int_t Call::set_session(ngx_peer_connection_t *pc, void *data) noexcept {
    return static_cast<Call *>(data)->provider_->idle->set_session(pc->connection);
}

void Call::save_session(ngx_peer_connection_t *pc, void *data) noexcept {
    static_cast<Call *>(data)->provider_->idle->save_session(pc->connection);
}

}  // namespace aigw::ngx
