// One piece of work in a store, under its mutex. Whoever was here before and did not come to the end, died: his work is
// repaired first.
#pragma once

#include <atomic>

#include "limits/table.h"

namespace aigw::limits {

class Section {
public:
    explicit Section(Table &table) : table_(table) {
        if (table.head().dirty != 0) {
            table.repair();
        }
        table.head().dirty = 1;
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    ~Section() {
        std::atomic_signal_fence(std::memory_order_seq_cst);
        table_.head().dirty = 0;
    }
    Section(const Section &) = delete;

private:
    Table &table_;
};

}  // namespace aigw::limits
