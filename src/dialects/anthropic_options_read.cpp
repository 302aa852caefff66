// Tools, tool choice, thinking and output settings of a Messages request.
#include "dialects/anthropic_reading.h"

namespace aigw::dialects::anthropic {

using chat::Origin;
using chat::Reasoning;
using chat::ResponseFormat;
using chat::Tool;
using chat::ToolChoice;

namespace {

bool read_tool(Reading &reading, JsonValue value, Origin at) {
    if (!value.is_object())
        return reading.wrong(at.path(), "an object");
    // Anthropic's own tools run at Anthropic: only its dialect carries them.
    if (const JsonValue type = present(value, "type"); type && !type.equals("custom")) {
        if (!type.is_string())
            return reading.wrong(at.path("type"), "a string");
        reading.extra(at.path("type"), type, false);
        return true;
    }
    Tool tool;
    tool.origin = at;
    const JsonValue name = present(value, "name");
    if (!name)
        return reading.missing(at.path("name"));
    if (!name.is_string() || name.text().empty())
        return reading.wrong(at.path("name"), "a name");
    tool.name = name.text();
    if (const JsonValue description = present(value, "description")) {
        if (!description.is_string())
            return reading.wrong(at.path("description"), "a string");
        tool.description = description.text();
        tool.has_description = true;
    }
    if (const JsonValue schema = present(value, "input_schema")) {
        if (!schema.is_object())
            return reading.wrong(at.path("input_schema"), "an object");
        tool.parameters = schema.raw();
    }
    if (const JsonValue strict = present(value, "strict")) {
        if (!strict.is_bool())
            return reading.wrong(at.path("strict"), "true or false");
        tool.strict = strict.is_true();
    }
    tool.cache_control = present(value, "cache_control").raw();
    reading.leftovers(value, {"type", "name", "description", "input_schema", "strict", "cache_control"},
                      {"defer_loading", "eager_input_streaming"},
                      [&](const std::string &key) { return at.path(key); });
    reading.request.tools.push_back(std::move(tool));
    return true;
}

// json_schema from output_config.format or the older output_format.
bool read_format(Reading &reading, JsonValue format, const std::string &path) {
    ResponseFormat &to = reading.request.format;
    if (!format.is_object())
        return reading.wrong(path, "an object");
    if (to.kind != ResponseFormat::Kind::Unset)
        return reading.wrong(path, "absent beside output_config.format");
    if (!format["type"].equals("json_schema"))
        return reading.wrong(path + ".type", "json_schema");
    const JsonValue schema = format["schema"];
    if (!schema)
        return reading.missing(path + ".schema");
    if (!schema.is_object())
        return reading.wrong(path + ".schema", "an object");
    to.kind = ResponseFormat::Kind::JsonSchema;
    to.schema = schema.raw();
    to.strict = true;  // Anthropic has no other way
    to.name = format["name"].text();
    reading.leftovers(format, {"type", "schema", "name"}, {},
                      [&](const std::string &key) { return path + "." + key; });
    return true;
}

bool read_effort(Reading &reading, JsonValue effort) {
    Reasoning &reasoning = reading.request.reasoning;
    if (!effort.is_string())
        return reading.wrong("output_config.effort", "a string");
    if (reasoning.mode == Reasoning::Mode::Unset)
        reasoning.mode = Reasoning::Mode::Effort;
    if (reasoning.mode == Reasoning::Mode::Effort || reasoning.mode == Reasoning::Mode::Adaptive)
        reasoning.effort = effort.text();
    else
        reading.extra("output_config.effort", effort, true);  // the budget, or its absence, says more
    return true;
}

}  // namespace

bool read_tools(Reading &reading, JsonValue root) {
    const JsonValue tools = present(root, "tools");
    if (tools && !tools.is_array())
        return reading.wrong("tools", "an array");
    Origin at;
    at.list = "tools";
    at.i = 0;
    for (const JsonValue tool : tools.elements()) {
        if (!read_tool(reading, tool, at))
            return false;
        ++at.i;
    }
    return true;
}

bool read_tool_choice(Reading &reading, JsonValue root) {
    const JsonValue choice = present(root, "tool_choice");
    if (!choice)
        return true;
    if (!choice.is_object())
        return reading.wrong("tool_choice", "an object");
    ToolChoice &to = reading.request.tool_choice;
    const JsonValue type = choice["type"];
    if (type.equals("auto")) {
        to.mode = ToolChoice::Mode::Auto;
    } else if (type.equals("any")) {
        to.mode = ToolChoice::Mode::Required;
    } else if (type.equals("none")) {
        to.mode = ToolChoice::Mode::None;
    } else if (type.equals("tool")) {
        to.mode = ToolChoice::Mode::Named;
        if (!choice["name"])
            return reading.missing("tool_choice.name");
        if (!choice["name"].is_string())
            return reading.wrong("tool_choice.name", "a string");
        to.name = choice["name"].text();
    } else {
        return type ? reading.wrong("tool_choice.type", "auto, any, tool or none")
                    : reading.missing("tool_choice.type");
    }
    if (const JsonValue single = present(choice, "disable_parallel_tool_use")) {
        if (!single.is_bool())
            return reading.wrong("tool_choice.disable_parallel_tool_use", "true or false");
        to.parallel = single.is_false();
    }
    reading.leftovers(choice, {"type", "name", "disable_parallel_tool_use"}, {},
                      [](const std::string &key) { return "tool_choice." + key; });
    return true;
}

bool read_thinking(Reading &reading, JsonValue root) {
    const JsonValue thinking = present(root, "thinking");
    if (!thinking)
        return true;
    if (!thinking.is_object())
        return reading.wrong("thinking", "an object");
    Reasoning &to = reading.request.reasoning;
    const JsonValue type = thinking["type"];
    if (type.equals("enabled")) {
        const JsonValue budget = present(thinking, "budget_tokens");
        if (!budget)
            return reading.missing("thinking.budget_tokens");
        const auto tokens = budget.as_int64();
        if (!tokens || *tokens < 1 || *tokens > kMaxTokens)
            return reading.wrong("thinking.budget_tokens", "a positive integer");
        to.mode = Reasoning::Mode::Budget;
        to.budget = *tokens;
    } else if (type.equals("adaptive")) {
        to.mode = Reasoning::Mode::Adaptive;
    } else if (type.equals("disabled")) {
        to.mode = Reasoning::Mode::Off;
    } else if (type.is_string()) {
        reading.extra("thinking", thinking, false);
        return true;
    } else {
        return type ? reading.wrong("thinking.type", "a string") : reading.missing("thinking.type");
    }
    // `display` only says how much of the thinking is shown.
    reading.leftovers(thinking, {"type", "budget_tokens"}, {"display"},
                      [](const std::string &key) { return "thinking." + key; });
    return true;
}

bool read_output(Reading &reading, JsonValue root) {
    if (const JsonValue config = present(root, "output_config")) {
        if (!config.is_object())
            return reading.wrong("output_config", "an object");
        if (const JsonValue effort = present(config, "effort"); effort && !read_effort(reading, effort))
            return false;
        if (const JsonValue format = present(config, "format");
            format && !read_format(reading, format, "output_config.format"))
            return false;
        reading.leftovers(config, {"effort", "format"}, {},
                          [](const std::string &key) { return "output_config." + key; });
    }
    const JsonValue format = present(root, "output_format");
    return !format || read_format(reading, format, "output_format");
}

}  // namespace aigw::dialects::anthropic
