// The inside of a JSON string in pieces cut anywhere, also within \uXXXX and between the halves of a surrogate pair.
#pragma once

#include <string>
#include <string_view>

namespace aigw::guards {

class Unescape {
public:
    // Appends what the piece says as UTF-8; an unfinished escape waits for the next piece.
    void feed(std::string_view escaped, std::string &plain);
    // An escape that nothing finished becomes U+FFFD.
    void finish(std::string &plain);
    bool waiting() const { return !pending_.empty(); }

private:
    std::string pending_;  // at most 11 bytes
};

}  // namespace aigw::guards
