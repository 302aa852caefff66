// Lines are found going forward once; only what crosses the end of the bytes fed is copied.
#include "stream/sse.h"

#include <algorithm>

namespace aigw {

namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";

// Finds line ends going forward; each byte is looked at once however CR and LF alternate.
class LineEnds {
public:
    explicit LineEnds(std::string_view bytes) : bytes_(bytes) {}

    // The first CR or LF at or after `from`, or the size.
    size_t next(size_t from) {
        if (lf_ < from || !sought_) {
            lf_ = std::min(bytes_.find('\n', from), bytes_.size());
        }
        if (cr_ < from || !sought_) {
            cr_ = std::min(bytes_.find('\r', from), bytes_.size());
        }
        sought_ = true;
        return std::min(lf_, cr_);
    }

private:
    std::string_view bytes_;
    size_t lf_ = 0, cr_ = 0;
    bool sought_ = false;
};

// The first CR or LF, or the size. Two scans: find_first_of looks at each byte by itself.
size_t line_end(std::string_view text) {
    size_t lf = std::min(text.find('\n'), text.size());
    return std::min(text.substr(0, lf).find('\r'), lf);
}

void release(std::string &buffer, size_t keep) {
    buffer.clear();
    if (buffer.capacity() > keep) {
        std::string().swap(buffer);
    }
}

}  // namespace

void SseReader::Field::set(std::string_view value) {
    seen = value;
    is_kept = false;
}

void SseReader::Field::join(std::string_view more) {
    keep();
    kept.append(1, '\n').append(more);
}

void SseReader::Field::keep() {
    if (!is_kept) {
        kept.assign(seen);
        seen = {};
        is_kept = true;
    }
}

void SseReader::Field::clear() {
    seen = {};
    is_kept = false;
    release(kept, kKeepBytes);
}

SseReader::Status SseReader::feed(std::string_view bytes, SseSink &sink) {
    size_t at = started_ ? 0 : skip_start(bytes);
    size_t held = line_.size();  // of the line that goes on in `bytes`
    LineEnds ends(bytes);
    while (status_ == Status::Ok && at < bytes.size()) {
        if (after_cr_ && bytes[at] == '\n') {
            after_cr_ = false;
            ++at;
            continue;
        }
        size_t end = ends.next(at);
        std::string_view part = bytes.substr(at, end - at);
        if (event_bytes_ + held + part.size() > kMaxEventBytes) {
            status_ = Status::TooLarge;
        } else if (end == bytes.size()) {
            after_cr_ = false;
            hold(held, part);
            return status_;
        } else {
            after_cr_ = bytes[end] == '\r';
            at = end + 1;
            complete(held ? line_.append(part) : part, sink);
            held = 0;
        }
    }
    hold(held, {});
    return status_;
}

SseReader::Status SseReader::finish(SseSink &sink) {
    if (!started_ && bom_seen_ < kBom.size()) {
        line_.assign(kBom.substr(0, bom_seen_));
    }
    if (status_ == Status::Ok && !line_.empty()) {
        complete(line_, sink);
    }
    if (status_ == Status::Ok) {
        dispatch(sink);
    }
    hold(0, {});
    return status_;
}

// Offset of the first byte of the first line; until that is found, all bytes are skipped.
size_t SseReader::skip_start(std::string_view bytes) {
    size_t at = 0;
    while (at < bytes.size() && bom_seen_ < kBom.size() && bytes[at] == kBom[bom_seen_]) {
        ++bom_seen_;
        ++at;
    }
    if (at == bytes.size()) {
        return at;
    }
    if (bom_seen_ > 0 && bom_seen_ < kBom.size()) {  // no BOM after all
        line_.assign(kBom.substr(0, bom_seen_));
        started_ = true;
        return at;
    }
    bom_seen_ = kBom.size();
    at = std::min(bytes.find_first_not_of(" \t", at), bytes.size());
    started_ = at < bytes.size();
    return at;
}

// Between feeds: what points into the bytes fed is copied; `held` bytes of line_ and `rest` begin the next line.
void SseReader::hold(size_t held, std::string_view rest) {
    data_.keep();
    name_.keep();
    if (held == 0) {
        release(line_, kKeepBytes);
    }
    line_.append(rest);
}

void SseReader::complete(std::string_view line, SseSink &sink) {
    if (line.empty()) {
        dispatch(sink);
        return;
    }
    size_t colon = std::min(line.find(':'), line.size());
    if (colon == 0) {
        sink.on_comment();
        return;
    }
    event_bytes_ += line.size();
    std::string_view value = line.substr(std::min(colon + 1, line.size()));
    if (!value.empty() && value[0] == ' ') {
        value.remove_prefix(1);
    }
    field(line.substr(0, colon), value);
}

void SseReader::field(std::string_view name, std::string_view value) {
    if (name == "event") {
        name_.set(value);
    } else if (name == "data" || name == "error") {
        if (name == "error") {
            name_.set(name);
        }
        if (has_data_) {
            data_.join(value);
        } else {
            data_.set(value);
        }
        has_data_ = true;
    }
}

void SseReader::dispatch(SseSink &sink) {
    if (has_data_ && !sink.on_event({name_.view(), data_.view()})) {
        status_ = Status::Stopped;
    }
    has_data_ = false;
    event_bytes_ = 0;
    data_.clear();
    name_.clear();
}

void append_sse(std::string &out, std::string_view name, std::string_view data) {
    constexpr size_t kFrame = 64;  // bytes: the words of a one-line event, and room for the next one to be a little longer
    out.reserve(out.size() + name.size() + data.size() + kFrame);
    if (!name.empty()) {
        out.append("event: ").append(name.substr(0, line_end(name))).append("\n");
    }
    for (;;) {
        size_t end = line_end(data);
        out.append("data: ").append(data.substr(0, end)).append("\n");
        if (end == data.size()) {
            break;
        }
        data.remove_prefix(data.substr(end, 2) == "\r\n" ? end + 2 : end + 1);
    }
    out += '\n';
}

}  // namespace aigw
