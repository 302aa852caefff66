// Tools, the choice among them and the format of the answer. Tools that a provider runs, and tools whose input is no JSON,
// have no place elsewhere.
#include "dialects/responses.h"

namespace aigw::dialects::responses {

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

// When a model may call it, and what its results look like.
void read_calling(JsonValue value, const Tool &tool, RequestReading &reading) {
    JsonValue defer = value["defer_loading"], callers = value["allowed_callers"];
    if (given(defer) && !defer.is_false()) reading.extra(tool.origin.path("defer_loading"), defer, false);
    bool direct = callers.size() == 1 && callers.is_array() && (*callers.elements().begin()).equals("direct");
    if (given(callers) && !direct) reading.extra(tool.origin.path("allowed_callers"), callers, false);
    read_rest(value, {"type", "name", "description", "parameters", "strict", "defer_loading", "allowed_callers"},
              {"output_schema"}, tool.origin, reading);
}

bool read_tool(JsonValue value, Tool &tool, RequestReading &reading) {
    if (!value.is_object()) return reading.wrong(tool.origin.path(), "an object");
    JsonValue type = value["type"];
    if (!given(type)) return reading.missing(tool.origin.path("type"));
    if (!type.is_string()) return reading.wrong(tool.origin.path("type"), "a string");
    if (!type.equals("function")) return reading.extra(tool.origin.path(), value, false);
    if (!reading.need(value["name"], tool.origin.path("name"), tool.name)) return false;
    if (JsonValue description = value["description"]; given(description)) {
        if (!description.is_string()) return reading.wrong(tool.origin.path("description"), "a string");
        tool.description = description.text();
        tool.has_description = true;
    }
    if (JsonValue parameters = value["parameters"]; given(parameters)) {
        if (!parameters.is_object()) return reading.wrong(tool.origin.path("parameters"), "an object");
        tool.parameters = parameters.raw();
    }
    if (!read_strict(value["strict"], tool.origin.path("strict"), tool.strict, reading)) return false;
    read_calling(value, tool, reading);
    reading.out.tools.push_back(tool);
    return true;
}

bool read_schema(JsonValue format, RequestReading &reading) {
    ResponseFormat &to = reading.out.format;
    to.kind = ResponseFormat::Kind::JsonSchema;
    if (JsonValue name = format["name"]; given(name)) {
        if (!name.is_string()) return reading.wrong("text.format.name", "a string");
        to.name = name.text();
    }
    JsonValue schema = format["schema"];
    if (!given(schema)) return reading.missing("text.format.schema");
    if (!schema.is_object()) return reading.wrong("text.format.schema", "an object");
    to.schema = schema.raw();
    return read_strict(format["strict"], "text.format.strict", to.strict, reading);
}

bool read_format(JsonValue format, RequestReading &reading) {
    if (!format.is_object()) return reading.wrong("text.format", "an object");
    JsonText type;
    if (!reading.need(format["type"], "text.format.type", type)) return false;
    if (type == "text" || type == "json_object" || type == "json_schema") {
        reading.rest(format, "text.format", {"type", "name", "schema", "strict"}, {"description"});
    }
    if (type == "json_schema") return read_schema(format, reading);
    if (type == "text") {
        reading.out.format.kind = ResponseFormat::Kind::Text;
    } else if (type == "json_object") {
        reading.out.format.kind = ResponseFormat::Kind::JsonObject;
    } else {
        reading.extra("text.format", format, false);
    }
    return true;
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

bool read_tool_choice(JsonValue choice, RequestReading &reading) {
    ToolChoice &to = reading.out.tool_choice;
    if (choice.is_object()) {
        JsonText type;
        if (!reading.need(choice["type"], "tool_choice.type", type)) return false;
        if (type != "function") return reading.extra("tool_choice", choice, false);  // allowed_tools, a provider's tool
        to.mode = ToolChoice::Mode::Named;
        reading.rest(choice, "tool_choice", {"type", "name"});
        return reading.need(choice["name"], "tool_choice.name", to.name);
    }
    if (choice.equals("auto")) {
        to.mode = ToolChoice::Mode::Auto;
    } else if (choice.equals("none")) {
        to.mode = ToolChoice::Mode::None;
    } else if (choice.equals("required")) {
        to.mode = ToolChoice::Mode::Required;
    } else {
        return reading.wrong("tool_choice", "one of auto, none, required, or an object");
    }
    return true;
}

bool read_text(JsonValue text, RequestReading &reading) {
    if (!text.is_object()) return reading.wrong("text", "an object");
    for (const auto &[key, value, at] : text.members()) {
        if (!given(value)) continue;
        if (key == "format") {
            if (!read_format(value, reading)) return false;
        } else if (key != "verbosity" || !value.equals("medium")) {
            reading.extra("text." + key.decode(), value, false);
        }
    }
    return true;
}

}  // namespace aigw::dialects::responses
