// The end of every request that was in a gateway or an ai_filter location: how it ended is decided here, once, and counted. It runs
// before the access log is written (add_log_handler), so that the line sees what settling found out.
#include "nginx/log.h"

#include "nginx/access.h"
#include "nginx/context.h"
#include "nginx/core_error.h"
#include "nginx/filter.h"
#include "nginx/guarded.h"
#include "nginx/metrics.h"
#include "nginx/phases.h"

namespace aigw::ngx {
namespace {

using gateway::End;

// worker_shutdown_timeout closes connections as if the client had gone; only `close` tells.
bool closed_by_shutdown(const ngx_http_request_t *r) {
    const ngx_connection_t *c = r->connection;
#if (NGX_HTTP_V2)
    if (r->stream != nullptr) {
        c = r->stream->connection->connection;
    }
#endif
    return ngx_exiting && c->close;
}

// As $status has it.
ngx_uint_t status_of(const ngx_http_request_t *r) {
    return r->err_status != 0 ? r->err_status : r->headers_out.status;
}

End how_it_ended(const ngx_http_request_t *r, const gateway::Conversation &conversation, bool answered) {
    const ngx_connection_t *c = r->connection;
    bool done = conversation.done() || answered;
    bool delivered = done && !c->buffered;
    if (!delivered && closed_by_shutdown(r)) {
        return End::Shutdown;
    }
    if (!delivered && c->timedout) {
        return End::Timeout;
    }
    if (status_of(r) == NGX_HTTP_CLIENT_CLOSED_REQUEST || (!delivered && c->error)) {
        return End::Client;
    }
    if (conversation.error()) {
        if (conversation.error()->code == "token_limit" && status_of(r) < NGX_HTTP_BAD_REQUEST) {
            return End::Limit;
        }
        return conversation.error()->code == "timeout" ? End::Timeout : End::Error;
    }
    return done && status_of(r) < NGX_HTTP_BAD_REQUEST ? End::Done : End::Error;
}

// What neither we nor the server named goes by its status.
void name_error(ngx_http_request_t *r) {
    ngx_uint_t status = status_of(r);
    if (status >= NGX_HTTP_BAD_REQUEST && status != NGX_HTTP_CLIENT_CLOSED_REQUEST) {
        make_context(r).core_error = core_error(static_cast<int>(status)).code;
    }
}

void finish(ngx_http_request_t *r) {
    if (!is_ours(r)) {
        return;
    }
    Context *context = find_context(r);
    gateway::Record none;
    const gateway::Record *record = &none;
    if (context != nullptr && context->filter) {
        note_proxied_calls(*context);
    }
    if (loc_conf(r)->filter || (context != nullptr && context->filter)) {
        name_error(r);
    }
    if (gateway::Conversation *conversation = context != nullptr ? context->conversation() : nullptr) {
        context->end(how_it_ended(r, *conversation, context->answered));
        record = &conversation->record();
    }
    const identity::Identity *caller = identify(r);
    count_exchange(r, *record, caller != nullptr ? caller->team : std::string_view(), status_of(r));
}

}  // namespace

bool is_ours(ngx_http_request_t *r) noexcept {
    Context *context = find_context(r);
    return loc_conf(r->main)->serves() || (context != nullptr && context->was_ours);
}

ngx_int_t log_handler(ngx_http_request_t *r) noexcept {
    if (r == r->main && main_conf(r)->used) {
        guarded(r->connection->log, [&] { finish(r); });
    }
    return NGX_OK;
}

ngx_int_t add_log_handler(ngx_conf_t *cf) noexcept {
    auto *core = static_cast<ngx_http_core_main_conf_t *>(ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
    ngx_array_t &handlers = core->phases[NGX_HTTP_LOG_PHASE].handlers;
    if (ngx_array_push(&handlers) == nullptr) {
        return NGX_ERROR;
    }
    auto *first = static_cast<ngx_http_handler_pt *>(handlers.elts);
    ngx_memmove(first + 1, first, (handlers.nelts - 1) * sizeof(ngx_http_handler_pt));
    *first = log_handler;
    return NGX_OK;
}

}  // namespace aigw::ngx
