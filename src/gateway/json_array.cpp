#include "gateway/json_array.h"

#include <algorithm>

namespace aigw::gateway {
namespace {

constexpr std::string_view kData = "data: ";

// The next of pieces with `border` between.
std::string_view next_piece(std::string_view &rest, char border) {
    std::string_view piece = rest.substr(0, rest.find(border));
    rest.remove_prefix(std::min(rest.size(), piece.size() + 1));
    return piece;
}

}  // namespace

bool asks_events(std::string_view query) {
    while (!query.empty()) {
        std::string_view pair = next_piece(query, '&');
        if (pair == "alt=sse" || pair == "$alt=sse" || pair == "%24alt=sse") {
            return true;
        }
    }
    return false;
}

void JsonArray::frame(std::string &out, bool done) {
    std::string_view events = out;
    std::string array;
    if (!events.starts_with(kData)) {
        events = {};
        array.swap(out);
    }
    bool inside = false;  // an event of more than one line
    while (!events.empty()) {
        std::string_view line = next_piece(events, '\n');
        if (!line.starts_with(kData)) {
            inside = false;
            continue;
        }
        array += inside ? "\n" : begun_ ? ",\r\n" : "[";
        array += line.substr(kData.size());
        begun_ = inside = true;
    }
    if (done && !closed_) {
        closed_ = true;
        array += begun_ ? "]\n" : "[]\n";
    }
    out = std::move(array);
}

}  // namespace aigw::gateway
