// A provider's HTTP/1.x response on the wire: its head, then its body without the transfer framing. Strict where two
// readings are possible: such a response is malformed, never guessed at. Promises nothing about what the body says.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/exchange.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

enum class Framing : uint8_t {
    Empty,       // no body follows
    Length,
    Chunked,
    UntilClose,
};

class ResponseHead {
public:
    static constexpr size_t kMaxBytes = 16 << 10;  // the head, interim responses (1xx) before it included
    static constexpr int kMaxLines = 200;
    static constexpr size_t kMaxName = 64;  // of a header that anybody here knows; longer ones are skipped

    // Takes bytes from `in`, which may hold the body's first bytes as well. NGX_AGAIN: more is needed, `in` is empty.
    // NGX_OK: complete; body bytes are first in rest(), then in `in`. NGX_ERROR: malformed or too large.
    ngx_int_t take(ngx_http_request_t *r, ngx_buf_t &in, gateway::Exchange &exchange);
    ngx_buf_t &rest() { return buffer_; }
    // Frees the bytes of the head.
    void release();
    void reset(ngx_http_request_t *r);

    int status() const { return static_cast<int>(line_.code); }
    Framing framing() const;
    off_t length() const { return length_; }
    // The provider will close the connection after this response.
    bool closes() const { return closes_; }

private:
    ngx_int_t parse(ngx_http_request_t *r, gateway::Exchange &exchange);
    ngx_int_t parse_status(ngx_http_request_t *r);
    bool on_header(ngx_http_request_t *r, gateway::Exchange &exchange);
    bool on_framing_header(std::string_view name, std::string_view value);

    struct Free {
        void operator()(u_char *memory) const { std::free(memory); }
    };
    std::unique_ptr<u_char, Free> memory_;  // fixed: the parser keeps pointers into it
    ngx_buf_t buffer_{};
    ngx_http_status_t line_{};
    bool in_headers_ = false;
    bool closes_ = false;
    bool chunked_ = false;
    off_t length_ = -1;  // Content-Length; -1: none
    int lines_ = 0;
};

class ResponseBody {
public:
    void start(Framing framing, off_t length);
    Framing framing() const { return framing_; }
    // The framing says that the body is complete.
    bool ended() const { return ended_; }
    void end() { ended_ = true; }

    // Takes all of `in` up to the body's end and hands its pieces to `sink`, which says whether to go on. False: the
    // framing is broken.
    template <class Sink>
    bool decode(ngx_http_request_t *r, ngx_buf_t &in, Sink &&sink);

private:
    ngx_int_t parse_chunk(ngx_http_request_t *r, ngx_buf_t &in);

    Framing framing_ = Framing::Empty;
    bool ended_ = false;
    off_t left_ = 0;  // of Length
    ngx_http_chunked_t chunk_{};
};

template <class Sink>
bool ResponseBody::decode(ngx_http_request_t *r, ngx_buf_t &in, Sink &&sink) {
    while (!ended_ && in.pos < in.last) {
        off_t there = in.last - in.pos;
        if (framing_ == Framing::Chunked) {
            ngx_int_t rc = parse_chunk(r, in);
            if (rc == NGX_DONE) {
                ended_ = true;
                return true;
            }
            if (rc != NGX_OK) {
                return rc == NGX_AGAIN;
            }
            there = ngx_min(in.last - in.pos, chunk_.size);
            chunk_.size -= there;
        } else if (framing_ == Framing::Length) {
            there = ngx_min(there, left_);
            left_ -= there;
            ended_ = left_ == 0;
        }
        std::string_view piece(reinterpret_cast<const char *>(in.pos), static_cast<size_t>(there));
        in.pos += there;
        if (!sink(piece)) {
            return true;
        }
    }
    return true;
}

}  // namespace aigw::ngx
