#include "dialects/bedrock_tools.h"

#include "dialects/anthropic_schema.h"

namespace aigw::dialects::bedrock {

using chat::Part;
using chat::ToolChoice;

namespace {

bool holds_calls(const anthropic::Conversation &conversation) {
    for (const anthropic::Turn &turn : conversation.turns) {
        for (const Part *part : turn.parts) {
            if (part->kind == Part::Kind::ToolUse || part->kind == Part::Kind::ToolResult)
                return true;
        }
    }
    return false;
}

void write_tool(JsonWriter &out, const chat::Tool &tool, anthropic::SchemaWriter &schemas) {
    out.begin_object().key("toolSpec").begin_object().key("name").text(tool.name);
    if (!tool.description.empty())
        out.key("description").text(tool.description);
    out.key("inputSchema").begin_object().key("json").raw(schemas.input_schema(tool.parameters)).end_object();
    if (tool.strict.value_or(false))
        out.key("strict").boolean(true);
    out.end_object().end_object();
}

void write_placeholder(JsonWriter &out) {
    out.key("toolConfig").begin_object().key("tools").begin_array();
    out.begin_object().key("toolSpec").begin_object().key("name").string(kNoTool);
    out.key("description").string("Not a tool; never call it.");
    out.key("inputSchema").begin_object().key("json").raw(R"({"type":"object","properties":{}})").end_object();
    out.end_object().end_object();
    out.end_array().end_object();
}

void write_choice(JsonWriter &out, const chat::ChatRequest &request, const ModelFields &fields,
                  std::vector<std::string> &dropped) {
    const ToolChoice &choice = request.tool_choice;
    const bool forced = choice.mode == ToolChoice::Mode::Required || choice.mode == ToolChoice::Mode::Named;
    if (forced && fields.plan.on())
        dropped.emplace_back(request.paths.tool_choice);  // Claude refuses it beside thinking
    else if (forced && fields.single_tool)
        return;  // stands with the model's own fields
    else if (choice.mode == ToolChoice::Mode::Required)
        out.key("toolChoice").begin_object().key("any").begin_object().end_object().end_object();
    else if (choice.mode == ToolChoice::Mode::Named)
        out.key("toolChoice").begin_object().key("tool").begin_object().key("name").text(choice.name).end_object().end_object();
}

}  // namespace

void write_tools(JsonWriter &out, const chat::ChatRequest &request, const anthropic::Conversation &conversation,
                 const ModelFields &fields, BlockWriter &blocks, const ModelTraits &traits,
                 std::vector<std::string> &dropped) {
    if (request.tools.empty() || request.tool_choice.mode == ToolChoice::Mode::None) {
        if (holds_calls(conversation))
            write_placeholder(out);
        return;
    }
    anthropic::SchemaWriter schemas;
    out.key("toolConfig").begin_object().key("tools").begin_array();
    for (const chat::Tool &tool : request.tools) {
        write_tool(out, tool, schemas);
        blocks.cache_point(tool.cache_control, traits.tool_cache_points, tool.origin.path("cache_control"));
    }
    out.end_array();
    write_choice(out, request, fields, dropped);
    out.end_object();
}

}  // namespace aigw::dialects::bedrock
