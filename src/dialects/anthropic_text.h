// Texts as the Messages API wants them, judged and cut while still escaped; and JSON inside JSON strings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/json.h"

namespace aigw::dialects::anthropic {

// Nothing but white space, however it is escaped. Anthropic refuses such text blocks.
bool is_blank(JsonText text);
// Without the white space at its end.
JsonText trim_end(JsonText text);

// Appends a raw JSON value without the white space between its tokens, escaped as inside a JSON string.
void append_compact_escaped(std::string &out, std::string_view raw);

// Call ids of other vendors in Anthropic's alphabet ([A-Za-z0-9_-]), escaped text in, escaped text out: every other
// byte becomes '_'. The same id always gives the same id, so calls and results still match.
void append_tool_id(std::string &out, JsonText id);

// Follows a JSON text that comes in escaped pieces (tool arguments) and knows when its outermost object is closed.
class JsonProgress {
public:
    void feed(JsonText piece);
    bool complete() const { return complete_; }

private:
    void byte(char c);

    uint32_t depth_ = 0;
    bool in_string_ = false;
    bool after_backslash_ = false;
    bool complete_ = false;
};

}  // namespace aigw::dialects::anthropic
