#include "stream/aws_frames.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/crc32.h"
#include "core/json_writer.h"

namespace aigw {

namespace {

constexpr size_t kPrelude = 12;  // length of all, length of the headers, checksum of both
constexpr size_t kChecksum = 4;  // at the end

uint32_t number_at(std::string_view bytes, size_t at) {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i) {
        value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    }
    return value;
}

std::optional<std::string_view> take(std::string_view &from, size_t size) {
    if (from.size() < size) {
        return std::nullopt;
    }
    std::string_view taken = from.substr(0, size);
    from.remove_prefix(size);
    return taken;
}

enum class ValueType : uint8_t { True, False, Byte, Short, Integer, Long, Bytes, String, Timestamp, Uuid };

// The bytes of a header's value, without its own length. Nothing: it does not fit, or its type is unknown.
std::optional<std::string_view> take_value(std::string_view &from, uint8_t type) {
    switch (static_cast<ValueType>(type)) {
    case ValueType::True:
    case ValueType::False:
        return std::string_view();
    case ValueType::Byte:
        return take(from, 1);
    case ValueType::Short:
        return take(from, 2);
    case ValueType::Integer:
        return take(from, 4);
    case ValueType::Long:
    case ValueType::Timestamp:
        return take(from, 8);
    case ValueType::Uuid:
        return take(from, 16);
    case ValueType::Bytes:
    case ValueType::String:
        break;
    default:
        return std::nullopt;
    }
    auto length = take(from, 2);
    if (!length) {
        return std::nullopt;
    }
    auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>((*length)[i])); };
    return take(from, byte(0) << 8 | byte(1));
}

}  // namespace

EventReader::Status AwsFrameReader::feed(std::string_view bytes, SseSink &sink) {
    while (status_ == Status::Ok && !bytes.empty()) {
        if (frame_bytes_ == 0) {
            if (held_.empty() && bytes.size() >= kPrelude) {
                prelude(bytes.substr(0, kPrelude));
            } else if (fill(kPrelude, bytes)) {
                prelude(held_);
            }
        } else if (held_.empty() && bytes.size() >= frame_bytes_) {
            std::string_view whole = bytes.substr(0, frame_bytes_);
            bytes.remove_prefix(frame_bytes_);
            frame(whole, sink);
        } else if (fill(frame_bytes_, bytes)) {
            frame(held_, sink);
            held_.clear();
            if (held_.capacity() > kKeepBytes) {
                std::string().swap(held_);
            }
        }
    }
    if (status_ != Status::Ok) {
        std::string().swap(held_);
    }
    return status_;
}

EventReader::Status AwsFrameReader::finish(SseSink &) {
    if (status_ == Status::Ok && (!held_.empty() || frame_bytes_ != 0)) {
        status_ = Status::Broken;
    }
    return status_;
}

// Moves bytes to what is held until that is `wanted` bytes long.
bool AwsFrameReader::fill(size_t wanted, std::string_view &bytes) {
    size_t missing = std::min(wanted - held_.size(), bytes.size());
    held_.append(bytes.substr(0, missing));
    bytes.remove_prefix(missing);
    return held_.size() == wanted;
}

void AwsFrameReader::prelude(std::string_view head) {
    const size_t all = number_at(head, 0);
    const size_t headers = number_at(head, 4);
    if (crc32(head.substr(0, 8)) != number_at(head, 8)) {
        status_ = Status::Broken;
    } else if (all > kMaxEventBytes || headers > kMaxHeaderBytes) {
        status_ = Status::TooLarge;
    } else if (all < kPrelude + headers + kChecksum) {
        status_ = Status::Broken;
    }
    frame_bytes_ = all;
    header_bytes_ = headers;
}

void AwsFrameReader::frame(std::string_view frame, SseSink &sink) {
    std::string_view summed = frame.substr(0, frame.size() - kChecksum);
    Heads heads;
    if (crc32(summed) != number_at(frame, summed.size()) || !read_headers(summed.substr(kPrelude, header_bytes_), heads)) {
        status_ = Status::Broken;
    } else if (!deliver(heads, summed.substr(kPrelude + header_bytes_), sink)) {
        status_ = Status::Stopped;
    }
    frame_bytes_ = 0;
}

bool AwsFrameReader::read_headers(std::string_view headers, Heads &heads) {
    while (!headers.empty()) {
        auto length = take(headers, 1);
        auto name = take(headers, static_cast<unsigned char>((*length)[0]));
        auto type = take(headers, 1);
        if (!name || !type) {
            return false;
        }
        const auto code = static_cast<uint8_t>((*type)[0]);
        auto value = take_value(headers, code);
        if (!value) {
            return false;
        }
        if (static_cast<ValueType>(code) != ValueType::String) {
            continue;
        }
        for (auto &[known, to] : {std::pair{":message-type", &heads.message_type}, {":event-type", &heads.event_type},
                                  {":exception-type", &heads.exception_type}, {":error-code", &heads.error_code},
                                  {":error-message", &heads.error_message}}) {
            if (*name == known) {
                *to = *value;
            }
        }
    }
    return true;
}

bool AwsFrameReader::deliver(const Heads &heads, std::string_view payload, SseSink &sink) {
    SseEvent event{heads.event_type, payload};
    if (heads.message_type == "exception") {
        event = {heads.exception_type, payload, true};
    } else if (heads.message_type == "error") {
        event = {heads.error_code, payload, true};
        if (payload.empty()) {
            message_.clear();
            JsonWriter(message_).begin_object().key("message").string(heads.error_message).end_object();
            event.data = message_;
        }
    } else if (event.name.empty() && payload.empty()) {
        sink.on_comment();  // a frame that says nothing
        return true;
    }
    return sink.on_event(event);
}

}  // namespace aigw
