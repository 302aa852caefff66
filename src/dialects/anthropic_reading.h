// What the parts of the Messages request reader share: the request being filled, the first fault, and the rule that no
// member gets lost: what nobody knows becomes an Extra with its path.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "chat/error.h"
#include "chat/message.h"
#include "core/json.h"

namespace aigw::dialects::anthropic {

struct Reading {
    chat::ChatRequest request;
    std::optional<chat::ApiError> error;
    JsonText call_signature;  // from the block before: of the tool call that comes next (signature.h)

    // All return false, so that a reader can end with `return reading.wrong(...)`.
    bool missing(std::string path) {
        std::string message = path + " is required.";
        return fault("missing_field", std::move(message), std::move(path));
    }
    bool wrong(std::string path, std::string_view expected) {
        std::string message = path + " must be " + std::string(expected) + ".";
        return fault("invalid_value", std::move(message), std::move(path));
    }
    bool fault(std::string code, std::string message, std::string path) {
        error = chat::invalid_request(std::move(code), std::move(message), std::move(path));
        return false;
    }

    void extra(std::string path, JsonValue value, bool hint) {
        request.extras.push_back({std::move(path), value.raw(), hint});
    }
    // Every member of `object` that is neither in `known` nor null becomes an extra; `path_of` makes its path.
    template <class PathOf>
    void leftovers(JsonValue object, std::initializer_list<std::string_view> known,
                   std::initializer_list<std::string_view> hints, PathOf path_of) {
        const auto is_in = [](const auto &list, JsonText key) {
            return std::any_of(list.begin(), list.end(), [&](std::string_view name) { return key == name; });
        };
        for (const JsonValue::Member member : object.members()) {
            if (member.value.is_null() || is_in(known, member.key))
                continue;
            const bool hint = is_in(hints, member.key);
            if (!hint || !member.value.is_false())  // every boolean hint is off by default
                extra(path_of(member.key.decode()), member.value, hint);
        }
    }
};

// The member, or absent if it is null: the SDKs send both for "not set".
inline JsonValue present(JsonValue object, std::string_view key) {
    const JsonValue value = object[key];
    return value.is_null() ? JsonValue() : value;
}

// Message content, a system prompt or a tool result: a string or a list of blocks, appended to `parts`.
// `at` is the place of the whole; its next free index numbers the blocks.
bool read_content(Reading &reading, JsonValue content, chat::Role role, chat::Origin at, std::string_view member,
                  std::vector<chat::Part> &parts);

bool read_tools(Reading &reading, JsonValue root);
bool read_tool_choice(Reading &reading, JsonValue root);
bool read_thinking(Reading &reading, JsonValue root);
bool read_output(Reading &reading, JsonValue root);

}  // namespace aigw::dialects::anthropic
