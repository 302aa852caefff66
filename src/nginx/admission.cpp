#include "nginx/admission.h"

#include <iterator>

#include "nginx/cache.h"
#include "nginx/filter.h"
#include "nginx/guard.h"
#include "nginx/limit.h"
#include "nginx/prompt.h"

namespace aigw::ngx {
namespace {

// NGX_OK: the next one. NGX_AGAIN: the same one again, in the next turn of the event loop. Else it was refused, or answered.
using Step = ngx_int_t (*)(Context &context);

constexpr Step kSteps[] = {
    add_prompts,
    guard_request,
    look_in_cache,
    reserve_limits,
};

void on_turn(ngx_event_t *event) noexcept {
    auto *r = static_cast<ngx_http_request_t *>(event->data);
    ngx_connection_t *c = r->connection;
    ngx_http_set_log_request(c->log, r);
    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
    ngx_http_run_posted_requests(c);
}

void post_turn(Context &context, ngx_queue_t &queue) {
    context.turn = std::make_unique<Turn>();
    ngx_event_t &event = context.turn->event;
    event.data = context.r;
    event.handler = on_turn;
    event.log = context.r->connection->log;
    ngx_post_event(&event, &queue);
}

// Other requests have their turn first. A client that leaves meanwhile is seen afterwards.
void take_turn(Context &context) {
    context.waiting = true;
    context.r->write_event_handler = ngx_http_request_empty_handler;
    post_turn(context, ngx_posted_next_events);
}

}  // namespace

ngx_int_t suspend_admission(Context &context) {
    ngx_http_request_t *r = context.r;
    ngx_connection_t *c = r->connection;
    context.waiting = true;
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;
#if (NGX_HTTP_V2)
    if (r->stream != nullptr) {
        return NGX_DONE;
    }
#endif
    if (c->read->ready) {
        ngx_post_event(c->read, &ngx_posted_events);
    }
    return NGX_DONE;
}

void resume_admission(Context &context) {
    post_turn(context, ngx_posted_events);
}

ngx_int_t admit(Context &context) {
    context.waiting = false;
    while (context.admitted < std::size(kSteps)) {
        ngx_int_t rc = kSteps[context.admitted](context);
        if (rc == NGX_AGAIN) {
            take_turn(context);
            return NGX_DONE;
        }
        if (rc != NGX_OK) {
            return rc;
        }
        context.admitted++;
    }
    if (context.filter) {
        start_proxying(context);
    }
    return NGX_DECLINED;
}

}  // namespace aigw::ngx
