// Server-sent events, read from bytes cut anywhere and written in one normal form.
// The reader takes LF, CRLF and CR, a BOM, comments, multi-line data, no space after the colon and a last event without
// its blank line; id: and retry: are dropped (clients break on them). A line `error: {...}` (llama.cpp's family) reads
// as an event named "error". An event that lies whole in the bytes fed is not copied.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aigw {

struct SseEvent {
    std::string_view name;  // empty: the default, "message"
    std::string_view data;  // lines joined with LF
};

class SseSink {
public:
    virtual ~SseSink() = default;
    // False stops the reader: the bytes after this event stay unread, feed returns Stopped.
    virtual bool on_event(const SseEvent &event) = 0;
    // A comment line was seen: a sign of life without content.
    virtual void on_comment() {}
};

class SseReader {
public:
    static constexpr size_t kMaxEventBytes = 16 << 20;  // of one event, kept or not

    enum class Status { Ok, Stopped, TooLarge };

    Status feed(std::string_view bytes, SseSink &sink);
    // End of the body: delivers a last event that lacks its blank line.
    Status finish(SseSink &sink);
    // Bytes held back for an event that is not complete.
    size_t held() const { return line_.size() + data_.size(); }
    void reset() { *this = SseReader(); }

private:
    Status line(std::string_view text, SseSink &sink);
    Status dispatch(SseSink &sink);

    std::string line_;   // an incomplete line
    std::string data_;   // data lines of the current event, joined
    std::string name_;
    bool has_data_ = false;
    bool started_ = false;   // the BOM question is settled
    bool after_cr_ = false;  // a LF that comes next belongs to the CR before it
};

// Appends one event. Data with line breaks becomes several data lines; an empty name writes no event line.
void append_sse(std::string &out, std::string_view name, std::string_view data);

}  // namespace aigw
