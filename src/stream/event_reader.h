// A provider's stream, cut into events however it is framed: server-sent events (sse.h), a JSON text a line (ndjson.h),
// AWS's binary frames (aws_frames.h). All give an SseEvent: a name (AWS: the event's or the exception's type) and data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace aigw {

enum class Framing : uint8_t { Sse, Ndjson, AwsEventStream };

struct SseEvent {
    std::string_view name;  // empty: the default, "message"
    std::string_view data;
    bool failure = false;  // AWS: an exception or an error takes the place of an event
};

class SseSink {
public:
    virtual ~SseSink() = default;
    // False stops the reader: the bytes after this event stay unread, feed returns Stopped.
    virtual bool on_event(const SseEvent &event) = 0;
    // A comment line was seen: a sign of life without content.
    virtual void on_comment() {}
};

class EventReader {
public:
    static constexpr size_t kMaxEventBytes = 16 << 20;  // of one event
    static constexpr size_t kKeepBytes = 64 << 10;      // larger buffers are given back after the event

    // Broken: the framing is violated (a length, a checksum); what came before was delivered.
    enum class Status : uint8_t { Ok, Stopped, TooLarge, Broken };

    virtual ~EventReader() = default;
    // Views in events die when on_event returns. After anything but Ok every call returns the same.
    virtual Status feed(std::string_view bytes, SseSink &sink) = 0;
    // End of the body: delivers a last event that lacks its end, where the framing allows that.
    virtual Status finish(SseSink &sink) = 0;
};

// The Content-Type of a stream so framed, in lower case, without parameters.
std::string_view content_type_of(Framing framing);
std::unique_ptr<EventReader> make_event_reader(Framing framing);

}  // namespace aigw
