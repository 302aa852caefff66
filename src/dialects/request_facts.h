// What a caller's body says of itself, for limits, variables and the log; and its first check, before a provider is asked.
#pragma once

#include <optional>
#include <string_view>

#include "chat/error.h"
#include "core/json.h"
#include "core/units.h"

namespace aigw::dialects {

struct RequestFacts {
    JsonText model;
    bool stream = false;
    bool include_usage = false;  // in the stream
    size_t message_count = 0;
    bool has_tools = false;
    bool has_images = false;
    std::optional<int64_t> max_tokens;
    int64_t answers = 1;         // n
};

// Of a body whose conversation is the list `messages`: OpenAI's chat, Anthropic's messages, and their kin.
RequestFacts facts_of_messages(JsonValue body);
// 400 missing_field, invalid_value. The model is the gateway's to ask for.
std::optional<chat::ApiError> check_messages(JsonValue body);

// For other dialects' checks: nothing, or what is wrong with the member where it is given.
chat::ApiError missing_member(std::string_view member);
chat::ApiError wrong_member(std::string_view member, std::string_view expected);
std::optional<chat::ApiError> check_integer(JsonValue body, std::string_view member, int64_t least, int64_t most);
std::optional<chat::ApiError> check_bool(JsonValue body, std::string_view member);

}  // namespace aigw::dialects
