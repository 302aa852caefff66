// The messages of a chat completions body: roles, tool calls and results. The parts of their content are read in
// openai_parts_read.cpp, earlier thinking in openai_thinking_read.cpp.
#include <array>

#include "dialects/openai_chat.h"

namespace aigw::dialects::openai {

namespace {

using chat::Message;
using chat::Origin;
using chat::Part;
using chat::Role;

struct RoleName {
    std::string_view name;
    Role role;
};

constexpr std::array<RoleName, 6> kRoles{{{"system", Role::System},
                                          {"developer", Role::Developer},
                                          {"user", Role::User},
                                          {"assistant", Role::Assistant},
                                          {"tool", Role::Tool},
                                          {"function", Role::Tool}}};

bool read_role(JsonValue value, Message &to, RequestReading &reading) {
    std::string param = to.origin.path("role");
    if (!given(value)) return reading.missing(param);
    for (const RoleName &known : kRoles) {
        if (!value.equals(known.name)) continue;
        to.role = known.role;
        return true;
    }
    return reading.wrong(param, "one of system, developer, user, assistant, tool, function");
}

JsonText make_up(std::string text, RequestReading &reading) {
    reading.out.made.push_back(std::make_shared<const std::string>(std::move(text)));
    return JsonText{*reading.out.made.back()};
}

// Arguments are a string that holds JSON; some servers write the object itself.
bool read_arguments(JsonValue value, Part &part, RequestReading &reading) {
    if (!given(value)) return true;
    if (value.is_object()) {
        part.input = value.raw();
        return true;
    }
    if (!value.is_string()) return reading.wrong(part.origin.path("function.arguments"), "a string");
    part.arguments = value.text();
    return true;
}

constexpr std::string_view kSignatureInId = "__thought__";

JsonText without_signature(JsonText id) { return {id.escaped.substr(0, id.escaped.find(kSignatureInId))}; }

// In Google's place (extra_content), in LiteLLM's, or behind the id.
JsonText call_signature(JsonValue call, JsonText id) {
    JsonText found = call["extra_content"]["google"]["thought_signature"].text();
    if (found.empty()) found = call["provider_specific_fields"]["thought_signature"].text();
    size_t at = id.escaped.find(kSignatureInId);
    if (found.empty() && at != std::string_view::npos) found.escaped = id.escaped.substr(at + kSignatureInId.size());
    return found;
}

bool read_tool_call(JsonValue value, Part &part, RequestReading &reading) {
    if (!value.is_object()) return reading.wrong(part.origin.path(), "an object");
    JsonValue type = value["type"];
    if (given(type) && !type.is_string()) return reading.wrong(part.origin.path("type"), "a string");
    part.kind = Part::Kind::ToolUse;
    if (!reading.need(value["id"], part.origin.path("id"), part.id)) return false;
    part.signature = call_signature(value, part.id);
    part.signer = chat::Signer::Google;
    part.id = without_signature(part.id);
    if (given(type) && !type.equals("function")) {  // custom: its input is not JSON
        part.kind = Part::Kind::Other;
        return true;
    }
    JsonValue function = value["function"];
    if (!given(function)) return reading.missing(part.origin.path("function"));
    if (!function.is_object()) return reading.wrong(part.origin.path("function"), "an object");
    if (!reading.need(function["name"], part.origin.path("function.name"), part.name)) return false;
    if (JsonValue cache = value["cache_control"]; cache.is_object()) part.cache_control = cache.raw();
    // What clients keep of a call that came in a stream, and where signatures stand.
    reading.rest(value, part.origin.path(), {"id", "type", "function", "cache_control", "extra_content", "provider_specific_fields"}, {"index"});
    reading.rest(function, part.origin.path("function"), {"name", "arguments"}, {"provider_specific_fields"});
    return read_arguments(function["arguments"], part, reading);
}

bool read_tool_calls(JsonValue value, Message &to, RequestReading &reading) {
    if (!value.is_array()) return reading.wrong(to.origin.path("tool_calls"), "a list");
    int32_t j = 0;
    for (JsonValue element : value.elements()) {
        Part part;
        part.origin = to.origin;
        part.origin.j = j++;
        part.origin.inner = "tool_calls";
        if (!read_tool_call(element, part, reading)) return false;
        to.parts.push_back(std::move(part));
    }
    return true;
}

// The old form of one call, without an id: one is made up, which the next function message shares.
bool read_old_call(JsonValue value, Message &to, RequestReading &reading) {
    Part part;
    part.kind = Part::Kind::ToolUse;
    part.origin = to.origin;
    part.origin.inner = "function_call";
    if (!value.is_object()) return reading.wrong(part.origin.path(), "an object");
    if (!reading.need(value["name"], part.origin.path("name"), part.name)) return false;
    part.id = make_up("call_fn_" + std::to_string(to.origin.i), reading);
    reading.rest(value, part.origin.path(), {"name", "arguments"});
    JsonValue arguments = value["arguments"];
    if (given(arguments) && !arguments.is_string()) return reading.wrong(part.origin.path("arguments"), "a string");
    part.arguments = arguments.text();
    to.parts.push_back(std::move(part));
    return true;
}

// A tool message becomes one tool result.
bool read_tool_result(JsonValue message, Message &to, RequestReading &reading) {
    Part result;
    result.kind = Part::Kind::ToolResult;
    result.origin = to.origin;
    if (message["role"].equals("function")) {
        result.id = reading.out.made.empty() ? make_up("call_fn_" + std::to_string(to.origin.i), reading)
                                             : JsonText{*reading.out.made.back()};
        to.name = {};
    } else if (!reading.need(message["tool_call_id"], to.origin.path("tool_call_id"), result.id)) {
        return false;
    }
    result.id = without_signature(result.id);
    JsonValue content = message["content"];
    if (given(content) && !read_content(content, to.origin, result.content, reading)) return false;
    to.parts.push_back(std::move(result));
    return true;
}

bool read_assistant(JsonValue message, Message &to, RequestReading &reading) {
    if (!read_thinking(message, to.origin, to, reading)) return false;
    JsonValue content = message["content"];
    if (given(content) && !read_content(content, to.origin, to.parts, reading)) return false;
    if (JsonValue refusal = message["refusal"]; given(refusal)) {
        if (!refusal.is_string()) return reading.wrong(to.origin.path("refusal"), "a string");
        if (!refusal.text().empty()) {
            Part part;
            part.kind = Part::Kind::Refusal;
            part.origin = to.origin;
            part.origin.inner = "refusal";
            part.text = refusal.text();
            to.parts.push_back(std::move(part));
        }
    }
    if (JsonValue calls = message["tool_calls"]; given(calls) && !read_tool_calls(calls, to, reading)) return false;
    JsonValue call = message["function_call"];
    return !given(call) || read_old_call(call, to, reading);
}

bool read_plain(JsonValue message, Message &to, RequestReading &reading) {
    JsonValue content = message["content"];
    if (!given(content)) return reading.missing(to.origin.path("content"));
    return read_content(content, to.origin, to.parts, reading);
}

bool is_empty_list(JsonValue value) { return (value.is_array() || value.is_object()) && value.size() == 0; }

// Members that are no part of the vocabulary.
bool read_rest(JsonValue message, const Message &to, RequestReading &reading) {
    static constexpr std::array<std::string_view, 5> kAlways{"role", "content", "name", "cache_control", "tool_call_id"};
    static constexpr std::array<std::string_view, 7> kAssistant{"tool_calls",        "function_call", "refusal",
                                                                "reasoning_content", "reasoning",     "thinking_blocks",
                                                                "reasoning_details"};
    // What an answer said beside its text: sent back by clients that keep whole messages.
    static constexpr std::array<std::string_view, 3> kHints{"annotations", "provider_specific_fields", "extra_content"};
    auto holds = [](const auto &names, JsonText key) {
        for (std::string_view name : names) {
            if (key == name) return true;
        }
        return false;
    };
    for (const auto &[key, value, at] : message.members()) {
        if (!given(value) || is_empty_list(value) || holds(kAlways, key)) continue;
        if (to.role == Role::Assistant && holds(kAssistant, key)) continue;
        if (key == "prefix" && value.is_false()) continue;
        reading.extra(to.origin.path(key.decode()), value, holds(kHints, key));
    }
    return true;
}

bool read_cache_control(JsonValue message, Message &to, RequestReading &reading) {
    JsonValue cache = message["cache_control"];
    if (!given(cache)) return true;
    if (!cache.is_object()) return reading.wrong(to.origin.path("cache_control"), "an object");
    if (!to.parts.empty()) to.parts.back().cache_control = cache.raw();
    return true;
}

bool read_message(JsonValue value, Message &to, RequestReading &reading) {
    if (!value.is_object()) return reading.wrong(to.origin.path(), "an object");
    if (!read_role(value["role"], to, reading)) return false;
    if (JsonValue name = value["name"]; given(name)) {
        if (!name.is_string()) return reading.wrong(to.origin.path("name"), "a string");
        to.name = name.text();
    }
    bool ok = to.role == Role::Assistant ? read_assistant(value, to, reading)
              : to.role == Role::Tool    ? read_tool_result(value, to, reading)
                                         : read_plain(value, to, reading);
    return ok && read_cache_control(value, to, reading) && read_rest(value, to, reading);
}

}  // namespace

bool read_messages(JsonValue messages, RequestReading &reading) {
    if (!messages.is_array() || messages.size() == 0) return reading.wrong("messages", "a list that is not empty");
    int32_t i = 0;
    for (JsonValue element : messages.elements()) {
        Message message;
        message.origin.i = i++;
        if (!read_message(element, message, reading)) return false;
        reading.out.messages.push_back(std::move(message));
    }
    return true;
}

}  // namespace aigw::dialects::openai
