// The members of a Messages request. Types and ranges are checked where a wrong one would reach a provider as something
// else; what only Anthropic's own service can judge (model names, beta fields) is left to it.
#include "dialects/anthropic_request_read.h"

#include "dialects/anthropic_reading.h"

namespace aigw::dialects::anthropic {

using chat::Message;
using chat::Origin;
using chat::Role;

namespace {

constexpr chat::Paths kPaths{
    .user = "metadata.user_id",
    .stop = "stop_sequences",
    .reasoning = "thinking",
    .parallel = "tool_choice.disable_parallel_tool_use",
    .schema = "output_config.format.schema",
    .title = "title",
};

bool read_model(Reading &reading, JsonValue root) {
    const JsonValue model = present(root, "model");
    if (!model)
        return true;  // ai_gateway model=
    if (!model.is_string() || model.text().empty())
        return reading.wrong("model", "the name of a model");
    reading.request.model = model.text();
    return true;
}

bool read_system(Reading &reading, JsonValue root) {
    const JsonValue system = present(root, "system");
    if (!system)
        return true;
    Message message;
    message.role = Role::System;
    message.origin.list = "system";
    if (!read_content(reading, system, Role::System, message.origin, {}, message.parts))
        return false;
    if (!message.parts.empty())
        reading.request.messages.push_back(std::move(message));
    return true;
}

bool read_message(Reading &reading, JsonValue value, Origin at) {
    if (!value.is_object())
        return reading.wrong(at.path(), "an object");
    const JsonValue role = value["role"];
    if (!role)
        return reading.missing(at.path("role"));
    Message message;
    message.origin = at;
    if (role.equals("user"))
        message.role = Role::User;
    else if (role.equals("assistant"))
        message.role = Role::Assistant;
    else if (role.equals("system"))
        message.role = Role::System;
    else
        return reading.wrong(at.path("role"), "user, assistant or system");
    const JsonValue content = present(value, "content");
    if (!content)
        return reading.missing(at.path("content"));
    if (!read_content(reading, content, message.role, at, "content", message.parts))
        return false;
    reading.leftovers(value, {"role", "content"}, {}, [&](const std::string &key) { return at.path(key); });
    reading.request.messages.push_back(std::move(message));
    return true;
}

bool read_messages(Reading &reading, JsonValue root) {
    const JsonValue messages = present(root, "messages");
    if (!messages)
        return reading.missing("messages");
    if (!messages.is_array() || messages.size() == 0)
        return reading.wrong("messages", "an array of at least one message");
    Origin at;
    at.i = 0;
    for (const JsonValue message : messages.elements()) {
        if (!read_message(reading, message, at))
            return false;
        ++at.i;
    }
    return true;
}

bool read_max_tokens(Reading &reading, JsonValue root) {
    const JsonValue value = present(root, "max_tokens");
    if (!value)
        return true;
    const auto tokens = value.as_int64();
    if (!tokens || *tokens < 1 || *tokens > kMaxTokens)
        return reading.wrong("max_tokens", "a positive integer");
    reading.request.max_tokens = *tokens;
    return true;
}

bool read_fraction(Reading &reading, JsonValue root, std::string_view name, std::string_view &to) {
    const JsonValue value = present(root, name);
    if (!value)
        return true;
    const auto number = value.as_double();
    if (!number || *number < 0 || *number > 1)
        return reading.wrong(std::string(name), "a number from 0 to 1");
    to = value.raw();
    return true;
}

bool read_sampling(Reading &reading, JsonValue root) {
    if (!read_fraction(reading, root, "temperature", reading.request.temperature) ||
        !read_fraction(reading, root, "top_p", reading.request.top_p))
        return false;
    if (const JsonValue top_k = present(root, "top_k")) {
        const auto count = top_k.as_int64();
        if (!count || *count < 0)
            return reading.wrong("top_k", "an integer that is not negative");
        reading.request.top_k = top_k.raw();
    }
    const JsonValue stop = present(root, "stop_sequences");
    if (stop && !stop.is_array())
        return reading.wrong("stop_sequences", "an array of strings");
    for (const JsonValue word : stop.elements()) {
        if (!word.is_string())
            return reading.wrong("stop_sequences[" + std::to_string(reading.request.stop.size()) + "]", "a string");
        reading.request.stop.push_back(word.text());
    }
    return true;
}

bool read_stream(Reading &reading, JsonValue root) {
    const JsonValue stream = present(root, "stream");
    if (stream && !stream.is_bool())
        return reading.wrong("stream", "true or false");
    reading.request.stream = stream.is_true();
    reading.request.include_usage = true;  // a Messages stream always tells it
    return true;
}

bool read_metadata(Reading &reading, JsonValue root) {
    const JsonValue metadata = present(root, "metadata");
    if (!metadata)
        return true;
    if (!metadata.is_object())
        return reading.wrong("metadata", "an object");
    for (const JsonValue::Member member : metadata.members()) {
        if (member.value.is_null())
            continue;
        if (!(member.key == "user_id")) {
            reading.extra("metadata." + member.key.decode(), member.value, true);
            continue;
        }
        if (!member.value.is_string())
            return reading.wrong("metadata.user_id", "a string");
        reading.request.user = member.value.text();
    }
    return true;
}

// Everything else at the top: hints by name, the rest changes the answer. Empty lists and defaults say nothing.
void read_rest(Reading &reading, JsonValue root) {
    static constexpr std::string_view kRead[] = {
        "model",      "system", "messages", "max_tokens",  "temperature", "top_p",    "top_k",         "stop_sequences",
        "stream",     "tools",  "tool_choice", "thinking", "metadata",    "output_config", "output_format",
    };
    static constexpr std::string_view kHints[] = {
        "cache_control", "context_management", "service_tier", "betas", "anthropic_beta", "anthropic_version",
        "user",          "store",              "seed",         "logit_bias", "prompt_cache_key", "safety_identifier",
    };
    const auto is_in = [](const auto &list, JsonText key) {
        return std::any_of(std::begin(list), std::end(list), [&](std::string_view name) { return key == name; });
    };
    for (const JsonValue::Member member : root.members()) {
        const JsonValue value = member.value;
        const bool empty = (value.is_array() || value.is_object()) && value.size() == 0;
        const bool standard = member.key == "service_tier" && value.equals("auto");
        if (value.is_null() || empty || standard || is_in(kRead, member.key))
            continue;
        reading.extra(member.key.decode(), value, is_in(kHints, member.key));
        reading.request.extras.back().elsewhere = member.key == "thread";
    }
}

}  // namespace

chat::Result<chat::ChatRequest> read_request(const JsonDoc &doc) {
    using Read = bool (*)(Reading &, JsonValue);
    static constexpr Read kReaders[] = {
        read_model,    read_system,   read_messages, read_max_tokens, read_sampling, read_stream,
        read_metadata, read_thinking, read_output,   read_tools,      read_tool_choice,
    };
    Reading reading;
    reading.request.paths = kPaths;
    const JsonValue root = doc.root();
    if (!root.is_object())
        return chat::fail(chat::invalid_request("invalid_value", "The request body must be a JSON object."));
    for (const Read read : kReaders) {
        if (!read(reading, root))
            return chat::fail(std::move(*reading.error));
    }
    read_rest(reading, root);
    return std::move(reading.request);
}

}  // namespace aigw::dialects::anthropic
