// State files of the limits: read whole or not at all; what was read is written again as it counts.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "limits/snapshot.h"
#include "require.h"

namespace aigw::fuzz {

inline void check_state_file(std::string_view file, limits::Now now) {
    std::vector<uint64_t> words(20'000 / 8);
    require(limits::Store::format(words.data(), words.size() * 8), "there is room");
    limits::Store store(words.data());
    auto read = limits::Snapshot::restore(store, file, now);
    require(store.verify(), "a store stays whole");
    if (!read) {
        require(store.stats().counters == 0, "a bad file changes nothing");
        return;
    }
    limits::Snapshot again(1);
    while (!again.add(store, 7, now)) {
    }
    std::vector<uint64_t> other(words.size());
    limits::Store::format(other.data(), other.size() * 8);
    auto second = limits::Snapshot::restore(limits::Store(other.data()), again.finish(now), now);
    require(second && *second <= *read, "what was written can be read");
}

// As a file, and as the entries of one.
inline void check_limits_snapshot(std::string_view input) {
    auto exact = std::make_unique<char[]>(input.size());
    input.copy(exact.get(), input.size());
    std::string_view bytes(exact.get(), input.size());
    const limits::Now now{1'790'000'000'000, 1000};
    check_state_file(bytes, now);
    check_state_file(limits::Snapshot::seal(bytes, now), now);
    if (bytes.size() > 32) {
        check_state_file(limits::Snapshot::seal(bytes.substr(32), now), now);
    }
}

}  // namespace aigw::fuzz
