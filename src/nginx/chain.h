// Bytes as nginx's chains of buffers: a request for a provider, an answer for the caller.
#pragma once

#include <string>
#include <string_view>

#include "gateway/exchange.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

inline constexpr size_t kOutBlock = 1024;  // bytes of one block of a stream's output

// One buffer for each piece without a copy, or for all of a small request: `request` must stay as it is then while the call lasts.
ngx_chain_t *request_chain(ngx_pool_t *pool, gateway::UpstreamRequest &request);

// Copies `bytes` into blocks of the free list and appends them to `out`. Blocks come back to the list when the client
// has them (ngx_chain_update_chains), so that a stream of any length needs few.
void append_blocks(ngx_pool_t *pool, ngx_chain_t **free, ngx_buf_tag_t tag, std::string_view bytes, ngx_chain_t **out);

// One buffer that refers to `bytes`; they must live as long as the request.
ngx_chain_t *refer_to(ngx_pool_t *pool, std::string_view bytes);

// The last buffer of a chain that is not empty.
ngx_buf_t *last_of(ngx_chain_t *chain);

}  // namespace aigw::ngx
