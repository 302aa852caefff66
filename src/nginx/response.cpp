#include "nginx/response.h"

#include <cstdlib>
#include <new>

namespace aigw::ngx {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool equals(std::string_view a, std::string_view lower_b) {
    if (a.size() != lower_b.size()) {
        return false;
    }
    for (size_t i = 0; i < a.size(); i++) {
        if (lower(a[i]) != lower_b[i]) {
            return false;
        }
    }
    return true;
}

// Whether `token` is one of a comma-separated list.
bool has_token(std::string_view list, std::string_view token) {
    while (!list.empty()) {
        size_t comma = list.find(',');
        std::string_view item = list.substr(0, comma);
        list.remove_prefix(comma == list.npos ? list.size() : comma + 1);
        while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) {
            item.remove_prefix(1);
        }
        while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) {
            item.remove_suffix(1);
        }
        if (equals(item, token)) {
            return true;
        }
    }
    return false;
}

}  // namespace

void ResponseHead::reset(ngx_http_request_t *r) {
    release();
    ngx_memzero(&line_, sizeof(line_));
    in_headers_ = false;
    closes_ = false;
    chunked_ = false;
    length_ = -1;
    lines_ = 0;
    r->state = 0;
    r->header_hash = 1;
}

void ResponseHead::release() {
    memory_.reset();
    buffer_ = {};
}

ngx_int_t ResponseHead::take(ngx_http_request_t *r, ngx_buf_t &in, gateway::Exchange &exchange) {
    if (!memory_) {
        memory_.reset(static_cast<u_char *>(std::malloc(kMaxBytes)));
        if (!memory_) {
            throw std::bad_alloc();
        }
        buffer_.start = buffer_.pos = buffer_.last = memory_.get();
        buffer_.end = buffer_.start + kMaxBytes;
    }
    size_t size = ngx_min(in.last - in.pos, buffer_.end - buffer_.last);
    buffer_.last = ngx_cpymem(buffer_.last, in.pos, size);
    in.pos += size;

    ngx_int_t rc = parse(r, exchange);
    if (rc == NGX_AGAIN && buffer_.last == buffer_.end) {
        return NGX_ERROR;
    }
    return rc;
}

ngx_int_t ResponseHead::parse(ngx_http_request_t *r, gateway::Exchange &exchange) {
    for (;;) {
        ngx_int_t rc = in_headers_ ? ngx_http_parse_header_line(r, &buffer_, 1) : parse_status(r);
        if (rc == NGX_AGAIN) {
            return rc;
        }
        if (rc == NGX_HTTP_PARSE_HEADER_DONE) {
            if (status() >= 200) {
                return NGX_OK;
            }
            // An interim response: the real one follows.
            ngx_memzero(&line_, sizeof(line_));
            in_headers_ = false;
            chunked_ = false;
            length_ = -1;
            r->state = 0;
            continue;
        }
        if (rc != NGX_OK || (in_headers_ && !on_header(r, exchange))) {
            return NGX_ERROR;
        }
        in_headers_ = true;
        lines_++;
    }
}

ngx_int_t ResponseHead::parse_status(ngx_http_request_t *r) {
    ngx_int_t rc = ngx_http_parse_status_line(r, &buffer_, &line_);
    if (rc != NGX_OK) {
        return rc;
    }
    r->state = 0;
    closes_ = line_.http_version < NGX_HTTP_VERSION_11;
    // 101 would be another protocol, and nobody asked for one.
    return status() < 100 || status() == 101 || status() > 599 ? NGX_ERROR : NGX_OK;
}

bool ResponseHead::on_header(ngx_http_request_t *r, gateway::Exchange &exchange) {
    if (lines_ > kMaxLines) {
        return false;
    }
    auto size = static_cast<size_t>(r->header_name_end - r->header_name_start);
    if (r->invalid_header || size > kMaxName) {
        return true;
    }
    char name[kMaxName];
    for (size_t i = 0; i < size; i++) {
        name[i] = lower(static_cast<char>(r->header_name_start[i]));
    }
    std::string_view lower_name(name, size);
    std::string_view value(reinterpret_cast<const char *>(r->header_start),
                           static_cast<size_t>(r->header_end - r->header_start));
    if (!on_framing_header(lower_name, value)) {
        return false;
    }
    if (status() >= 200) {
        exchange.header(lower_name, value);
    }
    return true;
}

bool ResponseHead::on_framing_header(std::string_view name, std::string_view value) {
    if (name == "content-length") {
        if (length_ >= 0 || chunked_) {
            return false;
        }
        length_ = ngx_atoof(reinterpret_cast<u_char *>(const_cast<char *>(value.data())), value.size());
        return length_ >= 0;
    }
    if (name == "transfer-encoding") {
        if (chunked_ || length_ >= 0 || !equals(value, "chunked")) {
            return false;
        }
        chunked_ = true;
    } else if (name == "connection") {
        closes_ = closes_ || has_token(value, "close");
    }
    return true;
}

Framing ResponseHead::framing() const {
    if (status() == 204 || status() == 304 || length_ == 0) {
        return Framing::Empty;
    }
    return chunked_ ? Framing::Chunked : length_ > 0 ? Framing::Length : Framing::UntilClose;
}

void ResponseBody::start(Framing framing, off_t length) {
    framing_ = framing;
    ended_ = framing == Framing::Empty;
    left_ = length;
    ngx_memzero(&chunk_, sizeof(chunk_));
}

ngx_int_t ResponseBody::parse_chunk(ngx_http_request_t *r, ngx_buf_t &in) {
#if nginx_version >= 1027002
    return ngx_http_parse_chunked(r, &in, &chunk_, 0);
#else
    return ngx_http_parse_chunked(r, &in, &chunk_);
#endif
}

}  // namespace aigw::ngx
