// The entry points that module.cpp hands to nginx, one file each.
#pragma once

#include "nginx/ngx.h"

namespace aigw::ngx {

ngx_int_t access_handler(ngx_http_request_t *r) noexcept;      // access.cpp: who is calling
ngx_int_t precontent_handler(ngx_http_request_t *r) noexcept;  // precontent.cpp: body, begin()
ngx_int_t content_handler(ngx_http_request_t *r) noexcept;     // content.cpp: attempts
ngx_int_t metrics_handler(ngx_http_request_t *r) noexcept;     // metrics.cpp: ai_metrics
ngx_int_t log_handler(ngx_http_request_t *r) noexcept;         // log.cpp: end(), metrics
ngx_int_t add_variables(ngx_conf_t *cf) noexcept;              // variables.cpp
ngx_int_t install_filters(ngx_conf_t *cf) noexcept;            // filter.cpp

// A worker's (or the single process's) start and end.
ngx_int_t start_connections(ngx_cycle_t *cycle) noexcept;      // content.cpp: keepalive caches, addresses, Redis
void stop_connections(ngx_cycle_t *cycle) noexcept;
void save_at_exit(ngx_cycle_t *cycle) noexcept;                 // timer.cpp: the state file, a last time
ngx_int_t start_timers(ngx_cycle_t *cycle) noexcept;           // timer.cpp: the leader's work

}  // namespace aigw::ngx
