// Core reads what came along with the request's head into the head's buffer and all that follows into another one. A body
// for whose rest the head's buffer has room it reads to its end there: so the head's buffer is made as large as the body,
// and what came with the head, one kilobyte mostly, is all that is copied.
#include "nginx/request_body.h"

#include <new>
#include <string>

#include "nginx/text.h"

namespace aigw::ngx {
namespace {

size_t size_of(const ngx_buf_t *buffer) {
    return static_cast<size_t>(buffer->last - buffer->pos);
}

// A body that core would keep in memory, and in two places.
bool comes_in_two(ngx_http_request_t *r) {
    if (r->http_version >= NGX_HTTP_VERSION_20 || r->headers_in.chunked || r->discard_body || r->request_body_in_file_only) {
        return false;
    }
    auto *core = static_cast<ngx_http_core_loc_conf_t *>(ngx_http_get_module_loc_conf(r, ngx_http_core_module));
    auto here = static_cast<off_t>(size_of(r->header_in));
    return here > 0 && here < r->headers_in.content_length_n &&
           r->headers_in.content_length_n <= static_cast<off_t>(core->client_body_buffer_size);
}

// What is here of the body moves to where the rest will follow.
ngx_buf_t *whole_buffer(ngx_http_request_t *r) {
    ngx_buf_t *head = r->header_in;
    ngx_buf_t *whole = ngx_create_temp_buf(r->pool, static_cast<size_t>(r->headers_in.content_length_n));
    if (whole == nullptr) {
        throw std::bad_alloc();
    }
    whole->last = ngx_cpymem(whole->last, head->pos, size_of(head));
    head->pos = head->last;
    return whole;
}

bool has_body(const ngx_http_request_t *r) {
    return !(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) && r->request_body != nullptr;
}

// The body as one stretch of memory; empty if it is no such.
std::string_view stretch(const ngx_chain_t *link) {
    const ngx_buf_t *first = nullptr;
    const u_char *end = nullptr;
    for (; link != nullptr; link = link->next) {
        const ngx_buf_t *b = link->buf;
        if (ngx_buf_size(b) == 0) {
            continue;
        }
        if (b->in_file || !ngx_buf_in_memory(b) || (first != nullptr && b->pos != end)) {
            return {};
        }
        first = first == nullptr ? b : first;
        end = b->last;
    }
    return first == nullptr ? std::string_view() : std::string_view(reinterpret_cast<char *>(first->pos), end - first->pos);
}

// False: a temporary file could not be read.
bool append_file(const ngx_buf_t *b, std::string &out) {
    auto size = static_cast<size_t>(b->file_last - b->file_pos);
    size_t before = out.size();
    out.resize(before + size);
    auto *at = reinterpret_cast<u_char *>(out.data() + before);
    return ngx_read_file(b->file, at, size, b->file_pos) == static_cast<ssize_t>(size);
}

bool copy_all(const ngx_chain_t *bufs, std::string &out) {
    size_t size = 0;
    for (const ngx_chain_t *link = bufs; link != nullptr; link = link->next) {
        size += static_cast<size_t>(ngx_buf_size(link->buf));
    }
    out.reserve(size);
    for (const ngx_chain_t *link = bufs; link != nullptr; link = link->next) {
        const ngx_buf_t *b = link->buf;
        if (b->in_file) {
            if (!append_file(b, out)) {
                return false;
            }
        } else if (ngx_buf_in_memory(b)) {
            out.append(reinterpret_cast<char *>(b->pos), size_of(b));
        }
    }
    return true;
}

}  // namespace

ngx_int_t read_request_body(Context &context, ngx_http_client_body_handler_pt done) {
    ngx_http_request_t *r = context.r;
    // Who read the body before may have put memory in its place that he frees.
    context.core_body = r->request_body == nullptr;
    if (!context.core_body || !comes_in_two(r)) {
        return ngx_http_read_client_request_body(r, done);
    }
    ngx_buf_t *head = r->header_in;
    ngx_buf_t *whole = whole_buffer(r);
    r->header_in = whole;
    ngx_int_t rc = ngx_http_read_client_request_body(r, done);  // the request lives on: core took a reference
    r->header_in = head;
    if (r->request_body != nullptr && r->request_body->buf != nullptr) {
        r->request_body->buf->start = whole->start;  // as it was allocated, to be freed
    }
    return rc;
}

std::optional<gateway::Body> request_body(const Context &context) {
    ngx_http_request_t *r = context.r;
    if (!has_body(r)) {
        return gateway::Body();
    }
    if (context.core_body) {
        if (std::string_view text = stretch(r->request_body->bufs); !text.empty()) {
            return gateway::Body::of_host(text);
        }
    }
    std::string own = main_conf(r)->scratch.take_body();
    if (!copy_all(r->request_body->bufs, own)) {
        return std::nullopt;
    }
    return gateway::Body(std::move(own));
}

}  // namespace aigw::ngx
