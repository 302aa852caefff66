// A request's state in this module. It hangs on a pool cleanup, so it is found again after an internal redirect,
// error_page and a filter's finalization, which wipe r->ctx.
#pragma once

#include <memory>
#include <string>

#include "gateway/exchange.h"
#include "gateway/filter.h"
#include "identity/identity.h"
#include "nginx/conf.h"
#include "nginx/ngx.h"
#include "nginx/pool.h"

namespace aigw::ngx {

class Driver;  // attempt.h
class Quota;   // quota.h
class CacheUse;  // cache.h
struct Guard;  // guard.h

// An event that is posted for a request, as long as the request is there.
struct Turn {
    Turn() = default;
    ~Turn();
    Turn(const Turn &) = delete;

    ngx_event_t event{};
};

struct Context {
    enum class Caller : uint8_t { Unknown, Anonymous, Known, Refused };
    // Of the precontent phase: what its handler answers when it is entered again.
    enum class Body : uint8_t { Unread, Reading, Begun };

    explicit Context(ngx_http_request_t *request);
    ~Context();
    Context(const Context &) = delete;

    ngx_http_request_t *r;

    // Who is calling; computed once, on first use, under the ai_auth then in force (access.cpp).
    Caller caller = Caller::Unknown;
    identity::Identity identity;

    std::string request_id;  // x-request-id: the caller's own if it is clean, else $request_id
    Body body = Body::Unread;
    bool core_body = false;  // the body lies where core put it, for us
    std::unique_ptr<Guard> guard;               // guardrails; outlives the conversation
    // Of a gateway location, from precontent on. Not inside: with it a context would need a pool's block of its own.
    std::unique_ptr<gateway::Exchange> exchange;
    InPool<Driver> driver;                      // from content on
    std::unique_ptr<gateway::Filter> filter;    // of an ai_filter location, from precontent on; never beside an exchange
    std::unique_ptr<Quota> quota;               // limits: what is reserved
    std::unique_ptr<CacheUse> cache;            // where ai_cache is in force
    size_t admitted = 0;                        // steps of admission that are behind
    bool waiting = false;                       // in a step of admission, for resume_admission
    std::unique_ptr<Turn> turn;                 // admission: the next slice of work
    bool ended = false;                         // end() was called
    bool was_ours = false;                      // in a gateway or an ai_filter location, whatever location it is in now
    bool answered = false;                      // in the place of the model, by a policy
    bool streaming = false;                     // a stream of ai_filter that counts as running

    // ai_filter: what the request was before it was changed for the proxy; the answer's rewritten blocks.
    ngx_chain_t *original_body = nullptr;
    off_t original_length = 0;
    std::string hidden_key;
    ngx_chain_t *free_links = nullptr;
    ngx_chain_t *busy_links = nullptr;

    // error_page.cpp: the body that replaces core's page, in the caller's dialect.
    ngx_uint_t refused = 0;  // ai_filter: the status that we and not the proxy answered
    std::string error_page;
    bool replacing = false;
    std::string core_error;  // its code, where core and not the conversation refused the request

    // Null before precontent.
    gateway::Conversation *conversation();
    // Ends the conversation, once.
    void end(gateway::End how);
    // An internal redirect begins another one.
    void forget_conversation();

private:
    void stop_streaming();
};

// The context of the main request, made on first use; throws bad_alloc.
Context &make_context(ngx_http_request_t *r);
// Null if there is none yet.
Context *find_context(ngx_http_request_t *r);

// The caller's id of this request, or $request_id. Valid as long as the request.
std::string_view request_id(Context &context);
// What follows the gateway's prefix in the URI of the location that r is in now.
std::string_view api_path(ngx_http_request_t *r);
// Makes (or makes anew, after an internal redirect) the exchange for the location that r is in now.
gateway::Exchange &make_exchange(Context &context);

inline Millis now() { return static_cast<Millis>(ngx_current_msec); }

// Live contexts of this worker, for leak checks (aigw_contexts).
ngx_uint_t live_contexts();

}  // namespace aigw::ngx
