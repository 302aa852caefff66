// Tools and the choice among them. Tools that run at Google are kept as extras: nobody else has them.
#include "dialects/gemini_reading.h"
#include "dialects/gemini_schema.h"

namespace aigw::dialects::google {

namespace {

using chat::Origin;
using chat::Tool;
using chat::ToolChoice;

bool read_parameters(Fields &declaration, Tool &tool, Reading &reading) {
    JsonValue parameters, schema;
    if (!declaration.take_object("parameters", parameters) || !declaration.take_object("parametersJsonSchema", schema)) return false;
    if (parameters && schema) return reading.wrong(declaration.path("parameters"), "absent beside parametersJsonSchema");
    if (parameters) tool.parameters = reading.make(json_schema_of(parameters)).escaped;
    if (schema) tool.parameters = schema.raw();
    return true;
}

bool read_declaration(JsonValue value, const Origin &at, Reading &reading) {
    if (!value.is_object()) return reading.wrong(at.path(), "an object");
    Tool tool;
    tool.origin = at;
    Fields declaration(value, at.path(), reading);
    JsonValue description = declaration.take("description");
    if (!declaration.take_string("name", tool.name)) return false;
    if (tool.name.empty()) return reading.missing(at.path("name"));
    if (description && !description.is_string()) return reading.wrong(at.path("description"), "a string");
    tool.has_description = !description.text().empty();
    tool.description = description.text();
    if (!read_parameters(declaration, tool, reading)) return false;
    reading.out.tools.push_back(tool);
    return declaration.rest({"response", "responseJsonSchema", "behavior"});
}

bool read_tool(JsonValue value, int32_t i, Reading &reading) {
    Origin at{"tools", i};
    if (!value.is_object()) return reading.wrong(at.path(), "an object");
    Fields tool(value, at.path(), reading);
    at.inner = "functionDeclarations";
    bool ok = each(tool.take("functionDeclarations"), [&](JsonValue declaration, int32_t j) {
        Origin place = at;
        place.j = j;
        return read_declaration(declaration, place, reading);
    });
    if (!ok || !tool.rest()) return false;
    // {"googleSearch":{}} says something though it is empty.
    for (const auto &[key, item, begin] : value.members()) {
        if (item.is_object() && item.size() == 0) reading.extra(Origin{"tools", i}.path(key.decode()), item, false);
    }
    return true;
}

bool read_mode(JsonValue mode, const std::string &path, Reading &reading) {
    ToolChoice::Mode &to = reading.out.tool_choice.mode;
    const int64_t number = mode.is_number() ? mode.as_int64().value_or(-1) : -1;
    if (!mode || mode.equals("MODE_UNSPECIFIED") || number == 0) return true;
    if (mode.equals("AUTO") || mode.equals("VALIDATED") || number == 1) {
        to = ToolChoice::Mode::Auto;
        if (mode.equals("VALIDATED")) reading.extra(path, mode, true);
    } else if (mode.equals("ANY") || number == 2) {
        to = ToolChoice::Mode::Required;
    } else if (mode.equals("NONE") || number == 3) {
        to = ToolChoice::Mode::None;
    } else {
        return reading.wrong(path, "AUTO, ANY, NONE or VALIDATED");
    }
    return true;
}

// One name is a choice of that tool, all names are any; what lies between has no place elsewhere.
bool read_allowed(JsonValue names, const std::string &path, Reading &reading) {
    ToolChoice &choice = reading.out.tool_choice;
    size_t count = 0;
    bool strings = each(names, [&](JsonValue name, int32_t) {
        ++count;
        choice.name = name.text();
        return name.is_string();
    });
    if (!strings) return reading.wrong(path, "a list of names");
    if (count == 0) return true;
    bool any = choice.mode == ToolChoice::Mode::Required;
    if (any && count == 1) {
        choice.mode = ToolChoice::Mode::Named;
    } else if (!any || count != reading.out.tools.size()) {
        reading.extra(path, names, false);
    }
    return true;
}

}  // namespace

bool read_tools(JsonValue tools, Reading &reading) {
    return each(tools, [&](JsonValue tool, int32_t i) { return read_tool(tool, i, reading); });
}

bool read_tool_config(JsonValue value, Reading &reading) {
    Fields config(value, "toolConfig", reading);
    JsonValue calling;
    if (!config.take_object("functionCallingConfig", calling)) return false;
    Fields choice(calling, config.path("functionCallingConfig"), reading);
    return read_mode(choice.take("mode"), choice.path("mode"), reading) &&
           read_allowed(choice.take("allowedFunctionNames"), choice.path("allowedFunctionNames"), reading) &&
           choice.rest({"streamFunctionCallArguments"}) &&
           config.rest({"retrievalConfig", "includeServerSideToolInvocations"});
}

}  // namespace aigw::dialects::google
