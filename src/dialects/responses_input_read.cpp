// The items of `input`. What the assistant said, thought and called in a row is one message; each result of a tool is one.
#include "dialects/common.h"
#include "dialects/responses.h"

namespace aigw::dialects::responses {

namespace {

using chat::Message;
using chat::Origin;
using chat::Part;
using chat::Role;

bool has_parts_of(const Message &message, Part::Kind kind) {
    for (const Part &part : message.parts) {
        if (part.kind == kind) return true;
    }
    return false;
}

// The assistant's turn that an item belongs to. A second text begins another, unless calls came before it: their results
// must follow the message that holds them.
Message &assistant_turn(const Origin &origin, bool says, RequestReading &reading) {
    std::vector<Message> &messages = reading.out.messages;
    if (!messages.empty() && messages.back().role == Role::Assistant) {
        bool said = has_parts_of(messages.back(), Part::Kind::Text) || has_parts_of(messages.back(), Part::Kind::Refusal);
        if (!says || !said || has_parts_of(messages.back(), Part::Kind::ToolUse)) return messages.back();
    }
    Message message;
    message.role = Role::Assistant;
    message.origin = origin;
    messages.push_back(std::move(message));
    return messages.back();
}

bool read_message(JsonValue item, const Origin &origin, RequestReading &reading) {
    JsonValue role = item["role"], content = item["content"];
    if (!given(role)) return reading.missing(origin.path("role"));
    if (!given(content)) return reading.missing(origin.path("content"));
    read_rest(item, {"type", "role", "content", "id", "status"}, {"phase"}, origin, reading);
    if (role.equals("assistant")) {
        return read_parts(content, origin, assistant_turn(origin, true, reading).parts, reading);
    }
    Message message;
    message.origin = origin;
    if (role.equals("user")) {
        message.role = Role::User;
    } else if (role.equals("system")) {
        message.role = Role::System;
    } else if (role.equals("developer")) {
        message.role = Role::Developer;
    } else {
        return reading.wrong(origin.path("role"), "one of user, assistant, system, developer");
    }
    if (!read_parts(content, origin, message.parts, reading)) return false;
    reading.out.messages.push_back(std::move(message));
    return true;
}

// Who called, where it was not the model itself, is a program that the provider ran.
void read_caller(JsonValue item, const Origin &origin, RequestReading &reading) {
    JsonValue caller = item["caller"];
    if (given(caller) && !caller["type"].equals("direct")) reading.extra(origin.path("caller"), caller, false);
}

bool read_call(JsonValue item, JsonValue previous, const Origin &origin, RequestReading &reading) {
    Part part;
    part.kind = Part::Kind::ToolUse;
    part.origin = origin;
    part.signature = call_signature(previous);
    part.signer = chat::Signer::Google;
    if (!reading.need(item["call_id"], origin.path("call_id"), part.id)) return false;
    if (!reading.need(item["name"], origin.path("name"), part.name)) return false;
    JsonValue arguments = item["arguments"];
    if (arguments.is_object()) {  // as some clients keep them
        part.input = arguments.raw();
    } else if (given(arguments) && !arguments.is_string()) {
        return reading.wrong(origin.path("arguments"), "a string");
    }
    part.arguments = arguments.text();
    read_caller(item, origin, reading);
    read_rest(item, {"type", "call_id", "name", "arguments", "id", "status", "caller"}, {}, origin, reading);
    assistant_turn(origin, false, reading).parts.push_back(std::move(part));
    return true;
}

bool read_call_output(JsonValue item, const Origin &origin, RequestReading &reading) {
    Message message;
    message.role = Role::Tool;
    message.origin = origin;
    Part result;
    result.kind = Part::Kind::ToolResult;
    result.origin = origin;
    if (!reading.need(item["call_id"], origin.path("call_id"), result.id)) return false;
    JsonValue output = item["output"];
    if (!given(output)) return reading.missing(origin.path("output"));
    Origin inner = origin;
    inner.inner = "output";
    if (!read_parts(output, inner, result.content, reading)) return false;
    read_caller(item, origin, reading);
    read_rest(item, {"type", "call_id", "output", "id", "status", "caller"}, {"name"}, origin, reading);
    message.parts.push_back(std::move(result));
    reading.out.messages.push_back(std::move(message));
    return true;
}

bool read_reasoning(JsonValue item, const Origin &origin, RequestReading &reading) {
    Part part;
    part.origin = origin;
    if (!read_thinking(item, part, reading)) return false;
    read_rest(item, {"type", "id", "status", "summary", "content", "encrypted_content"}, {}, origin, reading);
    bool empty = part.text.empty() && part.signature.empty() && part.data.empty();
    if (empty || !call_signature(item).empty()) return true;
    assistant_turn(origin, false, reading).parts.push_back(std::move(part));
    return true;
}

// An item that another item's id stands for.
bool read_reference(JsonValue item, const Origin &origin, RequestReading &reading) {
    reading.extra(origin.path(), item, false);
    reading.out.extras.back().elsewhere = true;
    return true;
}

// Calls of tools that a provider runs, and tools that are no functions.
bool read_other(const Origin &origin, RequestReading &reading) {
    Part part;
    part.kind = Part::Kind::Other;
    part.origin = origin;
    assistant_turn(origin, false, reading).parts.push_back(std::move(part));
    return true;
}

bool read_item(JsonValue item, JsonValue previous, const Origin &origin, RequestReading &reading) {
    if (!item.is_object()) return reading.wrong(origin.path(), "an object");
    JsonValue type = item["type"];
    if (given(type) && !type.is_string()) return reading.wrong(origin.path("type"), "a string");
    if (!given(type)) {
        return given(item["role"]) || !given(item["id"]) ? read_message(item, origin, reading)
                                                         : read_reference(item, origin, reading);
    }
    if (type.equals("message")) return read_message(item, origin, reading);
    if (type.equals("function_call")) return read_call(item, previous, origin, reading);
    if (type.equals("function_call_output")) return read_call_output(item, origin, reading);
    if (type.equals("reasoning")) return read_reasoning(item, origin, reading);
    if (type.equals("item_reference")) return read_reference(item, origin, reading);
    return read_other(origin, reading);
}

}  // namespace

bool read_input(JsonValue input, RequestReading &reading) {
    Origin origin;
    origin.list = "input";
    if (input.is_string()) {
        Message message;
        message.origin = origin;
        if (!read_parts(input, origin, message.parts, reading)) return false;
        reading.out.messages.push_back(std::move(message));
        return true;
    }
    if (!input.is_array()) return reading.wrong("input", "a string or a list of items");
    origin.i = 0;
    JsonValue previous;
    for (JsonValue item : input.elements()) {
        if (!read_item(item, previous, origin, reading)) return false;
        previous = item;
        ++origin.i;
    }
    return true;
}

}  // namespace aigw::dialects::responses
