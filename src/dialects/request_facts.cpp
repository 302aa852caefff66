#include "dialects/request_facts.h"

#include <algorithm>
#include <string>

namespace aigw::dialects {
namespace {

constexpr int64_t kMaxAnswers = 128;  // n

bool has_part_of(JsonValue messages, std::string_view type) {
    for (JsonValue message : messages.elements()) {
        for (JsonValue part : message["content"].elements()) {
            if (part["type"].equals(type)) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace

chat::ApiError missing_member(std::string_view member) {
    std::string name(member);
    return chat::invalid_request("missing_field", "The member \"" + name + "\" is required.", name);
}

chat::ApiError wrong_member(std::string_view member, std::string_view expected) {
    std::string name(member);
    return chat::invalid_request("invalid_value", "The member \"" + name + "\" must be " + std::string(expected) + ".", name);
}

std::optional<chat::ApiError> check_integer(JsonValue body, std::string_view member, int64_t least, int64_t most) {
    JsonValue value = body[member];
    if (!value || value.is_null()) {
        return std::nullopt;
    }
    auto number = value.as_int64();
    if (!number || *number < least || *number > most) {
        return wrong_member(member, "an integer from " + std::to_string(least) + " to " + std::to_string(most));
    }
    return std::nullopt;
}

std::optional<chat::ApiError> check_bool(JsonValue body, std::string_view member) {
    JsonValue value = body[member];
    if (value && !value.is_bool() && !value.is_null()) {
        return wrong_member(member, "true or false");
    }
    return std::nullopt;
}

RequestFacts facts_of_messages(JsonValue body) {
    RequestFacts facts;
    JsonValue messages = body["messages"];
    facts.model = body["model"].text();
    facts.stream = body["stream"].is_true();
    facts.include_usage = body["stream_options"]["include_usage"].is_true();
    facts.message_count = messages.size();
    facts.has_tools = body["tools"].size() > 0 || body["functions"].size() > 0;
    facts.has_images = has_part_of(messages, "image_url") || has_part_of(messages, "image");
    facts.max_tokens = body["max_completion_tokens"].as_int64();
    if (!facts.max_tokens) {
        facts.max_tokens = body["max_tokens"].as_int64();
    }
    facts.answers = std::clamp<int64_t>(body["n"].as_int64().value_or(1), 1, kMaxAnswers);
    return facts;
}

std::optional<chat::ApiError> check_messages(JsonValue body) {
    JsonValue messages = body["messages"];
    if (!messages) {
        return missing_member("messages");
    }
    if (!messages.is_array()) {
        return wrong_member("messages", "an array");
    }
    if (auto error = check_bool(body, "stream")) {
        return error;
    }
    for (std::string_view limit : {"max_tokens", "max_completion_tokens"}) {
        if (auto error = check_integer(body, limit, 1, kMaxTokens)) {
            return error;
        }
    }
    return check_integer(body, "n", 1, kMaxAnswers);
}

}  // namespace aigw::dialects
