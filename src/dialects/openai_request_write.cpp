// A ChatRequest of another dialect as a chat completions body, and the two edits of a body that already is one.
#include "dialects/common.h"
#include "dialects/openai_chat.h"

namespace aigw::dialects::openai {

using chat::ResponseFormat;
using chat::ToolChoice;

bool RequestWriting::refuse(std::string path, std::string_view why) {
    if (options.drop_unsupported) {
        drop(std::move(path));
        return true;
    }
    error = chat::unsupported(std::move(path), why);
    return false;
}

namespace {

constexpr size_t kMaxStops = 4;
constexpr size_t kMaxUserBytes = 64;  // OpenAI answers 400 to a longer one, and Claude Code's is some 150

bool write_sampling(RequestWriting &writing) {
    const chat::ChatRequest &request = writing.request;
    JsonWriter &json = writing.json;
    if (request.max_tokens) {
        json.key(writing.options.quirks.max_completion_tokens ? "max_completion_tokens" : "max_tokens");
        json.number(*request.max_tokens);
    }
    if (!request.temperature.empty()) json.key("temperature").raw(request.temperature);
    if (!request.top_p.empty()) json.key("top_p").raw(request.top_p);
    if (!request.top_k.empty() && writing.options.quirks.top_k) {
        json.key("top_k").raw(request.top_k);
    } else if (!request.top_k.empty() && !writing.refuse(std::string(request.paths.top_k))) {
        return false;
    }
    if (request.stop.empty()) return true;
    if (request.stop.size() > kMaxStops && !writing.refuse(std::string(request.paths.stop), "it takes at most four")) return false;
    json.key("stop").begin_array();
    for (size_t i = 0; i < request.stop.size() && i < kMaxStops; ++i) {
        json.text(request.stop[i]);
    }
    json.end_array();
    return true;
}

void write_strict(std::optional<bool> strict, std::string_view schema, std::string path, RequestWriting &writing) {
    if (!strict) return;
    if (*strict && !fits_strict(schema)) return writing.drop(std::move(path));
    writing.json.key("strict").boolean(*strict);
}

void write_tool(const chat::Tool &tool, RequestWriting &writing) {
    JsonWriter &json = writing.json;
    json.begin_object().key("type").string("function").key("function").begin_object();
    json.key("name").text(tool.name);
    if (tool.has_description) json.key("description").text(tool.description);
    if (!tool.parameters.empty()) json.key("parameters").raw(tool.parameters);
    write_strict(tool.strict, tool.parameters, tool.origin.path("strict"), writing);
    json.end_object().end_object();
    if (!tool.cache_control.empty()) writing.drop(tool.origin.path("cache_control"));
}

void write_tool_choice(const ToolChoice &choice, JsonWriter &json) {
    switch (choice.mode) {
    case ToolChoice::Mode::Unset:
        break;
    case ToolChoice::Mode::Auto:
        json.key("tool_choice").string("auto");
        break;
    case ToolChoice::Mode::None:
        json.key("tool_choice").string("none");
        break;
    case ToolChoice::Mode::Required:
        json.key("tool_choice").string("required");
        break;
    case ToolChoice::Mode::Named:
        json.key("tool_choice").begin_object().key("type").string("function");
        json.key("function").begin_object().key("name").text(choice.name).end_object().end_object();
        break;
    }
    if (choice.parallel) json.key("parallel_tool_calls").boolean(*choice.parallel);
}

void write_tools(RequestWriting &writing) {
    if (writing.request.tools.empty()) return;  // a choice among none is an error there
    writing.json.key("tools").begin_array();
    for (const chat::Tool &tool : writing.request.tools) {
        write_tool(tool, writing);
    }
    writing.json.end_array();
    write_tool_choice(writing.request.tool_choice, writing.json);
}

void write_format(const ResponseFormat &format, RequestWriting &writing) {
    JsonWriter &json = writing.json;
    switch (format.kind) {
    case ResponseFormat::Kind::Unset:
    case ResponseFormat::Kind::Text:
        return;
    case ResponseFormat::Kind::JsonObject:
        json.key("response_format").begin_object().key("type").string("json_object").end_object();
        return;
    case ResponseFormat::Kind::JsonSchema:
        break;
    }
    json.key("response_format").begin_object().key("type").string("json_schema").key("json_schema").begin_object();
    json.key("name");
    if (format.name.empty()) {
        json.string("response");
    } else {
        json.text(format.name);
    }
    json.key("schema").raw(format.schema);
    write_strict(format.strict, format.schema, std::string(writing.request.paths.schema), writing);
    json.end_object().end_object();
}

// Thinking switched off is Anthropic's default: it says nothing here, where many models know no such word.
void write_reasoning(const chat::Reasoning &reasoning, JsonWriter &json) {
    using Mode = chat::Reasoning::Mode;
    if (reasoning.mode == Mode::Unset || reasoning.mode == Mode::Off) return;
    json.key("reasoning_effort");
    if (reasoning.mode == Mode::Budget) {
        json.string(effort_of_budget(reasoning.budget));
    } else if (reasoning.effort.empty()) {
        json.string("high");
    } else if (reasoning.effort == "max") {
        json.string("xhigh");
    } else {
        json.text(reasoning.effort);
    }
}

void write_user_id(RequestWriting &writing) {
    const JsonText user = writing.request.user;
    if (user.empty()) return;
    if (user.decode().size() > kMaxUserBytes) return writing.drop(std::string(writing.request.paths.user));
    writing.json.key("user").text(user);
}

bool write_extras(RequestWriting &writing) {
    for (const chat::Extra &extra : writing.request.extras) {
        if (!extra.meaning.empty()) {
            continue;  // written as what it means
        } else if (extra.path == "text.verbosity") {
            writing.json.key("verbosity").raw(extra.raw);
        } else if (extra.hint) {
            writing.drop(extra.path);
        } else if (!writing.refuse(extra.path)) {
            return false;
        }
    }
    return true;
}

bool write_body(RequestWriting &writing) {
    writing.error = refuse_elsewhere(writing.request);
    if (writing.error) return false;
    JsonWriter &json = writing.json;
    json.begin_object().key("model").string(writing.options.model);
    if (!write_messages(writing) || !write_sampling(writing)) return false;
    write_tools(writing);
    write_format(writing.request.format, writing);
    write_reasoning(writing.request.reasoning, json);
    write_user_id(writing);
    for (const chat::Extra &extra : writing.request.extras) {
        if (!extra.meaning.empty()) json.key(extra.meaning).raw(extra.raw);
    }
    if (writing.options.stream) json.key("stream").boolean(true);
    if (writing.options.stream && writing.options.quirks.asks_usage) {
        json.key("stream_options").begin_object().key("include_usage").boolean(true).end_object();
    }
    if (!write_extras(writing)) return false;
    json.end_object();
    return true;
}

}  // namespace

chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request, const RequestOptions &options) {
    RequestWriting writing(request, options);
    if (!write_body(writing) || !obey_quirks(writing)) return chat::fail(std::move(*writing.error));
    return std::move(writing.out);
}

void pass_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice) {
    JsonValue root = doc.root();
    pass_model(root, options.model, splice);
    if (options.max_tokens) {
        bool old_name = root["max_tokens"] || (!options.quirks.max_completion_tokens && !root["max_completion_tokens"]);
        splice.set(root, old_name ? "max_tokens" : "max_completion_tokens", std::to_string(*options.max_tokens));
    }
    if (options.stream && options.quirks.asks_usage) ask_usage(doc, splice);
}

bool ask_usage(const JsonDoc &doc, JsonSplice &splice) {
    JsonValue root = doc.root();
    JsonValue stream_options = root["stream_options"];
    if (!stream_options.is_object()) {
        splice.set(root, "stream_options", "{\"include_usage\":true}");
    } else if (!stream_options["include_usage"].is_true()) {
        splice.set(stream_options, "include_usage", "true");
    } else {
        return false;
    }
    return true;
}

}  // namespace aigw::dialects::openai
