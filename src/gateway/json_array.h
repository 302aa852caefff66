// Google's streams for callers who did not ask for server-sent events: one JSON array, an element for each event, the last
// one an error if it comes to that.
#pragma once

#include <string>
#include <string_view>

namespace aigw::gateway {

// Of a query: alt=sse.
bool asks_events(std::string_view query);

class JsonArray {
public:
    // Server-sent events of our own making, whole and since the last call, become elements. What begins with no event stays.
    // `done`: no more will come.
    void frame(std::string &out, bool done);

private:
    bool begun_ = false;
    bool closed_ = false;
};

}  // namespace aigw::gateway
