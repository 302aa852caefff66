// Tearing a call down without its request: core's cleanup finalizes the upstream with NGX_DONE and drops a reference of
// the request, which has to be taken before. From a timer that is all (1 reference). From inside core's own functions
// (process_header, the peer) core then sees an upstream without cleanup and drops another one (2 references).
#include "nginx/ngx.h"

#include "nginx/upstream.h"

#include "nginx/answer.h"
#include "nginx/attempt.h"
#include "nginx/cache.h"
#include "nginx/chain.h"
#include "nginx/guarded.h"
#include "nginx/limit.h"
#include "nginx/keepalive.h"
#include "nginx/text.h"

namespace aigw::ngx {

using gateway::Cause;
using gateway::Verdict;

namespace {

// Core's copy of the caller's body: no other location will want it once the answer began. A held stream is small.
// A subrequest under way (mirror) sends from the same buffers, the exchange may still read them.
void forget_request_body(ngx_http_request_t *r, bool in_use) {
    ngx_http_request_body_t *body = r->request_body;
    if (body == nullptr || r->main->count > 1) {
        return;
    }
    body->bufs = nullptr;
    if (!in_use && body->buf != nullptr && ngx_pfree(r->pool, body->buf->start) == NGX_OK) {
        body->buf = nullptr;
    }
}

}  // namespace

Call::Call(Context &context, Driver &driver)
    : context_(context), driver_(driver), r_(context.r), exchange_(*context.exchange) {
    linger_.handler = on_linger;
    linger_.data = this;
    linger_.log = r_->connection->log;
}

Call::~Call() {
    if (linger_.timer_set) {
        ngx_del_timer(&linger_);
    }
}

Call &Call::of(ngx_http_request_t *r) {
    return find_context(r)->driver->call();
}

bool Call::live() const {
    return r_->upstream != nullptr && r_->upstream->cleanup != nullptr;
}

void Call::launch(ProviderConf &provider, gateway::UpstreamRequest &request, ngx_msec_t first, ngx_msec_t idle) {
    request_bufs_ = request_chain(r_->pool, request);
    if (ngx_http_upstream_create(r_) != NGX_OK) {
        throw std::bad_alloc();
    }
    provider_ = &provider;
    asked_ = false;
    fresh_only_ = false;
    refused_ = 0;
    idle_ = idle;
    conf_ = provider.upstream;
    conf_.read_timeout = first;  // until the first content nobody else may cut the wait short

    ngx_http_upstream_t *u = r_->upstream;
    u->conf = &conf_;
#if (NGX_HTTP_SSL)
    u->ssl = provider.ssl != nullptr;
#endif
    u->schema = provider.ssl != nullptr ? str("https://") : str("http://");
    u->buffering = 0;
    u->output.tag = reinterpret_cast<ngx_buf_tag_t>(&ngx_http_aigw_module);
    u->create_request = create_request;
    u->reinit_request = reinit_request;
    u->process_header = on_header;
    u->abort_request = [](ngx_http_request_t *) {};
    u->finalize_request = on_finalize;
    u->input_filter_init = on_output_start;
    u->input_filter = on_bytes;
    u->input_filter_ctx = this;
    ngx_http_upstream_init(r_);
}

void Call::set_status(ngx_uint_t status) {
    if (upstream()->state != nullptr) {
        upstream()->state->status = status;
    }
}

void Call::reset() {
    head_.reset(r_);
    head_done_ = false;
    reusable_ = true;
    closed_ = false;
    over_ = false;
}

ngx_int_t Call::create_request(ngx_http_request_t *r) noexcept {
    Call &call = of(r);
    call.reset();
    r->upstream->request_bufs = call.request_bufs_;
    return NGX_OK;
}

// Of the same request, on another connection of the same provider.
ngx_int_t Call::reinit_request(ngx_http_request_t *r) noexcept {
    of(r).reset();
    return NGX_OK;
}

ngx_int_t Call::on_header(ngx_http_request_t *r) noexcept {
    return guarded(r->connection->log, ngx_int_t(NGX_ERROR), [&] { return of(r).process_header(); });
}

// Every byte is taken: one left behind in u->buffer would hide the event that it ends until the next read.
ngx_int_t Call::process_header() {
    ngx_http_upstream_t *u = upstream();
    Verdict verdict = Verdict::More;
    if (closed_) {
        body_.end();
        verdict = end_body();
    } else {
        if (!head_done_) {
            verdict = process_head();
        }
        if (head_done_ && verdict != Verdict::Failed) {
            verdict = feed(u->buffer);
        }
    }
    u->buffer.pos = u->buffer.last = u->buffer.start;
    if (verdict == Verdict::Failed) {
        return fail_inside();
    }
    return exchange_.committed() ? commit() : ngx_int_t(NGX_AGAIN);
}

Verdict Call::process_head() {
    ngx_http_upstream_t *u = upstream();
    ngx_int_t rc = head_.take(r_, u->buffer, exchange_);
    if (rc == NGX_AGAIN) {
        return Verdict::More;
    }
    if (rc == NGX_ERROR) {
        set_status(NGX_HTTP_BAD_GATEWAY);
        return exchange_.fail(Cause::Protocol, now());
    }
    head_done_ = true;
    u->headers_in.status_n = static_cast<ngx_uint_t>(head_.status());
    set_status(u->headers_in.status_n);
    u->peer.connection->recv = receive;
    body_.start(head_.framing(), head_.length());
    reusable_ = !head_.closes() && head_.framing() != Framing::UntilClose;

    Verdict verdict = exchange_.head(head_.status(), now());
    if (verdict != Verdict::Failed && body_.ended()) {
        verdict = end_body();
    }
    if (verdict != Verdict::Failed) {
        verdict = feed(head_.rest());
    }
    head_.release();
    return verdict;
}

Verdict Call::feed(ngx_buf_t &in) {
    Verdict verdict = Verdict::More;
    bool was_ended = body_.ended();
    bool sound = body_.decode(r_, in, [&](std::string_view piece) {
        if (!exchange_.done()) {
            verdict = exchange_.body(piece, now());
        }
        if (verdict == Verdict::Data && !exchange_.done() && !within_limits(context_)) {
            verdict = exchange_.stop(limit_reached(context_), now());
        }
        return verdict != Verdict::Failed && verdict != Verdict::Cut;
    });
    if (verdict != Verdict::Failed && verdict != Verdict::Cut) {
        reusable_ = reusable_ && in.pos == in.last && sound;
        if (!sound) {
            body_.end();
            verdict = exchange_.done() ? Verdict::Data : exchange_.fail(Cause::Protocol, now());
        } else if (body_.ended() && !was_ended) {
            verdict = end_body();
        }
    }
    if (verdict == Verdict::Cut) {
        reusable_ = false;
        body_.end();
    }
    return verdict;
}

Verdict Call::end_body() {
    return exchange_.done() ? Verdict::Data : exchange_.body_end(now());
}

// The first content is there: from here on the caller has an answer.
ngx_int_t Call::commit() {
    ngx_http_upstream_t *u = upstream();
    driver_.on_commit();
    if (exchange_.done()) {
        store_answer(context_);
    }
    bool whole = exchange_.done() && !exchange_.record().stream && !exchange_.breaks_off();
    if (whole) {
        whole_ = std::move(exchange_.out());
        exchange_.out().clear();
    }
    off_t length = whole ? static_cast<off_t>(whole_.size()) : -1;
    set_answer_header(context_, exchange_.answer_type(), length);
    u->headers_in.status_n = NGX_HTTP_OK;
    u->headers_in.content_length_n = length;
    conf_.read_timeout = idle_;
    forget_request_body(r_, exchange_.reads_lent_body());
    if (body_.ended()) {
        complete();
    }
    return NGX_OK;
}

// The request's connection has this as its recv from the response's body on.
ssize_t Call::receive(ngx_connection_t *c, u_char *buffer, size_t size) noexcept {
    ssize_t n = plain_recv(c)(c, buffer, size);
    if (n == 0 || n == NGX_ERROR) {
        // nginx before 1.23.3 leaves it set after a TLS error; with a slow client the worker then spins for ever.
        c->read->ready = 0;
    }
    if (n != 0 || size == 0) {
        return n;
    }
    Call &call = of(static_cast<ngx_http_request_t *>(c->data));
    if (!call.ends_by_closing()) {
        return n;
    }
    // Core takes an end before the header for a failure. A byte that stands for it reaches process_header.
    call.closed_ = true;
    *buffer = 0;
    return 1;
}

bool Call::ends_by_closing() const {
    return head_done_ && !closed_ && body_.framing() == Framing::UntilClose && !exchange_.committed();
}

// Core is done with the upstream, for whatever reason: by NGX_DONE (torn down by us, or the request is closed), by 0,
// by a status.
void Call::on_finalize(ngx_http_request_t *r, ngx_int_t rc) noexcept {
    Context *context = find_context(r);
    if (context == nullptr || !context->driver) {
        return;
    }
    Call &call = context->driver->call();
    if (call.linger_.timer_set) {
        ngx_del_timer(&call.linger_);
    }
    call.head_.release();
    if (rc == NGX_DONE) {
        return;
    }
    if (r->upstream->header_sent && !r->connection->error) {
        guarded(r->connection->log, [&] { call.finish(rc); });
    }
    context->driver->on_finished();
}

void Call::tear_down(ngx_uint_t references) {
    ngx_http_upstream_t *u = upstream();
    r_->main->count += references;
    (*u->cleanup)(r_);
    if (u->buffer.start != nullptr) {
        ngx_pfree(r_->pool, u->buffer.start);
        u->buffer.start = nullptr;
    }
}

ngx_int_t Call::fail_inside() {
    upstream()->keepalive = head_done_ && body_.ended() && reusable_;  // a refusal read to its end
    tear_down(2);
    driver_.on_failed();
    return NGX_ERROR;
}

}  // namespace aigw::ngx
