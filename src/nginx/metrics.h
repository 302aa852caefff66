// Counters in shared memory, seen by all workers. Label values are configured names only; anything else, and whatever
// no longer fits, is `other`. Without a zone nothing is counted.
#pragma once

#include <string_view>

#include "gateway/record.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

// Once for each request of a gateway location, from the log phase, refused ones included (with an empty record); its
// calls to providers with it.
void count_exchange(ngx_http_request_t *r, const gateway::Record &record, std::string_view team, ngx_uint_t status);

// One request and one limit: passed, rejected or dry_run.
void count_limit(ngx_http_request_t *r, std::string_view name, std::string_view result);

// One request that a cache was in force for: HIT, MISS or BYPASS.
void count_cache(ngx_http_request_t *r, std::string_view status);

// What one request's guardrails found.
void count_guardrail(ngx_http_request_t *r, std::string_view label, std::string_view action, uint64_t count);

// By a word of a fixed set.
void count_redis_error(std::string_view kind);

// Streams running in this worker: at the commit of a streamed answer, and once when it is over.
void stream_began();
void stream_ended();
// Of this process.
int64_t running_streams();

}  // namespace aigw::ngx
