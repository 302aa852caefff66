// A chat completions body into a ChatRequest: the members at its top. Every member is carried, kept as an extra or
// refused; null counts as absent.
#include <algorithm>
#include <array>
#include <cmath>

#include "dialects/common.h"
#include "dialects/openai_chat.h"

namespace aigw::dialects::openai {

using chat::ChatRequest;

bool RequestReading::wrong(const std::string &param, std::string_view expected) {
    error = chat::invalid_request("invalid_value", "'" + param + "' must be " + std::string(expected) + ".", param);
    return false;
}

bool RequestReading::missing(const std::string &param) {
    error = chat::invalid_request("missing_field", "'" + param + "' is required.", param);
    return false;
}

bool RequestReading::extra(std::string path, JsonValue value, bool hint) {
    out.extras.push_back({std::move(path), value.raw(), hint});
    return true;
}

bool RequestReading::need(JsonValue value, const std::string &param, JsonText &to) {
    if (!given(value)) return missing(param);
    if (!value.is_string() || value.text().empty()) return wrong(param, "a string that is not empty");
    to = value.text();
    return true;
}

void RequestReading::rest(JsonValue object, const std::string &path, std::initializer_list<std::string_view> known,
                          std::initializer_list<std::string_view> hints) {
    auto holds = [](std::initializer_list<std::string_view> names, JsonText key) {
        return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return key == name; });
    };
    for (const auto &[key, value, at] : object.members()) {
        bool empty = (value.is_array() || value.is_object()) && value.size() == 0;
        if (!given(value) || empty || holds(known, key)) continue;
        extra(path + "." + key.decode(), value, holds(hints, key));
    }
}

namespace {

bool read_model(JsonValue value, RequestReading &reading) { return reading.need(value, "model", reading.out.model); }

bool read_stream(JsonValue value, RequestReading &reading) {
    if (!value.is_bool()) return reading.wrong("stream", "a boolean");
    reading.out.stream = value.is_true();
    return true;
}

bool read_stream_options(JsonValue value, RequestReading &reading) {
    if (!value.is_object()) return reading.wrong("stream_options", "an object");
    for (const auto &[key, option, at] : value.members()) {
        if (!given(option)) continue;
        if (key == "include_usage") {
            if (!option.is_bool()) return reading.wrong("stream_options.include_usage", "a boolean");
            reading.out.include_usage = option.is_true();
        } else {  // how the stream is framed, not what it says
            reading.extra("stream_options." + key.decode(), option, true);
        }
    }
    return true;
}

bool read_limit(JsonValue value, const std::string &name, RequestReading &reading) {
    std::optional<int64_t> n = value.as_int64();
    if (!n || *n < 1 || *n > kMaxTokens) return reading.wrong(name, "a whole number from 1 to 1000000000");
    // max_completion_tokens is the newer name: it wins in whatever order they stand.
    if (name == "max_completion_tokens" || !reading.out.max_tokens) reading.out.max_tokens = *n;
    return true;
}

bool read_max_tokens(JsonValue value, RequestReading &reading) { return read_limit(value, "max_tokens", reading); }

bool read_max_completion_tokens(JsonValue value, RequestReading &reading) {
    return read_limit(value, "max_completion_tokens", reading);
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

// An extension of many servers; -1 and 0 switch it off.
bool read_top_k(JsonValue value, RequestReading &reading) {
    std::optional<int64_t> n = value.as_int64();
    if (!n || *n < -1 || *n > kMaxTokens) return reading.wrong("top_k", "a whole number");
    if (*n > 0) reading.out.top_k = value.raw();
    return true;
}

bool read_stop(JsonValue value, RequestReading &reading) {
    if (value.is_string()) {
        reading.out.stop.push_back(value.text());
        return true;
    }
    if (!value.is_array()) return reading.wrong("stop", "a string or a list of strings");
    int32_t i = 0;
    for (JsonValue element : value.elements()) {
        if (!element.is_string()) return reading.wrong("stop[" + std::to_string(i) + "]", "a string");
        reading.out.stop.push_back(element.text());
        ++i;
    }
    return true;
}

bool read_user(JsonValue value, RequestReading &reading) {
    if (!value.is_string()) return reading.wrong("user", "a string");
    reading.out.user = value.text();
    return true;
}

bool set_effort(JsonValue value, const std::string &param, RequestReading &reading) {
    static constexpr std::array<std::string_view, 7> kNames{"none", "minimal", "low", "medium", "high", "xhigh", "max"};
    for (std::string_view name : kNames) {
        if (!value.equals(name)) continue;
        reading.out.reasoning.mode = name == "none" ? chat::Reasoning::Mode::Off : chat::Reasoning::Mode::Effort;
        reading.out.reasoning.effort = value.text();
        return true;
    }
    return reading.wrong(param, "one of none, minimal, low, medium, high, xhigh, max");
}

bool set_budget(JsonValue value, const std::string &param, RequestReading &reading) {
    std::optional<int64_t> n = value.as_int64();
    if (!n || *n < 0 || *n > kMaxTokens) return reading.wrong(param, "a whole number from 0 to 1000000000");
    reading.out.reasoning.mode = *n == 0 ? chat::Reasoning::Mode::Off : chat::Reasoning::Mode::Budget;
    reading.out.reasoning.budget = *n;
    return true;
}

bool read_reasoning_effort(JsonValue value, RequestReading &reading) {
    return set_effort(value, "reasoning_effort", reading);
}

// OpenRouter's object.
bool read_reasoning(JsonValue value, RequestReading &reading) {
    if (!value.is_object()) return reading.wrong("reasoning", "an object");
    for (const auto &[key, option, at] : value.members()) {
        if (!given(option)) continue;
        if (key == "effort") {
            if (!set_effort(option, "reasoning.effort", reading)) return false;
        } else if (key == "max_tokens") {
            if (!set_budget(option, "reasoning.max_tokens", reading)) return false;
        } else if (key == "enabled") {
            if (!option.is_bool()) return reading.wrong("reasoning.enabled", "a boolean");
            auto &mode = reading.out.reasoning.mode;
            if (option.is_false()) {
                mode = chat::Reasoning::Mode::Off;
            } else if (mode == chat::Reasoning::Mode::Unset) {
                mode = chat::Reasoning::Mode::Adaptive;
            }
        } else {  // exclude, summary: what is shown of it
            reading.extra("reasoning." + key.decode(), option, true);
        }
    }
    return true;
}

// DeepSeek's, z.ai's and LiteLLM's object, named as Anthropic's.
bool read_thinking_switch(JsonValue value, RequestReading &reading) {
    if (!value.is_object()) return reading.wrong("thinking", "an object");
    JsonValue type = value["type"];
    if (type.equals("disabled")) {
        reading.rest(value, "thinking", {"type"}, {"budget_tokens", "display", "clear_thinking"});
        reading.out.reasoning.mode = chat::Reasoning::Mode::Off;
        return true;
    }
    if (!given(type)) return reading.extra("thinking", value, true);  // z.ai: what becomes of earlier thinking
    if (!type.equals("enabled") && !type.equals("adaptive")) {
        return reading.wrong("thinking.type", "one of enabled, disabled, adaptive");
    }
    reading.rest(value, "thinking", {"type", "budget_tokens"}, {"display", "clear_thinking"});
    if (JsonValue budget = value["budget_tokens"]; given(budget)) {
        return set_budget(budget, "thinking.budget_tokens", reading);
    }
    if (reading.out.reasoning.mode == chat::Reasoning::Mode::Unset) {
        reading.out.reasoning.mode = chat::Reasoning::Mode::Adaptive;
    }
    return true;
}

// Qwen's, as its own service and several servers have it.
bool read_enable_thinking(JsonValue value, RequestReading &reading) {
    if (!value.is_bool()) return reading.wrong("enable_thinking", "a boolean");
    auto &mode = reading.out.reasoning.mode;
    if (value.is_false()) {
        mode = chat::Reasoning::Mode::Off;
    } else if (mode == chat::Reasoning::Mode::Unset) {
        mode = chat::Reasoning::Mode::Adaptive;
    }
    return true;
}

bool read_parallel(JsonValue value, RequestReading &reading) {
    if (!value.is_bool()) return reading.wrong("parallel_tool_calls", "a boolean");
    reading.out.tool_choice.parallel = value.is_true();
    return true;
}

struct CarriedMember {
    std::string_view name;
    bool (*read)(JsonValue value, RequestReading &reading);
};

constexpr std::array kCarried{
    CarriedMember{"model", read_model},
    CarriedMember{"messages", read_messages},
    CarriedMember{"stream", read_stream},
    CarriedMember{"stream_options", read_stream_options},
    CarriedMember{"tools", read_tools},
    CarriedMember{"tool_choice", read_tool_choice},
    CarriedMember{"parallel_tool_calls", read_parallel},
    CarriedMember{"max_tokens", read_max_tokens},
    CarriedMember{"max_completion_tokens", read_max_completion_tokens},
    CarriedMember{"temperature", read_temperature},
    CarriedMember{"top_p", read_top_p},
    CarriedMember{"top_k", read_top_k},
    CarriedMember{"stop", read_stop},
    CarriedMember{"response_format", read_response_format},
    CarriedMember{"reasoning_effort", read_reasoning_effort},
    CarriedMember{"reasoning", read_reasoning},
    CarriedMember{"thinking", read_thinking_switch},
    CarriedMember{"enable_thinking", read_enable_thinking},
    CarriedMember{"user", read_user},
    CarriedMember{"functions", read_functions},
    CarriedMember{"function_call", read_function_call},
};

}  // namespace

bool read_member(JsonText key, JsonValue value, RequestReading &reading) {
    if (value.is_null()) return true;
    for (const CarriedMember &member : kCarried) {
        if (key == member.name) return member.read(value, reading);
    }
    std::string name = key.decode();
    bool known = false;
    if (!read_dialect_member(name, value, reading, known)) return false;
    // Of a member that nobody knows it can't be told whether it changes the answer.
    return known || reading.extra(std::move(name), value, false);
}

chat::Result<ChatRequest> read_request(const JsonDoc &doc) {
    RequestReading reading;
    JsonValue root = doc.root();
    if (!root.is_object()) return chat::fail(chat::invalid_request("invalid_value", "The body must be a JSON object."));
    if (!given(root["messages"])) {
        reading.missing("messages");
        return chat::fail(std::move(*reading.error));
    }
    for (const auto &[key, value, at] : root.members()) {
        if (!read_member(key, value, reading)) return chat::fail(std::move(*reading.error));
    }
    return std::move(reading.out);
}

}  // namespace aigw::dialects::openai
