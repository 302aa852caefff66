// A ChatRequest of another dialect as a Responses body, and the edits of a body that already is one.
//
// Added without being asked for: store false, since nobody asked that the answer be kept; strict false for tools, which are
// strict here unless told otherwise; and encrypted thinking, without which it is lost to the next turn, where the caller
// asks for thinking at all (models that don't think refuse it).
#include <array>

#include "dialects/common.h"
#include "dialects/responses.h"

namespace aigw::dialects::responses {

using chat::ResponseFormat;
using chat::ToolChoice;
using Mode = chat::Reasoning::Mode;

namespace {

constexpr size_t kMaxUserBytes = 64;  // OpenAI answers 400 to a longer one

bool write_sampling(RequestWriting &writing) {
    const chat::ChatRequest &request = writing.request;
    JsonWriter &json = writing.json;
    std::optional<Tokens> limit = request.max_tokens;
    if (limit) json.key("max_output_tokens").number(*limit);
    if (!request.temperature.empty()) json.key("temperature").raw(request.temperature);
    if (!request.top_p.empty()) json.key("top_p").raw(request.top_p);
    if (!request.top_k.empty() && !writing.refuse(std::string(request.paths.top_k))) return false;
    return request.stop.empty() || writing.refuse(std::string(request.paths.stop));
}

void write_tool(const chat::Tool &tool, RequestWriting &writing) {
    JsonWriter &json = writing.json;
    json.begin_object().key("type").string("function").key("name").text(tool.name);
    if (tool.has_description) json.key("description").text(tool.description);
    json.key("parameters");
    if (tool.parameters.empty()) {
        json.null();
    } else {
        json.raw(tool.parameters);
    }
    bool strict = tool.strict.value_or(false);
    if (strict && !openai::fits_strict(tool.parameters)) {
        writing.drop(tool.origin.path("strict"));
        strict = false;
    }
    json.key("strict").boolean(strict).end_object();
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
        json.key("tool_choice").begin_object().key("type").string("function").key("name").text(choice.name).end_object();
        break;
    }
    if (choice.parallel) json.key("parallel_tool_calls").boolean(*choice.parallel);
}

void write_tools(RequestWriting &writing) {
    if (writing.request.tools.empty()) return;
    writing.json.key("tools").begin_array();
    for (const chat::Tool &tool : writing.request.tools) {
        write_tool(tool, writing);
    }
    writing.json.end_array();
    write_tool_choice(writing.request.tool_choice, writing.json);
}

// `schema` is kept in the answer's format as it came; a schema that strict mode refuses goes without it.
void write_format(RequestWriting &writing) {
    const ResponseFormat &format = writing.request.format;
    JsonWriter &json = writing.json;
    json.key("format").begin_object().key("type");
    if (format.kind == ResponseFormat::Kind::JsonObject) {
        json.string("json_object").end_object();
        return;
    }
    json.string("json_schema").key("name");
    if (format.name.empty()) {
        json.string("response");
    } else {
        json.text(format.name);
    }
    json.key("schema").raw(format.schema);
    if (format.strict && *format.strict && !openai::fits_strict(format.schema)) {
        writing.drop(std::string(writing.request.paths.schema));
    } else if (format.strict) {
        json.key("strict").boolean(*format.strict);
    }
    json.end_object();
}

const chat::Extra *extra_of(const RequestWriting &writing, std::string_view path) {
    for (const chat::Extra &extra : writing.request.extras) {
        if (extra.path == path) return &extra;
    }
    return nullptr;
}

void write_text(RequestWriting &writing) {
    using Kind = ResponseFormat::Kind;
    const chat::Extra *verbosity = extra_of(writing, "verbosity");
    Kind kind = writing.request.format.kind;
    bool formatted = kind == Kind::JsonObject || kind == Kind::JsonSchema;
    if (!formatted && !verbosity) return;
    writing.json.key("text").begin_object();
    if (formatted) write_format(writing);
    if (verbosity) writing.json.key("verbosity").raw(verbosity->raw);
    writing.json.end_object();
}

// Thinking switched off is the default elsewhere: it says nothing here, where many models know no such word.
void write_reasoning(const chat::Reasoning &reasoning, JsonWriter &json) {
    if (reasoning.mode == Mode::Unset || reasoning.mode == Mode::Off) return;
    json.key("reasoning").begin_object().key("effort");
    if (reasoning.mode == Mode::Budget) {
        json.string(effort_of_budget(reasoning.budget));
    } else if (reasoning.effort.empty()) {
        json.string("high");
    } else if (reasoning.effort == "max") {
        json.string("xhigh");
    } else {
        json.text(reasoning.effort);
    }
    json.end_object();
    json.key("include").begin_array().string(kEncrypted).end_array();
}

void write_user(RequestWriting &writing) {
    JsonText user = writing.request.user;
    if (user.empty()) return;
    if (user.decode().size() > kMaxUserBytes) return writing.drop(std::string(writing.request.paths.user));
    writing.json.key("user").text(user);
}

bool is_tier(std::string_view raw) {
    return raw == "\"default\"" || raw == "\"flex\"" || raw == "\"priority\"" || raw == "\"scale\"";
}

// Members that this dialect has too, under the same name.
bool write_same(const chat::Extra &extra, JsonWriter &json) {
    static constexpr std::array<std::string_view, 6> kSame{"metadata",           "prompt_cache_key",     "safety_identifier",
                                                           "prompt_cache_retention", "prompt_cache_options", "service_tier"};
    for (std::string_view name : kSame) {
        if (extra.path != name) continue;
        if (name == "service_tier" && !is_tier(extra.raw)) return false;
        json.key(name).raw(extra.raw);
        return true;
    }
    return extra.path == "store" || extra.path == "verbosity";  // written in their place
}

bool write_extras(RequestWriting &writing) {
    const chat::Extra *store = extra_of(writing, "store");
    writing.json.key("store").boolean(store && store->raw == "true");
    for (const chat::Extra &extra : writing.request.extras) {
        if (write_same(extra, writing.json)) continue;
        if (extra.hint) {
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
    if (!write_input(writing) || !write_sampling(writing)) return false;
    write_tools(writing);
    write_text(writing);
    write_reasoning(writing.request.reasoning, json);
    write_user(writing);
    if (!write_extras(writing)) return false;
    if (writing.options.stream) json.key("stream").boolean(true);
    json.end_object();
    return true;
}

// Reasoning items that no provider of this dialect has made are taken out: it would refuse them.
void strip_foreign(JsonValue input, JsonSplice &splice) {
    bool any = false;
    for (JsonValue item : input.elements()) {
        any = any || is_foreign(item);
    }
    if (!any) return;
    std::string kept;
    for (JsonValue item : input.elements()) {
        if (!is_foreign(item)) add_element(kept, item.raw());
    }
    splice.replace(input, "[" + kept + "]");
}

}  // namespace

chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request, const RequestOptions &options) {
    RequestWriting writing(request, options);
    if (!write_body(writing)) return chat::fail(std::move(*writing.error));
    return std::move(writing.out);
}

void pass_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice) {
    JsonValue root = doc.root();
    pass_model(root, options.model, splice);
    if (options.max_tokens) splice.set(root, "max_output_tokens", std::to_string(*options.max_tokens));
    strip_foreign(root["input"], splice);
}

}  // namespace aigw::dialects::responses
