// SSE: the same events however the bytes are cut; what was read, written in the one form, reads the same.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "require.h"
#include "stream/sse.h"

namespace aigw::fuzz {

struct SseEvents : SseSink {
    std::vector<std::pair<std::string, std::string>> events;
    size_t comments = 0;
    size_t stop_after = SIZE_MAX;

    bool on_event(const SseEvent &event) override {
        events.emplace_back(event.name, event.data);
        return events.size() < stop_after;
    }
    void on_comment() override { ++comments; }
    bool operator==(const SseEvents &other) const { return events == other.events && comments == other.comments; }
};

// Pieces of the sizes that `size_of` says, each in memory of its own that is gone after the call.
template <class SizeOf>
SseEvents read_sse(std::string_view bytes, SizeOf size_of, size_t stop_after = SIZE_MAX) {
    SseEvents out;
    out.stop_after = stop_after;
    SseReader reader;
    auto status = SseReader::Status::Ok;
    while (!bytes.empty()) {
        size_t size = std::min(bytes.size(), size_of());
        auto piece = std::make_unique<char[]>(size);
        bytes.copy(piece.get(), size);
        status = reader.feed({piece.get(), size}, out);
        bytes.remove_prefix(size);
    }
    status = reader.finish(out);
    require(status == (out.events.size() >= stop_after ? SseReader::Status::Stopped : SseReader::Status::Ok), "ends as it should");
    require(reader.held() == 0, "nothing is held after the end");
    return out;
}

inline void check_sse(std::string_view bytes) {
    if (bytes.empty()) {
        return;
    }
    SseEvents whole = read_sse(bytes, [&] { return bytes.size(); });
    require(read_sse(bytes, [] { return size_t(1); }) == whole, "byte by byte is as whole");
    uint32_t seed = static_cast<unsigned char>(bytes[0]) + 1u;
    auto next_size = [&] {
        seed = seed * 1664525 + 1013904223;
        return size_t(1 + (seed >> 16) % 13);
    };
    require(read_sse(bytes, next_size) == whole, "in pieces is as whole");

    std::string written;
    for (const auto &[name, data] : whole.events) {
        append_sse(written, name, data);
    }
    SseEvents again = read_sse(written, next_size);
    require(again.events == whole.events && again.comments == 0, "written anew it reads the same");

    for (size_t stop = 1; stop <= whole.events.size() && stop < 4; ++stop) {
        SseEvents stopped = read_sse(bytes, next_size, stop);
        require(stopped.events.size() == stop && std::equal(stopped.events.begin(), stopped.events.end(), whole.events.begin()),
                "stops after the event that said so");
    }
}

}  // namespace aigw::fuzz
