// Server-sent events, read from bytes cut anywhere and written in one normal form.
// The reader takes LF, CRLF and CR, a BOM, comments, multi-line data, no space after the colon and a last event without
// its blank line, spaces before the first line; id: and retry: are dropped (clients break on them). A line
// `error: {...}` (llama.cpp's family) reads as an event named "error". An event with one data line that lies whole in
// the bytes fed is not copied. Does not look at what the bytes say: they may be no UTF-8, no JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "stream/event_reader.h"

namespace aigw {

class SseReader final : public EventReader {
public:
    Status feed(std::string_view bytes, SseSink &sink) override;
    Status finish(SseSink &sink) override;
    // Bytes held back for an event that is not complete.
    size_t held() const { return line_.size() + data_.kept.size() + name_.kept.size(); }
    void reset() { *this = SseReader(); }

private:
    // A value that points into the bytes fed until keep() copies it.
    struct Field {
        std::string_view seen;
        std::string kept;
        bool is_kept = false;

        std::string_view view() const { return is_kept ? std::string_view(kept) : seen; }
        void set(std::string_view value);
        void join(std::string_view more);  // after a LF
        void keep();
        void clear();
    };

    size_t skip_start(std::string_view bytes);
    void complete(std::string_view line, SseSink &sink);
    void field(std::string_view name, std::string_view value);
    void dispatch(SseSink &sink);
    void hold(size_t held, std::string_view rest);

    std::string line_;  // an incomplete line
    Field data_;        // data lines of the current event, joined
    Field name_;
    size_t event_bytes_ = 0;  // of the current event's complete lines
    size_t bom_seen_ = 0;     // bytes of a BOM at the start, while started_ is false
    Status status_ = Status::Ok;
    bool has_data_ = false;
    bool started_ = false;   // the BOM and the spaces after it are behind
    bool after_cr_ = false;  // a LF that comes next belongs to the CR before it
};

// Appends one event. Data with line breaks becomes several data lines; an empty name writes no event line.
void append_sse(std::string &out, std::string_view name, std::string_view data);

}  // namespace aigw
