// Tools, the choice among them and the format of the answer; the old functions and function_call too.
#include "dialects/openai_chat.h"

namespace aigw::dialects::openai {

namespace {

using chat::Origin;
using chat::ResponseFormat;
using chat::Tool;
using chat::ToolChoice;

bool read_strict(JsonValue value, const std::string &param, std::optional<bool> &to, RequestReading &reading) {
    if (!given(value)) return true;
    if (!value.is_bool()) return reading.wrong(param, "a boolean");
    to = value.is_true();
    return true;
}

bool read_function(JsonValue function, const std::string &path, Tool &to, RequestReading &reading) {
    if (!reading.need(function["name"], path + ".name", to.name)) return false;
    if (JsonValue description = function["description"]; given(description)) {
        if (!description.is_string()) return reading.wrong(path + ".description", "a string");
        to.description = description.text();
        to.has_description = true;
    }
    if (JsonValue parameters = function["parameters"]; given(parameters)) {
        if (!parameters.is_object()) return reading.wrong(path + ".parameters", "an object");
        to.parameters = parameters.raw();
    }
    reading.rest(function, path, {"name", "description", "parameters", "strict"});
    return read_strict(function["strict"], path + ".strict", to.strict, reading);
}

bool read_tool(JsonValue value, Tool &tool, RequestReading &reading) {
    if (!value.is_object()) return reading.wrong(tool.origin.path(), "an object");
    JsonValue type = value["type"];  // some clients leave it out
    if (given(type) && !type.is_string()) return reading.wrong(tool.origin.path("type"), "a string");
    if (given(type) && !type.equals("function")) return reading.extra(tool.origin.path(), value, false);
    JsonValue function = value["function"];
    if (!given(function)) return reading.missing(tool.origin.path("function"));
    if (!function.is_object()) return reading.wrong(tool.origin.path("function"), "an object");
    if (JsonValue cache = value["cache_control"]; given(cache)) {
        if (!cache.is_object()) return reading.wrong(tool.origin.path("cache_control"), "an object");
        tool.cache_control = cache.raw();
    }
    if (!read_function(function, tool.origin.path("function"), tool, reading)) return false;
    reading.rest(value, tool.origin.path(), {"type", "function", "cache_control"}, {"defer_loading"});
    reading.out.tools.push_back(tool);
    return true;
}

// The name in {"function":{"name":..}}.
bool read_named(JsonValue function, const std::string &path, RequestReading &reading) {
    if (!given(function)) return reading.missing(path);
    if (!function.is_object()) return reading.wrong(path, "an object");
    reading.out.tool_choice.mode = ToolChoice::Mode::Named;
    reading.rest(function, path, {"name"});
    return reading.need(function["name"], path + ".name", reading.out.tool_choice.name);
}

bool read_mode(JsonValue value, const std::string &param, RequestReading &reading) {
    ToolChoice::Mode &mode = reading.out.tool_choice.mode;
    if (value.equals("auto")) {
        mode = ToolChoice::Mode::Auto;
    } else if (value.equals("none")) {
        mode = ToolChoice::Mode::None;
    } else if (value.equals("required") || value.equals("any")) {
        mode = ToolChoice::Mode::Required;
    } else {
        return reading.wrong(param, "one of auto, none, required, or an object that names a function");
    }
    return true;
}

bool read_schema(JsonValue schema, RequestReading &reading) {
    if (!given(schema)) return reading.missing("response_format.json_schema");
    if (!schema.is_object()) return reading.wrong("response_format.json_schema", "an object");
    ResponseFormat &format = reading.out.format;
    format.kind = ResponseFormat::Kind::JsonSchema;
    if (JsonValue name = schema["name"]; given(name)) {
        if (!name.is_string()) return reading.wrong("response_format.json_schema.name", "a string");
        format.name = name.text();
    }
    JsonValue body = schema["schema"];
    if (!given(body)) return reading.missing("response_format.json_schema.schema");
    if (!body.is_object()) return reading.wrong("response_format.json_schema.schema", "an object");
    format.schema = body.raw();
    reading.rest(schema, "response_format.json_schema", {"name", "schema", "strict"}, {"description"});
    return read_strict(schema["strict"], "response_format.json_schema.strict", format.strict, reading);
}

}  // namespace

bool read_tools(JsonValue tools, RequestReading &reading) {
    if (!tools.is_array()) return reading.wrong("tools", "a list");
    int32_t i = 0;
    for (JsonValue element : tools.elements()) {
        Tool tool;
        tool.origin = Origin{"tools", i++};
        if (!read_tool(element, tool, reading)) return false;
    }
    return true;
}

bool read_functions(JsonValue functions, RequestReading &reading) {
    if (!functions.is_array()) return reading.wrong("functions", "a list");
    int32_t i = 0;
    for (JsonValue element : functions.elements()) {
        Tool tool;
        tool.origin = Origin{"functions", i++};
        if (!element.is_object()) return reading.wrong(tool.origin.path(), "an object");
        if (!read_function(element, tool.origin.path(), tool, reading)) return false;
        reading.out.tools.push_back(tool);
    }
    return true;
}

bool read_tool_choice(JsonValue choice, RequestReading &reading) {
    if (choice.is_string()) return read_mode(choice, "tool_choice", reading);
    if (!choice.is_object()) return reading.wrong("tool_choice", "a string or an object");
    JsonValue type = choice["type"];
    if (given(type) && !type.is_string()) return reading.wrong("tool_choice.type", "a string");
    // allowed_tools and custom narrow the choice in ways of their own.
    if (given(type) && !type.equals("function")) return reading.extra("tool_choice", choice, false);
    reading.rest(choice, "tool_choice", {"type", "function"});
    return read_named(choice["function"], "tool_choice.function", reading);
}

bool read_function_call(JsonValue choice, RequestReading &reading) {
    reading.out.paths.tool_choice = "function_call";
    if (choice.is_string()) return read_mode(choice, "function_call", reading);
    return read_named(choice, "function_call", reading);
}

bool read_response_format(JsonValue format, RequestReading &reading) {
    if (!format.is_object()) return reading.wrong("response_format", "an object");
    JsonText type;
    if (!reading.need(format["type"], "response_format.type", type)) return false;
    if (type == "text" || type == "json_object" || type == "json_schema") reading.rest(format, "response_format", {"type", "json_schema"});
    if (type == "json_schema") return read_schema(format["json_schema"], reading);
    if (type == "text") {
        reading.out.format.kind = ResponseFormat::Kind::Text;
    } else if (type == "json_object") {
        reading.out.format.kind = ResponseFormat::Kind::JsonObject;
    } else {  // grammar, regex: some servers' own
        reading.extra("response_format", format, false);
    }
    return true;
}

}  // namespace aigw::dialects::openai
