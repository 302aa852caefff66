// One call of a provider on nginx's upstream machinery: its own peer, body decoding and output, everything else (TLS,
// timeouts, back-pressure, client aborts, $upstream_*) is core's. The object is used for one call after the other.
//
// Before commit all of the response is read in process_header, which nothing leaves; from commit on it flows through
// the input filter. A call that fails is torn down without the request (the three ways are in upstream.cpp).
#pragma once

#include <string>

#include "gateway/exchange.h"
#include "nginx/context.h"
#include "nginx/ngx.h"
#include "nginx/response.h"

namespace aigw::ngx {

class Driver;

class Call {
public:
    static constexpr ngx_msec_t kLinger = 250;           // for the end of the transfer, after the end of the answer
    static constexpr ngx_msec_t kDrain = 3'600'000;      // the provider is done; send_timeout bounds the client
    static constexpr size_t kMaxAddressTries = 4;        // addresses that refuse, within one attempt
    static constexpr size_t kKeptOutput = 16 << 10;      // of the output's buffer, between two reads

    Call(Context &context, Driver &driver);
    ~Call();
    Call(const Call &) = delete;

    // Starts the call; `request` must stay as it is while it lasts. May end the request, and with it this object.
    void launch(ProviderConf &provider, gateway::UpstreamRequest &request, ngx_msec_t first, ngx_msec_t idle);
    bool live() const;
    // Tears the call down from a timer, without a word to the client.
    void drop() { tear_down(1); }
    void set_status(ngx_uint_t status);

    // Sends what the exchange holds as the end of the body. What core says of it.
    ngx_int_t send_last();

    // The peer that core asks for connections (peer.cpp).
    static ngx_int_t init_peer(ngx_http_request_t *r, ngx_http_upstream_srv_conf_t *conf) noexcept;

private:
    static Call &of(ngx_http_request_t *r);
    ngx_http_upstream_t *upstream() const { return r_->upstream; }

    static ngx_int_t create_request(ngx_http_request_t *r) noexcept;
    static ngx_int_t reinit_request(ngx_http_request_t *r) noexcept;
    static ngx_int_t on_header(ngx_http_request_t *r) noexcept;
    static ngx_int_t on_output_start(void *data) noexcept;
    static ngx_int_t on_bytes(void *data, ssize_t bytes) noexcept;
    static void on_finalize(ngx_http_request_t *r, ngx_int_t rc) noexcept;
    static void on_linger(ngx_event_t *event) noexcept;
    static ssize_t receive(ngx_connection_t *c, u_char *buffer, size_t size) noexcept;

    void reset();
    ngx_int_t process_header();
    gateway::Verdict process_head();
    gateway::Verdict feed(ngx_buf_t &in);
    gateway::Verdict end_body();
    ngx_int_t commit();
    ngx_int_t start_output();
    void process_bytes(ssize_t bytes);
    void take_output();
    void complete();
    void finish(ngx_int_t rc);
    void tear_down(ngx_uint_t references);
    ngx_int_t fail_inside();
    bool ends_by_closing() const;

    static ngx_int_t get_peer(ngx_peer_connection_t *pc, void *data) noexcept;
    static void free_peer(ngx_peer_connection_t *pc, void *data, ngx_uint_t state) noexcept;
    static ngx_int_t set_session(ngx_peer_connection_t *pc, void *data) noexcept;
    static void save_session(ngx_peer_connection_t *pc, void *data) noexcept;
    ngx_int_t connect_again(ngx_peer_connection_t *pc);
    ngx_int_t connect(ngx_peer_connection_t *pc);
    bool may_connect_again(const ngx_peer_connection_t *pc);
    void name_peer(ngx_peer_connection_t *pc);

    Context &context_;
    Driver &driver_;
    ngx_http_request_t *r_;
    gateway::Exchange &exchange_;
    ProviderConf *provider_ = nullptr;
    ngx_http_upstream_conf_t conf_{};  // of this request: core reads the timeouts from here at any time
    ngx_msec_t idle_ = 0;
    ngx_chain_t *request_bufs_ = nullptr;

    ResponseHead head_;
    ResponseBody body_;
    bool head_done_ = false;
    bool reusable_ = true;      // false: whatever follows on this connection cannot be trusted
    bool closed_ = false;       // the connection's end was the body's end
    bool over_ = false;         // nothing more is wanted from the provider
    std::string whole_;         // an answer that was complete at commit; its buffers point here
    ngx_event_t linger_{};

    // The peer.
    bool asked_ = false;        // core has asked for a connection before
    bool fresh_only_ = false;
    size_t refused_ = 0;        // addresses that refused, one after the other
    gateway::Cause cause_ = gateway::Cause::Connect;  // of the connection's failure
    ngx_sockaddr_t address_{};
};

}  // namespace aigw::ngx
