// What deltas become in a content: one part a piece of text, a whole part a call, whose arguments are gathered until its end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chat/delta.h"
#include "core/json.h"

namespace aigw::dialects::google {

class AnswerParts {
public:
    static constexpr size_t kMaxWaitingBytes = 32 << 20;  // of arguments of calls that did not end

    // Appends the parts (JSON, with commas between) that `delta` completes to `out`; often none.
    void add(const chat::Delta &delta, std::string &out);
    // Calls that nobody ended.
    void end(std::string &out);
    bool too_large() const { return waiting_ > kMaxWaitingBytes; }

private:
    struct Call {
        uint32_t index;
        std::string id, name, arguments, signature;  // escaped
        chat::Signer signer;
    };

    void write_call(const Call &call, std::string &out);

    std::vector<Call> calls_;  // open
    size_t waiting_ = 0;
};

}  // namespace aigw::dialects::google
