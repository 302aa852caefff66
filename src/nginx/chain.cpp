#include "nginx/chain.h"

#include <new>

#include "nginx/text.h"

namespace aigw::ngx {
namespace {

constexpr size_t kMaxJoined = 4096;  // bytes of a body

template <class T>
T *checked(T *allocated) {
    if (allocated == nullptr) {
        throw std::bad_alloc();
    }
    return allocated;
}

ngx_chain_t *link(ngx_pool_t *pool, std::string_view bytes) {
    ngx_chain_t *link = checked(ngx_alloc_chain_link(pool));
    link->buf = checked(static_cast<ngx_buf_t *>(ngx_calloc_buf(pool)));
    link->next = nullptr;
    ngx_str_t memory = str(bytes);
    // A repeat on another connection rewinds pos to start.
    link->buf->start = link->buf->pos = memory.data;
    link->buf->end = link->buf->last = memory.data + memory.len;
    link->buf->memory = 1;
    return link;
}

// A small body stands behind its head: a held request is smaller by the buffers of its pieces.
void join_small(gateway::UpstreamRequest &request) {
    size_t size = 0;
    for (std::string_view piece : request.body) {
        size += piece.size();
    }
    if (size > kMaxJoined) {
        return;
    }
    request.head.reserve(request.head.size() + size);
    for (std::string_view piece : request.body) {
        request.head += piece;
    }
    request.body.clear();
}

}  // namespace

ngx_chain_t *request_chain(ngx_pool_t *pool, gateway::UpstreamRequest &request) {
    join_small(request);
    ngx_chain_t *chain = link(pool, request.head);
    ngx_chain_t *last = chain;
    for (std::string_view piece : request.body) {
        if (!piece.empty()) {
            last->next = link(pool, piece);
            last = last->next;
        }
    }
    last->buf->flush = 1;
    return chain;
}

void append_blocks(ngx_pool_t *pool, ngx_chain_t **free, ngx_buf_tag_t tag, std::string_view bytes, ngx_chain_t **out) {
    ngx_chain_t **tail = out;
    while (*tail != nullptr) {
        tail = &(*tail)->next;
    }
    while (!bytes.empty()) {
        ngx_chain_t *link = checked(ngx_chain_get_free_buf(pool, free));
        ngx_buf_t *block = link->buf;
        if (block->start == nullptr) {
            block->start = checked(static_cast<u_char *>(ngx_palloc(pool, kOutBlock)));
            block->end = block->start + kOutBlock;
            block->temporary = 1;
            block->tag = tag;
        }
        size_t size = ngx_min(bytes.size(), kOutBlock);
        block->pos = block->start;
        block->last = ngx_cpymem(block->start, bytes.data(), size);
        block->flush = 1;
        block->last_in_chain = 0;
        bytes.remove_prefix(size);
        link->next = nullptr;
        *tail = link;
        tail = &link->next;
    }
}

ngx_chain_t *refer_to(ngx_pool_t *pool, std::string_view bytes) {
    ngx_chain_t *chain = link(pool, bytes);
    chain->buf->flush = 1;
    return chain;
}

ngx_buf_t *last_of(ngx_chain_t *chain) {
    while (chain->next != nullptr) {
        chain = chain->next;
    }
    return chain->buf;
}

}  // namespace aigw::ngx
