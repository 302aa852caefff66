// Drives one request through its attempts. Each is a Call of its own; what is tried, and when, is the exchange's word.
//
//   start --> step --(wait)--> Waiting --> prepare --> Minting --> Resolving --> Calling --> Answering --> Over
//              ^                              |           |            |            |
//              '------------ Between <--------'-----------'------------'------------'   failed: nothing was sent yet
//
// A failure never starts the next attempt itself: it may come from deep inside the launch of the one before.
#pragma once

#include "gateway/exchange.h"
#include "nginx/context.h"
#include "nginx/minter.h"
#include "nginx/ngx.h"
#include "nginx/resolve.h"
#include "nginx/upstream.h"

namespace aigw::ngx {

class Driver final : private Addresses::Waiter, private Minter::Waiter {
public:
    explicit Driver(Context &context);
    ~Driver();
    Driver(const Driver &) = delete;

    // From the content handler, which holds a reference to the request. May end the request, and with it this object.
    void start() { step(); }

    // Of the call under way.
    void on_commit();              // the answer begins
    void on_failed();              // it is torn down, and nothing was sent
    void on_finished();            // core finalized it, and with it the request
    Call &call() { return call_; }
    // Ends the request at once: an error that has no other way out.
    void abort(ngx_int_t status);

private:
    enum class State : uint8_t { Between, Waiting, Minting, Resolving, Calling, Answering, Over };

    template <void (Driver::*Action)()>
    static void on_event(ngx_event_t *event) noexcept;
    void on_addresses(bool found) override;
    void on_minted(bool found) override;
    void on_next();
    void on_first();
    void on_total();

    void step();
    void prepare();
    void mint();
    void minted();
    void write(const providers::CallCredential &credential);
    void resolve();
    void resolved();
    void fail_unlaunched(gateway::Cause cause, ngx_uint_t status);
    void record_state(ngx_uint_t status);
    void arm(ngx_event_t &timer, Millis wait);
    void arm_total();
    void watch_client();
    void doubt_credential();
    void refuse(const chat::ApiError &error);
    void stop();

    Context &context_;
    ngx_http_request_t *r_;
    gateway::Exchange &exchange_;
    State state_ = State::Between;
    const gateway::Target *target_ = nullptr;
    ProviderConf *provider_ = nullptr;
    gateway::UpstreamRequest request_;
    bool found_ = false;    // Minting, Resolving: there are credentials, addresses
    bool streaming_ = false;  // counted as a running stream
    Millis began_;
    Millis attempt_began_ = 0;
    ngx_event_t next_{};    // what follows: the next step, the end of a wait, the addresses
    ngx_event_t first_{};   // time to the first content, of an attempt
    ngx_event_t total_{};   // of the request
    Call call_;
};

}  // namespace aigw::ngx
