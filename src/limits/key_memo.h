// Keys of callers who were here a moment ago: their digest costs more than all else that a limit does in the zone. One for a
// worker. Two that fall into one slot push each other out; nothing else is promised, and nothing is shared.
#pragma once

#include <vector>

#include "limits/reservation.h"

namespace aigw::limits {

class KeyMemo {
public:
    static constexpr size_t kSlots = 256;
    static constexpr size_t kMaxPacked = 128;  // bytes; keys of longer parts are made each time

    // make_key(parts).
    Key key(KeyParts parts);

private:
    struct Slot {
        size_t size = 0;  // bytes of packed; 0: none
        char packed[kMaxPacked];
        Key key;
    };

    std::vector<Slot> slots_;  // from the first use on
};

}  // namespace aigw::limits
