// application/vnd.amazon.eventstream: binary frames of headers and a payload, each with two checksums. An event is a frame:
// its name is `:event-type` and its data the payload; of `:message-type` exception or error the name is `:exception-type`
// or `:error-code`, and `failure` is set. An error without a payload gets {"message":...} of its `:error-message`.
// A length or checksum that is wrong, or a header that does not fit, is Broken: nothing behind it can be trusted. A frame
// that lies whole in the bytes fed is not copied. Does not look at what payloads say.
#pragma once

#include <cstdint>
#include <string>

#include "stream/event_reader.h"

namespace aigw {

class AwsFrameReader final : public EventReader {
public:
    static constexpr size_t kMaxHeaderBytes = 128 << 10;  // AWS's own limit; that of a frame is kMaxEventBytes

    Status feed(std::string_view bytes, SseSink &sink) override;
    Status finish(SseSink &sink) override;

private:
    // What the headers say of a frame; views into it.
    struct Heads {
        std::string_view message_type, event_type, exception_type, error_code, error_message;
    };

    bool fill(size_t wanted, std::string_view &bytes);
    void prelude(std::string_view head);
    void frame(std::string_view frame, SseSink &sink);
    static bool read_headers(std::string_view headers, Heads &heads);
    bool deliver(const Heads &heads, std::string_view payload, SseSink &sink);

    std::string held_;       // of a frame that is not complete
    std::string message_;    // JSON of an error's message
    size_t frame_bytes_ = 0;  // of the current frame, once its prelude was read; else 0
    size_t header_bytes_ = 0;
    Status status_ = Status::Ok;
};

}  // namespace aigw
