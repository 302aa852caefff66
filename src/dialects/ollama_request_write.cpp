// A ChatRequest as Ollama's own body: the sampling in `options`, a schema as `format`. It can be asked for tools, not forced
// to use one.
#include <array>

#include "dialects/common.h"
#include "dialects/ollama_chat.h"

namespace aigw::dialects::ollama {

namespace {

class BodyWriter {
public:
    explicit BodyWriter(RequestWriting &writing) : writing_(writing), json_(writing.json) {}

    bool body() {
        json_.begin_object().key("model").string(writing_.options.model);
        if (!writing_.has_no_thread() || !write_messages(writing_) || !tools()) return false;
        format();
        sampling();
        think();
        json_.key("stream").boolean(writing_.options.stream).end_object();
        return extras();
    }

private:
    void tool(const chat::Tool &tool) {
        json_.begin_object().key("type").string("function").key("function").begin_object().key("name").text(tool.name);
        if (tool.has_description) json_.key("description").text(tool.description);
        json_.key("parameters").raw(tool.parameters.empty() ? R"({"type":"object","properties":{}})" : tool.parameters);
        json_.end_object().end_object();
        if (tool.strict.value_or(false)) writing_.drop(tool.origin.path("strict"));
        if (!tool.cache_control.empty()) writing_.drop(tool.origin.path("cache_control"));
    }

    // None is carried: the tools stay behind.
    bool tools() {
        using Mode = chat::ToolChoice::Mode;
        const chat::ToolChoice &choice = writing_.request.tool_choice;
        if (writing_.request.tools.empty()) return true;
        if ((choice.mode == Mode::Required || choice.mode == Mode::Named) &&
            !writing_.refuse(std::string(writing_.request.paths.tool_choice), "it can't be made to call a tool")) {
            return false;
        }
        if (choice.parallel == false && choice.mode != Mode::None && !writing_.refuse(std::string(writing_.request.paths.parallel))) return false;
        if (choice.mode == Mode::None) return true;
        json_.key("tools").begin_array();
        for (const chat::Tool &one : writing_.request.tools) {
            tool(one);
        }
        json_.end_array();
        return true;
    }

    void format() {
        if (!writing_.request.format.name.empty()) writing_.drop(format_name_path(writing_.request));
        if (writing_.request.format.kind == chat::ResponseFormat::Kind::JsonObject) json_.key("format").string("json");
        if (writing_.request.format.kind == chat::ResponseFormat::Kind::JsonSchema) json_.key("format").raw(writing_.request.format.schema);
    }

    void think() {
        using Mode = chat::Reasoning::Mode;
        const chat::Reasoning &reasoning = writing_.request.reasoning;
        if (reasoning.mode == Mode::Unset) return;
        json_.key("think");
        if (reasoning.mode == Mode::Off || reasoning.effort == "none") {
            json_.boolean(false);
        } else if (reasoning.mode == Mode::Budget) {
            level(JsonText{effort_of_budget(reasoning.budget)});
        } else if (reasoning.effort.empty()) {
            json_.boolean(true);
        } else {
            level(reasoning.effort);
        }
    }

    void level(JsonText effort) {
        bool low = effort == "minimal" || effort == "low";
        json_.string(low ? "low" : effort == "medium" ? "medium" : "high");
    }

    // What OpenAI calls `name` is an option of another name here; empty: it is none.
    static std::string_view option_of(const chat::Extra &extra) {
        constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kOptions{
            {{"seed", "seed"},
             {"frequency_penalty", "frequency_penalty"},
             {"presence_penalty", "presence_penalty"},
             {"min_p", "min_p"},
             {"repetition_penalty", "repeat_penalty"}}};
        for (const auto &[theirs, ours] : kOptions) {
            if (extra.meaning == theirs || (extra.meaning.empty() && extra.path == theirs)) return ours;
        }
        return {};
    }

    void number(std::string_view name, std::string_view raw, JsonWriter &json) {
        if (!raw.empty()) json.key(name).raw(raw);
    }

    void sampling() {
        std::string options;
        JsonWriter json(options);
        json.begin_object();
        if (writing_.request.max_tokens) json.key("num_predict").number(*writing_.request.max_tokens);
        number("temperature", writing_.request.temperature, json);
        number("top_p", writing_.request.top_p, json);
        number("top_k", writing_.request.top_k, json);
        if (!writing_.request.stop.empty()) json.key("stop").begin_array();
        for (JsonText stop : writing_.request.stop) {
            json.text(stop);
        }
        if (!writing_.request.stop.empty()) json.end_array();
        for (const chat::Extra &extra : writing_.request.extras) {
            number(option_of(extra), option_of(extra).empty() ? std::string_view() : extra.raw, json);
        }
        json.end_object();
        if (options != "{}") json_.key("options").raw(options);
    }

    bool extras() {
        if (!writing_.request.user.empty()) writing_.drop(std::string(writing_.request.paths.user));
        for (const chat::Extra &extra : writing_.request.extras) {
            if (!option_of(extra).empty()) continue;
            if (extra.hint) {
                writing_.drop(extra.path);
            } else if (!writing_.refuse(extra.path)) {
                return false;
            }
        }
        return true;
    }

    RequestWriting &writing_;
    JsonWriter &json_;
};

}  // namespace

chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request, const RequestOptions &options) {
    RequestWriting writing(request, options);
    return writing.result(BodyWriter(writing).body());
}

}  // namespace aigw::dialects::ollama
