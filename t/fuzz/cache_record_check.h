// Records of answers: what was read can be told by every writer; anything else is refused.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cache/record.h"
#include "stream_check.h"
#include "stream/sse.h"

namespace aigw::fuzz {

inline void require_written(const Deltas &told) {
    require(told.ended, "a record tells a whole answer");
    for (const Deltas::Writer &writer : told.writers) {
        JsonEvents events;
        if (writer.stream) {
            SseReader reader;
            reader.feed(writer.out, events);
            require(reader.held() == 0, "written events are whole");
        } else {
            require(bool(events.parser.parse(writer.out, events.doc)), "a written body is JSON");
        }
    }
}

inline void check_cache_record(std::string_view input) {
    auto exact = std::make_unique<char[]>(input.size());
    input.copy(exact.get(), input.size());
    std::string_view bytes(exact.get(), input.size());
    auto recording = cache::read_record(bytes);
    if (!recording) {
        return;
    }
    Deltas told(true);
    recording->replay(told);
    require_written(told);

    cache::RecordWriter again(SIZE_MAX);
    recording->replay(again);
    auto written = again.take(recording->created);
    if (!written) {
        return;  // a choice without a finish, or nothing to tell
    }
    auto second = cache::read_record(*written);
    require(second.has_value() && second->usage == recording->usage && second->created == recording->created,
            "written anew it reads the same");
    Deltas retold(true);
    second->replay(retold);
    for (size_t i = 0; i < told.writers.size(); i++) {
        require(told.writers[i].stream || told.writers[i].out == retold.writers[i].out, "written anew it tells the same");
    }
}

}  // namespace aigw::fuzz
