// Token counts on the wire of the Messages API: input_tokens leaves out what was read from or written to the cache.
#pragma once

#include "chat/usage.h"
#include "core/json.h"
#include "core/json_writer.h"

namespace aigw::dialects::anthropic {

// Collects the counts of one answer. A later one overwrites an earlier one; what is no sane count is ignored.
class UsageReader {
public:
    void read(JsonValue usage);
    // The answer's final output count was told (message_delta, or a whole answer).
    bool complete() const { return complete_; }
    void set_complete(JsonValue usage);
    chat::Usage usage() const;

private:
    Tokens input_ = 0;
    Tokens cache_read_ = 0;
    Tokens cache_write_ = 0;
    Tokens output_ = 0;
    Tokens thinking_ = 0;
    bool complete_ = false;
};

void write_usage(JsonWriter &out, const chat::Usage &usage);

}  // namespace aigw::dialects::anthropic
