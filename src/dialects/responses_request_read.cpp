// A Responses body into a ChatRequest: the members at its top. Those that OpenAI's chat completions have too and that no
// vocabulary knows (metadata, store, service_tier ...) follow the rules of openai_extras.cpp.
#include <array>

#include "dialects/common.h"
#include "dialects/responses.h"

namespace aigw::dialects::responses {

using chat::Reasoning;

namespace {

bool read_model(JsonValue value, RequestReading &reading) { return reading.need(value, "model", reading.out.model); }

bool read_instructions(JsonValue value, RequestReading &reading) {
    chat::Message message;
    message.role = chat::Role::System;
    message.origin.list = "instructions";
    if (!read_parts(value, message.origin, message.parts, reading)) return false;
    reading.out.messages.push_back(std::move(message));
    return true;
}

bool read_stream(JsonValue value, RequestReading &reading) {
    if (!value.is_bool()) return reading.wrong("stream", "a boolean");
    reading.out.stream = value.is_true();
    return true;
}

bool read_limit(JsonValue value, RequestReading &reading) {
    std::optional<int64_t> n = value.as_int64();
    if (!n || *n < 1 || *n > kMaxTokens) return reading.wrong("max_output_tokens", "a whole number from 1 to 1000000000");
    reading.out.max_tokens = *n;
    return true;
}

bool read_temperature(JsonValue value, RequestReading &reading) {
    std::optional<double> n = value.as_double();
    if (!n || !(*n >= 0 && *n <= 2)) return reading.wrong("temperature", "a number from 0 to 2");
    reading.out.temperature = value.raw();
    return true;
}

bool read_top_p(JsonValue value, RequestReading &reading) {
    std::optional<double> n = value.as_double();
    if (!n || !(*n >= 0 && *n <= 1)) return reading.wrong("top_p", "a number from 0 to 1");
    reading.out.top_p = value.raw();
    return true;
}

bool read_effort(JsonValue value, RequestReading &reading) {
    static constexpr std::array<std::string_view, 7> kNames{"none", "minimal", "low", "medium", "high", "xhigh", "max"};
    for (std::string_view name : kNames) {
        if (!value.equals(name)) continue;
        reading.out.reasoning.mode = name == "none" ? Reasoning::Mode::Off : Reasoning::Mode::Effort;
        reading.out.reasoning.effort = value.text();
        return true;
    }
    return reading.wrong("reasoning.effort", "one of none, minimal, low, medium, high, xhigh, max");
}

// A summary is shown of all thinking that a provider tells.
bool read_reasoning(JsonValue value, RequestReading &reading) {
    if (!value.is_object()) return reading.wrong("reasoning", "an object");
    for (const auto &[key, option, at] : value.members()) {
        if (!given(option) || key == "summary" || key == "generate_summary") continue;
        bool neutral = (key == "context" && option.equals("auto")) || (key == "mode" && option.equals("standard"));
        if (key == "effort") {
            if (!read_effort(option, reading)) return false;
        } else if (!neutral) {
            reading.extra("reasoning." + key.decode(), option, key == "context");
        }
    }
    return true;
}

bool read_parallel(JsonValue value, RequestReading &reading) {
    if (!value.is_bool()) return reading.wrong("parallel_tool_calls", "a boolean");
    reading.out.tool_choice.parallel = value.is_true();
    return true;
}

bool read_user(JsonValue value, RequestReading &reading) {
    if (!value.is_string()) return reading.wrong("user", "a string");
    reading.out.user = value.text();
    return true;
}

// What an answer shall hold beside its texts. Encrypted thinking is in it anyway; log probabilities are not; the rest is
// about tools that a provider runs.
bool read_include(JsonValue value, RequestReading &reading) {
    if (!value.is_array()) return reading.wrong("include", "a list of strings");
    int32_t i = 0;
    for (JsonValue name : value.elements()) {
        std::string path = "include[" + std::to_string(i++) + "]";
        if (!name.is_string()) return reading.wrong(path, "a string");
        if (name.equals(kEncrypted)) continue;
        reading.extra(std::move(path), name, !name.equals("message.output_text.logprobs"));
    }
    return true;
}

bool read_stream_options(JsonValue value, RequestReading &reading) {
    if (!value.is_object()) return reading.wrong("stream_options", "an object");
    for (const auto &[key, option, at] : value.members()) {
        if (given(option) && !option.is_false()) reading.extra("stream_options." + key.decode(), option, true);
    }
    return true;
}

bool read_truncation(JsonValue value, RequestReading &reading) {
    return value.equals("disabled") || reading.extra("truncation", value, false);
}

// It limits the tools that a provider runs.
bool read_max_tool_calls(JsonValue value, RequestReading &reading) { return reading.extra("max_tool_calls", value, true); }

// Codex's: what session and turn a request is of.
bool read_client_metadata(JsonValue value, RequestReading &reading) { return reading.extra("client_metadata", value, true); }

bool elsewhere(std::string_view name, JsonValue value, RequestReading &reading) {
    reading.extra(std::string(name), value, false);
    reading.out.extras.back().elsewhere = true;
    return true;
}

bool read_previous(JsonValue value, RequestReading &reading) { return elsewhere("previous_response_id", value, reading); }
bool read_conversation(JsonValue value, RequestReading &reading) { return elsewhere("conversation", value, reading); }
bool read_prompt(JsonValue value, RequestReading &reading) { return elsewhere("prompt", value, reading); }
bool read_background(JsonValue value, RequestReading &reading) {
    return value.is_false() || elsewhere("background", value, reading);
}

struct CarriedMember {
    std::string_view name;
    bool (*read)(JsonValue value, RequestReading &reading);
};

constexpr std::array kCarried{
    CarriedMember{"model", read_model},
    CarriedMember{"stream", read_stream},
    CarriedMember{"stream_options", read_stream_options},
    CarriedMember{"tools", read_tools},
    CarriedMember{"tool_choice", read_tool_choice},
    CarriedMember{"parallel_tool_calls", read_parallel},
    CarriedMember{"max_output_tokens", read_limit},
    CarriedMember{"max_tool_calls", read_max_tool_calls},
    CarriedMember{"temperature", read_temperature},
    CarriedMember{"top_p", read_top_p},
    CarriedMember{"text", read_text},
    CarriedMember{"reasoning", read_reasoning},
    CarriedMember{"include", read_include},
    CarriedMember{"truncation", read_truncation},
    CarriedMember{"user", read_user},
    CarriedMember{"client_metadata", read_client_metadata},
    CarriedMember{"previous_response_id", read_previous},
    CarriedMember{"conversation", read_conversation},
    CarriedMember{"prompt", read_prompt},
    CarriedMember{"background", read_background},
};

bool read_one(JsonText key, JsonValue value, RequestReading &reading) {
    if (key == "instructions" || key == "input") return true;  // they have been read, in this order
    for (const CarriedMember &member : kCarried) {
        if (key == member.name) return member.read(value, reading);
    }
    std::string name = key.decode();
    bool known = false;
    if (!openai::read_dialect_member(name, value, reading, known)) return false;
    std::vector<chat::Extra> &extras = reading.out.extras;
    // Told here only where `include` asks for it, which others do not know.
    if (name == "top_logprobs" && !extras.empty() && extras.back().path == name) extras.back().meaning = {};
    return known || reading.extra(std::move(name), value, false);
}

bool read_body(JsonValue root, RequestReading &reading) {
    if (JsonValue instructions = root["instructions"]; given(instructions) && !read_instructions(instructions, reading)) {
        return false;
    }
    JsonValue input = root["input"];
    if (given(input) && !read_input(input, reading)) return false;
    for (const auto &[key, value, at] : root.members()) {
        if (!value.is_null() && !read_one(key, value, reading)) return false;
    }
    if (given(input)) return true;
    for (const chat::Extra &extra : reading.out.extras) {
        if (extra.elsewhere) return true;  // the provider has it
    }
    return reading.missing("input");
}

}  // namespace

chat::Result<chat::ChatRequest> read_request(const JsonDoc &doc) {
    RequestReading reading;
    JsonValue root = doc.root();
    if (!root.is_object()) return chat::fail(chat::invalid_request("invalid_value", "The body must be a JSON object."));
    reading.out.paths.reasoning = "reasoning.effort";
    reading.out.paths.schema = "text.format.schema";
    reading.out.include_usage = true;  // a stream always tells it
    if (!read_body(root, reading)) return chat::fail(std::move(*reading.error));
    return std::move(reading.out);
}

}  // namespace aigw::dialects::responses
