// Token counts in OpenAI's sense: prompt includes what was cached and what was written to the cache, completion
// includes reasoning.
#pragma once

#include "core/units.h"

namespace aigw::chat {

struct Usage {
    Tokens prompt = 0;
    Tokens completion = 0;
    Tokens cached = 0;       // of prompt: read from the provider's cache
    Tokens cache_write = 0;  // of prompt: written to it
    Tokens reasoning = 0;    // of completion

    Tokens total() const { return prompt + completion; }
    bool operator==(const Usage &) const = default;
};

}  // namespace aigw::chat
