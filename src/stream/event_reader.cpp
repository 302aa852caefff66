#include "stream/event_reader.h"

#include "stream/aws_frames.h"
#include "stream/ndjson.h"
#include "stream/sse.h"

namespace aigw {

std::string_view content_type_of(Framing framing) {
    switch (framing) {
    case Framing::Ndjson:
        return "application/x-ndjson";
    case Framing::AwsEventStream:
        return "application/vnd.amazon.eventstream";
    case Framing::Sse:
        break;
    }
    return "text/event-stream";
}

std::unique_ptr<EventReader> make_event_reader(Framing framing) {
    switch (framing) {
    case Framing::Ndjson:
        return std::make_unique<NdjsonReader>();
    case Framing::AwsEventStream:
        return std::make_unique<AwsFrameReader>();
    case Framing::Sse:
        break;
    }
    return std::make_unique<SseReader>();
}

}  // namespace aigw
