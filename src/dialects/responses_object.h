// The Response object, as callers get it in an answer and in the events that open and end a stream. It repeats what the
// request said (instructions, tools, temperature ...), word for word; what it did not say stands at its defaults.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/error.h"
#include "chat/usage.h"
#include "core/json_writer.h"
#include "core/units.h"

namespace aigw::dialects::responses {

struct ResponseHead {
    std::string_view id;     // escaped
    std::string_view model;  // escaped
    UnixSeconds created = 0;
    std::string_view status;             // in_progress, completed, incomplete, failed
    std::string_view incomplete_reason;  // of status incomplete
    const chat::ApiError *error = nullptr;
};

// What is repeated of a request: members with their values, in the places where they stand.
struct Echo {
    std::string first, rest, last;
};
Echo echo_of(JsonValue request);

// Everything before `output`, which the caller of these two writes, and everything after it.
void begin_response(const ResponseHead &head, const Echo &echo, std::string &out);
void end_response(const std::optional<chat::Usage> &usage, const Echo &echo, std::string &out);
void write_response_error(const chat::ApiError &error, JsonWriter &json);

// `event: <type>`, and its data up to the sequence number.
void open_event(std::string_view type, int64_t sequence, std::string &out);

// One item of the output. Texts are escaped.
struct Item {
    enum class Type : uint8_t { Message, Reasoning, Call };
    struct Part {  // of a message
        bool refusal = false;
        std::string text{};
        std::string annotations{};  // elements of the list
        size_t annotation_count = 0;
    };
    Type type = Type::Message;
    uint32_t ordinal = 0;     // as the deltas number calls and thinking blocks
    bool ended = false;       // Call: nothing more comes
    bool done = false;        // the caller has been told so
    bool incomplete = false;  // the answer was cut in it
    std::string id{}, call_id{}, name{};
    std::vector<Part> parts{};
    std::string text{};       // Reasoning, Call
    std::string signature{};  // Reasoning: its encrypted_content
};

void write_part(const Item::Part &part, bool empty, JsonWriter &json);
// `empty`: as it is when it begins.
void write_item(const Item &item, bool empty, JsonWriter &json);

}  // namespace aigw::dialects::responses
