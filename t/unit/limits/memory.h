// A store in memory of its own.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "limits/store.h"

namespace aigw::limits {

inline constexpr Millis kStart = 1'790'000'000'000;  // Unix ms
inline constexpr Millis kLease = 30'000;

class Memory {
public:
    explicit Memory(size_t bytes = 256 << 10) : words_((bytes + 7) / 8), bytes_(bytes) {
        EXPECT_TRUE(Store::format(data(), bytes));
    }
    void *data() { return words_.data(); }
    size_t bytes() const { return bytes_; }
    Store store() { return Store(data()); }

private:
    std::vector<uint64_t> words_;
    size_t bytes_;
};

inline Now at(Millis ms) { return {kStart + ms, 5'000'000 + ms}; }
inline Key id(int n) { return make_key({"request", std::to_string(n)}); }

inline Demand demand(std::string_view name, Tokens limit, Millis window, Count count = Count::Total) {
    Demand demand;
    demand.key = make_key({name, window_text(window)});
    demand.limit = limit;
    demand.window = window;
    demand.count = count;
    return demand;
}

inline Tokens counted_in(Store store, const Demand &demand, Now now) {
    return kMaxLimit - store.look(demand.key, kMaxLimit, demand.window, now).remaining;
}

}  // namespace aigw::limits
