// A ChatRequest as Cohere's body. It knows no named choice of a tool: the named one alone is sent, and required.
#include <algorithm>

#include "dialects/cohere_chat.h"
#include "dialects/common.h"

namespace aigw::dialects::cohere {

namespace {

constexpr size_t kMaxStops = 5;
constexpr double kMaxPenalty = 1;

std::optional<double> number_of(std::string_view raw) {
    JsonParser parser;
    JsonDoc doc;
    return parser.parse(raw, doc).has_value() ? doc.root().as_double() : std::nullopt;
}

class BodyWriter {
public:
    explicit BodyWriter(RequestWriting &writing) : writing_(writing), request_(writing.request), json_(writing.json) {}

    bool body() {
        json_.begin_object().key("model").string(writing_.options.model);
        if (!writing_.has_no_thread() || !write_messages(writing_) || !tools() || !sampling()) return false;
        format();
        thinking();
        if (!extras()) return false;
        json_.key("stream").boolean(writing_.options.stream).end_object();
        return true;
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

    bool has_named_tool() const {
        return std::any_of(request_.tools.begin(), request_.tools.end(), [&](const chat::Tool &one) {
            return one.name.decode() == request_.tool_choice.name.decode();
        });
    }

    bool tools() {
        using Mode = chat::ToolChoice::Mode;
        const chat::ToolChoice &choice = request_.tool_choice;
        if (request_.tools.empty()) return true;
        if (choice.parallel == false && !writing_.refuse(std::string(request_.paths.parallel))) return false;
        if (choice.mode == Mode::Named && !has_named_tool()) {
            return writing_.fail(chat::invalid_request("invalid_value", "There is no tool of that name.", std::string(request_.paths.tool_choice)));
        }
        json_.key("tools").begin_array();
        for (const chat::Tool &one : request_.tools) {
            if (choice.mode != Mode::Named || one.name.decode() == choice.name.decode()) tool(one);
        }
        json_.end_array();
        if (choice.mode == Mode::None) json_.key("tool_choice").string("NONE");
        if (choice.mode == Mode::Required || choice.mode == Mode::Named) json_.key("tool_choice").string("REQUIRED");
        return true;
    }

    // Clamped to its range, and listed.
    void clamped(std::string_view name, std::string_view raw, std::string_view low, std::string_view high, std::string_view path) {
        std::optional<double> value = number_of(raw);
        std::string_view out = raw;
        if (value && *value < *number_of(low)) out = low;
        if (value && *value > *number_of(high)) out = high;
        if (out != raw) writing_.drop(std::string(path));
        json_.key(name).raw(out);
    }

    bool sampling() {
        if (request_.max_tokens) json_.key("max_tokens").number(*request_.max_tokens);
        if (!request_.temperature.empty()) clamped("temperature", request_.temperature, "0", "1", request_.paths.temperature);
        if (!request_.top_p.empty()) clamped("p", request_.top_p, "0.01", "0.99", request_.paths.top_p);
        if (!request_.top_k.empty()) clamped("k", request_.top_k, "0", "500", request_.paths.top_k);
        if (request_.stop.empty()) return true;
        if (request_.stop.size() > kMaxStops && !writing_.refuse(std::string(request_.paths.stop), "it takes at most five")) {
            return false;
        }
        json_.key("stop_sequences").begin_array();
        for (size_t i = 0; i < request_.stop.size() && i < kMaxStops; ++i) {
            json_.text(request_.stop[i]);
        }
        json_.end_array();
        return true;
    }

    void format() {
        using Kind = chat::ResponseFormat::Kind;
        if (request_.format.kind != Kind::JsonObject && request_.format.kind != Kind::JsonSchema) return;
        if (!request_.format.name.empty()) writing_.drop(format_name_path(request_));
        json_.key("response_format").begin_object().key("type").string("json_object");
        if (request_.format.kind == Kind::JsonSchema) json_.key("json_schema").raw(request_.format.schema);
        json_.end_object();
    }

    void thinking() {
        using Mode = chat::Reasoning::Mode;
        const chat::Reasoning &reasoning = request_.reasoning;
        if (reasoning.mode == Mode::Unset) return;
        bool off = reasoning.mode == Mode::Off || reasoning.effort == "none";
        json_.key("thinking").begin_object().key("type").string(off ? "disabled" : "enabled");
        if (reasoning.mode == Mode::Budget) {
            json_.key("token_budget").number(reasoning.budget);
        } else if (!off && !reasoning.effort.empty()) {
            json_.key("token_budget").number(budget_of_effort(reasoning.effort));
        }
        json_.end_object();
    }

    // What it has under OpenAI's name; penalties from 0 to 1 only.
    bool shared(const chat::Extra &extra) {
        if (extra.meaning == "seed") {
            json_.key("seed").raw(extra.raw);
            return true;
        }
        std::optional<double> value = number_of(extra.raw);
        if (!value || *value < 0 || *value > kMaxPenalty) return writing_.refuse(extra.path, "it must be from 0 to 1");
        json_.key(extra.meaning).raw(extra.raw);
        return true;
    }

    bool extras() {
        if (!request_.user.empty()) writing_.drop(std::string(request_.paths.user));
        for (const chat::Extra &extra : request_.extras) {
            bool penalty = extra.meaning == "frequency_penalty" || extra.meaning == "presence_penalty";
            if (extra.meaning == "seed" || penalty) {
                if (!shared(extra)) return false;
            } else if (extra.hint) {
                writing_.drop(extra.path);
            } else if (!writing_.refuse(extra.path)) {
                return false;
            }
        }
        return true;
    }

    RequestWriting &writing_;
    const chat::ChatRequest &request_;
    JsonWriter &json_;
};

}  // namespace

chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request, const RequestOptions &options) {
    RequestWriting writing(request, options);
    return writing.result(BodyWriter(writing).body());
}

}  // namespace aigw::dialects::cohere
