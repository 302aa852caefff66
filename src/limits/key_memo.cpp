#include "limits/key_memo.h"

#include <cstring>

namespace aigw::limits {
namespace {

// Good enough to spread keys that differ in a few letters.
size_t slot_of(const char *packed, size_t size) {
    constexpr uint64_t kOdd = 0x9E3779B97F4A7C15;
    uint64_t sum = size;
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word = 0;
        std::memcpy(&word, packed + at, size - at < 8 ? size - at : 8);
        sum = (sum ^ word) * kOdd;
        sum ^= sum >> 32;
    }
    return sum % KeyMemo::kSlots;
}

}  // namespace

Key KeyMemo::key(KeyParts parts) {
    char packed[kMaxPacked];
    size_t size = packed_size(parts);
    if (size == 0 || size > sizeof packed) {
        return make_key(parts);
    }
    pack_key(parts, packed);
    if (slots_.empty()) {
        slots_.resize(kSlots);
    }
    Slot &slot = slots_[slot_of(packed, size)];
    if (slot.size != size || std::memcmp(slot.packed, packed, size) != 0) {
        slot.size = size;
        std::memcpy(slot.packed, packed, size);
        slot.key = key_of_packed({packed, size});
    }
    return slot.key;
}

}  // namespace aigw::limits
