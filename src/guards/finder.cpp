#include "guards/finder.h"

#include <algorithm>

namespace aigw::guards {

size_t keep_decided(std::vector<Find> &finds, size_t first, size_t open) {
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = first; i < finds.size(); ++i) {
            if (finds[i].source < open && finds[i].end > open) {
                open = finds[i].source;
                moved = true;
            }
        }
    }
    auto late = [open](const Find &find) { return find.source >= open; };
    finds.erase(std::remove_if(finds.begin() + static_cast<std::ptrdiff_t>(first), finds.end(), late), finds.end());
    return open;
}

}  // namespace aigw::guards
