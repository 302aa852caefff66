// A call after its commit: what comes from the provider goes to the caller as he takes it, and every end is told to him.
#include "nginx/ngx.h"

#include "nginx/upstream.h"

#include "nginx/cache.h"
#include "nginx/chain.h"
#include "nginx/guarded.h"

namespace aigw::ngx {

using gateway::Cause;

ngx_int_t Call::on_output_start(void *data) noexcept {
    auto *call = static_cast<Call *>(data);
    return guarded(call->r_->connection->log, ngx_int_t(NGX_ERROR), [&] { return call->start_output(); });
}

// The header is out. Core would write what stands in out_bufs only after the next read.
ngx_int_t Call::start_output() {
    ngx_http_upstream_t *u = upstream();
    u->length = over_ ? 0 : body_.framing() == Framing::UntilClose ? -1 : 1;
    if (whole_.empty()) {
        take_output();
        std::string().swap(exchange_.out());  // what was held back until now is more than an event takes
    } else {
        u->out_bufs = refer_to(r_->pool, whole_);
    }
    if (exchange_.done() && !over_) {
        ngx_add_timer(&linger_, kLinger);
    }
    if (u->out_bufs == nullptr) {
        return NGX_OK;
    }
    if (ngx_http_output_filter(r_, u->out_bufs) == NGX_ERROR) {
        return NGX_ERROR;
    }
    ngx_chain_update_chains(r_->pool, &u->free_bufs, &u->busy_bufs, &u->out_bufs, u->output.tag);
    return NGX_OK;
}

ngx_int_t Call::on_bytes(void *data, ssize_t bytes) noexcept {
    auto *call = static_cast<Call *>(data);
    return guarded(call->r_->connection->log, ngx_int_t(NGX_ERROR), [&] {
        call->process_bytes(bytes);
        return ngx_int_t(NGX_OK);
    });
}

void Call::process_bytes(ssize_t bytes) {
    ngx_http_upstream_t *u = upstream();
    ngx_buf_t in = u->buffer;
    in.pos = u->buffer.last;
    in.last = in.pos + bytes;
    // The room comes back only when the client has everything: that is the back-pressure.
    u->buffer.last += bytes;
    if (over_) {
        u->keepalive = 0;
        return;
    }
    feed(in);
    if (exchange_.done()) {
        store_answer(context_);
    }
    take_output();
    if (body_.ended()) {
        complete();
    } else if (exchange_.done() && !linger_.timer_set) {
        ngx_add_timer(&linger_, kLinger);
    }
    // Core's timers are lazy by 300 ms, which is much of a short timeout.
    ngx_event_t *read = u->peer.connection->read;
    if (idle_ < 1000 && read->timer_set) {
        ngx_del_timer(read);
    }
}

void Call::take_output() {
    std::string &out = exchange_.out();
    append_blocks(r_->pool, &upstream()->free_bufs, upstream()->output.tag, out, &upstream()->out_bufs);
    out.clear();
    if (out.capacity() > kKeptOutput) {
        std::string().swap(out);
    }
}

// The answer is complete but the transfer did not end: the client is not kept waiting for that.
void Call::on_linger(ngx_event_t *event) noexcept {
    auto *call = static_cast<Call *>(event->data);
    ngx_connection_t *c = call->r_->connection;
    if (!call->live()) {
        return;
    }
    call->reusable_ = false;
    call->complete();
    if (!c->write->posted) {
        ngx_post_event(c->write, &ngx_posted_events);
    }
}

// Nothing more is wanted from the provider. Core goes on reading while the client takes its time.
void Call::complete() {
    over_ = true;
    upstream()->length = 0;
    upstream()->keepalive = reusable_ && body_.ended();
    conf_.read_timeout = kDrain;
    if (linger_.timer_set) {
        ngx_del_timer(&linger_);
    }
}

// The header went out. An end that is none is told to the client in its own words, and the body is ended properly.
void Call::finish(ngx_int_t rc) {
    if (rc == NGX_OK) {
        body_.end();
        end_body();
        take_output();
        if (exchange_.breaks_off()) {
            r_->connection->error = 1;  // else core would end the transfer as a whole one
            return;
        }
        ngx_http_upstream_t *u = upstream();
        if (u->out_bufs != nullptr) {
            ngx_http_output_filter(r_, u->out_bufs);
            u->out_bufs = nullptr;
        }
    } else if (rc >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
        if (!exchange_.done()) {
            exchange_.fail(rc == NGX_HTTP_GATEWAY_TIME_OUT ? Cause::Timeout : Cause::Closed, now());
        }
        send_last();
    }
}

ngx_int_t Call::send_last() {
    ngx_http_upstream_t *u = upstream();
    if (exchange_.breaks_off()) {
        return NGX_ERROR;
    }
    take_output();
    ngx_chain_t *out = u->out_bufs;
    u->out_bufs = nullptr;
    if (out == nullptr) {
        return ngx_http_send_special(r_, NGX_HTTP_LAST);
    }
    ngx_buf_t *last = last_of(out);
    last->last_buf = 1;
    last->last_in_chain = 1;
    return ngx_http_output_filter(r_, out);
}

}  // namespace aigw::ngx
