#include "stream/inflate.h"

#include <algorithm>
#include <array>
#include <new>

#include <zlib.h>

namespace aigw {
namespace {

constexpr int kGzipOrZlib = 15 + 32;  // zlib's window bits: the largest window, the frame told by its first bytes
constexpr int kNoFrame = -15;
constexpr size_t kHead = 2;           // bytes that tell the frame
constexpr size_t kChunk = 16 << 10;   // bytes of output a call

bool is_gzip(std::string_view head) { return head[0] == '\x1f' && head[1] == '\x8b'; }

// The low bits name the method, and the two bytes are a multiple of 31.
bool is_zlib(std::string_view head) {
    unsigned first = static_cast<unsigned char>(head[0]), second = static_cast<unsigned char>(head[1]);
    return (first & 0x0f) == Z_DEFLATED && (first << 8 | second) % 31 == 0;
}

}  // namespace

struct Inflater::Stream {
    z_stream z{};
    bool gzip = false;
};

bool Inflater::knows(std::string_view coding) {
    constexpr std::array<std::string_view, 3> kKnown{"gzip", "x-gzip", "deflate"};
    return std::any_of(kKnown.begin(), kKnown.end(), [&](std::string_view known) {
        return std::equal(coding.begin(), coding.end(), known.begin(), known.end(),
                          [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
    });
}

Inflater::Inflater() : stream_(std::make_unique<Stream>()) {
    if (inflateInit2(&stream_->z, kGzipOrZlib) != Z_OK) {
        throw std::bad_alloc();
    }
}

Inflater::~Inflater() { inflateEnd(&stream_->z); }

// A member is over and there is more: another one, which only gzip knows.
bool Inflater::restart() {
    constexpr Bytef kGzip = 0x1f;
    return stream_->gzip && *stream_->z.next_in == kGzip && inflateReset(&stream_->z) == Z_OK;
}

Inflater::Status Inflater::inflate_some(std::string &out, size_t most) {
    z_stream &z = stream_->z;
    for (bool full = false; z.avail_in > 0 || full;) {
        if (whole_ && begun_ && !restart()) {
            return Status::Ok;  // what follows the end is nobody's
        }
        const size_t before = out.size();
        out.resize(before + kChunk);
        z.next_out = reinterpret_cast<Bytef *>(out.data() + before);
        z.avail_out = kChunk;
        const int told = inflate(&z, Z_NO_FLUSH);
        full = z.avail_out == 0;
        out.resize(before + kChunk - z.avail_out);
        if (told != Z_OK && told != Z_STREAM_END && told != Z_BUF_ERROR) {
            return Status::Broken;
        }
        begun_ = true;
        whole_ = told == Z_STREAM_END;
        full = full && !whole_;
        if (out.size() > most) {
            return Status::TooLarge;
        }
    }
    return Status::Ok;
}

Inflater::Status Inflater::feed(std::string_view bytes, std::string &out) {
    if (status_ != Status::Ok || bytes.empty()) {
        return status_;
    }
    std::string first;
    if (!begun_) {
        head_.append(bytes);
        whole_ = false;
        if (head_.size() < kHead) {
            return Status::Ok;
        }
        first.swap(head_);
        bytes = first;
        stream_->gzip = is_gzip(bytes);
        if (!stream_->gzip && !is_zlib(bytes)) {
            inflateReset2(&stream_->z, kNoFrame);
        }
    }
    stream_->z.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
    stream_->z.avail_in = static_cast<uInt>(bytes.size());
    status_ = inflate_some(out, out.size() + kMaxAtOnce);
    return status_;
}

}  // namespace aigw
