// HTTP calls beside the requests, by libcurl's multi interface on nginx's event loop: for tokens and the like, not for
// models. Nothing blocks: names are resolved before, by whoever asks; no threads, no proxies of the environment, no
// redirects, no connection is kept. Each call has a deadline and a bound for its answer.
#pragma once

#include <curl/curl.h>

#include <string>

#include "core/result.h"
#include "nginx/ngx.h"
#include "nginx/resolve.h"
#include "providers/side_call.h"

namespace aigw::ngx {

class SideCall {
public:
    static constexpr size_t kMaxAnswer = 256 << 10;   // bytes of its body
    static constexpr size_t kMaxHead = 64 << 10;      // bytes of its headers
    static constexpr long kConnect = 2'000;           // ms, TLS included

    class Owner {
    public:
        // Once for each call that was started and not cancelled, from an event. The error is a phrase for a log. The next
        // call may be started from here.
        virtual void on_reply(Result<providers::SideReply, std::string> reply) = 0;

    protected:
        ~Owner() = default;
    };

    explicit SideCall(Owner &owner) : owner_(owner) {}
    ~SideCall() { cancel(); }
    SideCall(const SideCall &) = delete;

    // `address`: of the URL's host. `authorities`: a file with certificates, for https; empty: libcurl's own. False: it could
    // not be started. Ends one that is under way.
    bool start(const providers::SideRequest &request, const Address &address, const std::string &authorities,
               ngx_msec_t deadline);
    void cancel();
    bool running() const { return easy_ != nullptr; }

    // At a worker's exit, after the last of them.
    static void close_all();

private:
    friend class CurlLoop;

    template <class T>
    bool set(CURLoption option, T value) {
        return curl_easy_setopt(easy_, option, value) == CURLE_OK;
    }
    bool set_target(const Address &address, const std::string &authorities, ngx_msec_t deadline);
    bool set_message();
    bool add(curl_slist *&list, const std::string &text);
    void finish(CURLcode code);
    void release();

    static size_t on_body(char *bytes, size_t size, size_t count, void *self) noexcept;
    static size_t on_head(char *bytes, size_t size, size_t count, void *self) noexcept;

    Owner &owner_;
    CURL *easy_ = nullptr;
    curl_slist *headers_ = nullptr;
    curl_slist *place_ = nullptr;
    providers::SideRequest request_;
    providers::SideReply reply_;
    size_t head_ = 0;         // bytes of headers so far
    bool too_large_ = false;
};

}  // namespace aigw::ngx
