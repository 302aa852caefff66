#include "nginx/ngx.h"

#include "nginx/attempt.h"

#include <optional>

#include "nginx/credential.h"
#include "nginx/guarded.h"
#include "nginx/keepalive.h"
#include "nginx/metrics.h"
#include "nginx/text.h"

namespace aigw::ngx {

using gateway::Cause;

// The skeleton of every timer of ours.
template <void (Driver::*Action)()>
void Driver::on_event(ngx_event_t *event) noexcept {
    auto *driver = static_cast<Driver *>(event->data);
    ngx_http_request_t *r = driver->r_;
    ngx_connection_t *c = r->connection;
    ngx_http_set_log_request(c->log, r);
    bool sound = guarded(c->log, false, [&] {
        (driver->*Action)();
        return true;
    });
    if (!sound) {
        driver->abort(NGX_HTTP_INTERNAL_SERVER_ERROR);
    }
    ngx_http_run_posted_requests(c);
}

Driver::Driver(Context &context)
    : context_(context), r_(context.r), exchange_(*context.exchange), began_(now()), call_(context, *this) {
    for (ngx_event_t *event : {&next_, &first_, &total_}) {
        event->data = this;
        event->log = r_->connection->log;
    }
    next_.handler = on_event<&Driver::on_next>;
    first_.handler = on_event<&Driver::on_first>;
    total_.handler = on_event<&Driver::on_total>;
}

Driver::~Driver() {
    stop();
}

void Driver::stop() {
    state_ = State::Over;
    if (streaming_) {
        streaming_ = false;
        stream_ended();
    }
    if (provider_ != nullptr) {
        provider_->addresses->cancel(*this);
    }
    Minter::cancel(*this);
    for (ngx_event_t *event : {&next_, &first_, &total_}) {
        if (event->timer_set) {
            ngx_del_timer(event);
        }
        if (event->posted) {
            ngx_delete_posted_event(event);
        }
    }
}

void Driver::arm(ngx_event_t &timer, Millis wait) {
    if (timer.timer_set) {
        ngx_del_timer(&timer);
    }
    ngx_add_timer(&timer, static_cast<ngx_msec_t>(wait > 0 ? wait : 0));
}

void Driver::arm_total() {
    arm(total_, began_ + target_->provider->timeouts.total - now());
}

// While no upstream does it: a client that leaves ends the request.
void Driver::watch_client() {
    ngx_connection_t *c = r_->connection;
    r_->read_event_handler = ngx_http_test_reading;
    r_->write_event_handler = ngx_http_request_empty_handler;
#if (NGX_HTTP_V2)
    if (r_->stream != nullptr) {
        return;
    }
#endif
    if (c->read->ready) {
        ngx_post_event(c->read, &ngx_posted_events);
    }
}

void Driver::on_next() {
    switch (state_) {
    case State::Between:
        step();
        break;
    case State::Waiting:
        prepare();
        break;
    case State::Minting:
        minted();
        break;
    case State::Resolving:
        resolved();
        break;
    case State::Calling:
    case State::Answering:
    case State::Over:
        break;
    }
}

void Driver::step() {
    if (r_->connection->error) {
        abort(NGX_HTTP_CLIENT_CLOSED_REQUEST);
        return;
    }
    gateway::Step step = exchange_.next_attempt(now());
    if (auto *error = std::get_if<chat::ApiError>(&step)) {
        refuse(*error);
        return;
    }
    auto launch = std::get<gateway::Launch>(step);
    target_ = launch.target;
    arm_total();
    if (launch.wait > 0) {
        state_ = State::Waiting;
        watch_client();
        arm(next_, launch.wait);
        return;
    }
    prepare();
}

void Driver::prepare() {
    provider_ = &worker_conf(*target_);
    attempt_began_ = now();
    arm(first_, target_->first_timeout(exchange_.record().stream));
    if (provider_->mint != nullptr) {
        mint();
        return;
    }
    auto credential = take_credential(r_, *provider_);
    if (!credential) {
        refuse({NGX_HTTP_SERVICE_UNAVAILABLE, chat::ErrorKind::Overloaded, "overloaded",
                "No credentials for the provider \"" + provider_->name + "\".", {}, {}});
        return;
    }
    write(*credential);
}

// Credentials that are made for us, and may not be there yet.
void Driver::mint() {
    state_ = State::Minting;
    Minter &minter = *provider_->mint->minter;
    found_ = minter.ready();
    if (found_ || !minter.wait(*this)) {
        minted();
        return;
    }
    watch_client();
}

void Driver::on_minted(bool found) {
    found_ = found;
    ngx_post_event(&next_, &ngx_posted_events);
}

void Driver::minted() {
    if (!found_) {
        exchange_.fail(Cause::Credentials, now());
        on_failed();
        return;
    }
    write(provider_->mint->minter->credential());
}

void Driver::write(const providers::CallCredential &credential) {
    bool carried = exchange_.request_for(*target_, credential, request_, ngx_time());
    if (!carried) {
        on_failed();
        return;
    }
    resolve();
}

void Driver::resolve() {
    state_ = State::Resolving;
    if (provider_->addresses->ready()) {
        found_ = true;
        resolved();
        return;
    }
    watch_client();
    auto *core = static_cast<ngx_http_core_loc_conf_t *>(ngx_http_get_module_loc_conf(r_, ngx_http_core_module));
    ngx_resolver_t *resolver = core->resolver;
    if (resolver == nullptr || resolver->connections.nelts == 0) {
        resolver = main_conf(r_)->resolver;
    }
    if (!provider_->addresses->wait(*this, resolver, core->resolver_timeout)) {
        on_addresses(false);
    }
}

void Driver::on_addresses(bool found) {
    found_ = found;
    ngx_post_event(&next_, &ngx_posted_events);
}

void Driver::resolved() {
    if (!found_) {
        fail_unlaunched(Cause::Dns, NGX_HTTP_BAD_GATEWAY);
        return;
    }
    state_ = State::Calling;
    call_.launch(*provider_, request_, static_cast<ngx_msec_t>(target_->first_timeout(exchange_.record().stream)),
                 static_cast<ngx_msec_t>(target_->idle_timeout()));
}

void Driver::on_commit() {
    state_ = State::Answering;
    if (exchange_.record().stream && !streaming_) {
        streaming_ = true;
        stream_began();
    }
    if (first_.timer_set) {
        ngx_del_timer(&first_);
    }
    if (r_->upstream->request_body_sent) {
        std::exchange(request_, {});  // core's buffers still point there, but nothing is sent from them again
        exchange_.forget_request();
    }
}

// It may be the credential that is at fault: withdrawn before its end.
void Driver::doubt_credential() {
    const auto &calls = exchange_.record().calls;
    if (state_ == State::Calling && provider_->mint != nullptr && !calls.empty() &&
        (calls.back().result == "authentication" || calls.back().result == "permission")) {
        provider_->mint->minter->doubt();
    }
}

void Driver::on_failed() {
    doubt_credential();
    state_ = State::Between;
    if (first_.timer_set) {
        ngx_del_timer(&first_);
    }
    watch_client();
    ngx_post_event(&next_, &ngx_posted_events);
}

// Of an attempt that had no upstream yet.
void Driver::fail_unlaunched(Cause cause, ngx_uint_t status) {
    provider_->addresses->cancel(*this);
    record_state(status);
    exchange_.fail(cause, now());
    on_failed();
}

void Driver::on_first() {
    if (state_ == State::Minting) {
        Minter::cancel(*this);
        exchange_.fail(Cause::Credentials, now());
        on_failed();
    } else if (state_ == State::Resolving) {
        fail_unlaunched(Cause::Timeout, NGX_HTTP_GATEWAY_TIME_OUT);
    } else if (state_ == State::Calling && call_.live()) {
        ngx_log_error(NGX_LOG_ERR, r_->connection->log, NGX_ETIMEDOUT, "aigw: no content from \"%s\" in time",
                      provider_->name.c_str());
        call_.set_status(NGX_HTTP_GATEWAY_TIME_OUT);
        exchange_.fail(Cause::Timeout, now());
        call_.drop();
        on_failed();
    }
}

void Driver::on_total() {
    switch (state_) {
    case State::Between:
    case State::Waiting:
    case State::Minting:
        stop();
        exchange_.fail(Cause::Total, now());
        on_failed();
        break;
    case State::Resolving:
        fail_unlaunched(Cause::Total, NGX_HTTP_GATEWAY_TIME_OUT);
        break;
    case State::Calling:
        if (call_.live()) {
            call_.set_status(NGX_HTTP_GATEWAY_TIME_OUT);
            exchange_.fail(Cause::Total, now());
            call_.drop();
            on_failed();
        }
        break;
    case State::Answering:
        if (call_.live()) {
            exchange_.fail(Cause::Total, now());
            call_.drop();
            stop();
            ngx_http_finalize_request(r_, call_.send_last());
        }
        break;
    case State::Over:
        break;
    }
}

// Core's list of attempts ($upstream_status and its kin) has one that never got so far, too.
void Driver::record_state(ngx_uint_t status) {
    if (r_->upstream_states == nullptr) {
        r_->upstream_states = ngx_array_create(r_->pool, 1, sizeof(ngx_http_upstream_state_t));
    } else if (auto *separator = ngx_array_push(r_->upstream_states)) {
        ngx_memzero(separator, sizeof(ngx_http_upstream_state_t));
    }
    auto *name = static_cast<ngx_str_t *>(ngx_palloc(r_->pool, sizeof(ngx_str_t)));
    auto *state = r_->upstream_states == nullptr
                      ? nullptr
                      : static_cast<ngx_http_upstream_state_t *>(ngx_array_push(r_->upstream_states));
    if (name == nullptr || state == nullptr) {
        throw std::bad_alloc();
    }
    *name = copy(r_->pool, provider_->url.authority());
    ngx_memzero(state, sizeof(*state));
    state->status = status;
    state->peer = name;
    state->connect_time = static_cast<ngx_msec_t>(-1);
    state->header_time = static_cast<ngx_msec_t>(-1);
    state->response_time = static_cast<ngx_msec_t>(now() - attempt_began_);
}

void Driver::on_finished() {
    stop();
}

void Driver::refuse(const chat::ApiError &error) {
    stop();
    exchange_.refuse(error);
    ngx_http_finalize_request(r_, error.status);
}

void Driver::abort(ngx_int_t status) {
    stop();
    if (call_.live()) {
        call_.drop();
    }
    ngx_http_finalize_request(r_, status);
}

}  // namespace aigw::ngx
