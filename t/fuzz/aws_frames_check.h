// AWS's event stream: the same events however the bytes are cut; whatever the bytes are, in headers or as whole frames.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "aws_frame.h"
#include "require.h"
#include "stream/aws_frames.h"

namespace aigw::fuzz {

struct AwsEvents : SseSink {
    std::vector<std::string> events;
    size_t comments = 0;

    bool on_event(const SseEvent &event) override {
        events.push_back(std::string(event.failure ? "!" : "") + std::string(event.name) + "|" + std::string(event.data));
        return true;
    }
    void on_comment() override { ++comments; }
};

struct AwsReading {
    std::vector<std::string> events;
    size_t comments;
    EventReader::Status status;
    bool operator==(const AwsReading &) const = default;
};

// Pieces of the sizes that `size_of` says, each in memory of its own that is gone after the call.
template <class SizeOf>
AwsReading read_aws(std::string_view bytes, SizeOf size_of) {
    AwsEvents out;
    AwsFrameReader reader;
    while (!bytes.empty()) {
        size_t size = std::min(bytes.size(), size_of());
        auto piece = std::make_unique<char[]>(size);
        bytes.copy(piece.get(), size);
        reader.feed({piece.get(), size}, out);
        bytes.remove_prefix(size);
    }
    auto status = reader.finish(out);
    return {out.events, out.comments, status};
}

inline AwsReading check_aws_cuts(std::string_view bytes) {
    AwsReading whole = read_aws(bytes, [&] { return bytes.size(); });
    require(read_aws(bytes, [] { return size_t(1); }) == whole, "byte by byte is as whole");
    uint32_t seed = bytes.empty() ? 1u : static_cast<unsigned char>(bytes[0]) + 1u;
    auto next_size = [&] {
        seed = seed * 1664525 + 1013904223;
        return size_t(1 + (seed >> 16) % 13);
    };
    require(read_aws(bytes, next_size) == whole, "in pieces is as whole");
    return whole;
}

// The bytes as they are, and as headers and payload of a frame with sound checksums: no change of theirs survives those.
inline void check_aws_frames(std::string_view bytes) {
    check_aws_cuts(bytes);
    size_t headers = bytes.empty() ? 0 : std::min<size_t>(bytes.size() - 1, static_cast<unsigned char>(bytes[0]));
    std::string_view rest = bytes.substr(std::min<size_t>(1, bytes.size()));
    std::string frame = aws_frame_of(rest.substr(0, headers), rest.substr(headers));
    AwsReading once = check_aws_cuts(frame);
    AwsReading twice = check_aws_cuts(frame + frame);
    if (once.status == EventReader::Status::Ok) {
        require(once.events.size() + once.comments == 1, "a frame is an event or nothing");
        require(twice.events.size() + twice.comments == 2, "the next frame is read too");
    }
}

}  // namespace aigw::fuzz
