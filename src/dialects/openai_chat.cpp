// OpenAI chat completions: the dialect of OpenAI and of most others. Its parts are in openai_*.cpp.
#include "dialects/openai_chat.h"

#include "dialects/common.h"
#include "stream/sse.h"

namespace aigw::dialects {

namespace openai {

// A provider without our asking sends no usage chunk: what the caller did not ask for is taken out again.
void pass_event(const SseEvent &event, const JsonDoc *doc, const AnswerOptions &options, std::string &out) {
    std::string_view name = event.name == "error" ? event.name : std::string_view();
    JsonValue root = doc ? doc->root() : JsonValue();
    JsonValue usage = root["usage"];
    if (options.include_usage || !usage) return append_sse(out, name, event.data);
    JsonValue choices = root["choices"];
    if (usage.is_object() && choices && choices.size() == 0) return;
    if (!usage.is_null()) return append_sse(out, name, event.data);
    JsonSplice splice(doc->text());
    splice.remove(root, "usage");
    std::string data;
    splice.append_to(data);
    append_sse(out, name, data);
}

}  // namespace openai

namespace {

void append_model(std::string_view name, UnixSeconds created, JsonWriter &json) {
    json.begin_object().key("id").string(name).key("object").string("model");
    json.key("created").number(created).key("owned_by").string("aigw").end_object();
}

class OpenAiChat final : public Dialect {
public:
    std::string_view name() const override { return "openai_chat"; }
    std::string path(std::string_view, bool) const override { return "/chat/completions"; }

    chat::Result<chat::ChatRequest> read_request(const JsonDoc &doc) const override { return openai::read_request(doc); }
    chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request,
                                               const RequestOptions &options) const override {
        return openai::write_request(request, options);
    }
    void pass_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice) const override {
        openai::pass_request(doc, options, splice);
    }
    chat::Result<std::vector<std::string>> adapt_request(const JsonDoc &doc, const RequestOptions &options,
                                                         JsonSplice &splice) const override {
        return openai::adapt_request(doc, options, splice);
    }
    void add_prompts(const JsonDoc &doc, std::span<const Prompt> prompts, JsonSplice &splice) const override {
        openai::add_prompts(doc, prompts, splice);
    }
    bool ask_usage(const JsonDoc &doc, JsonSplice &splice) const override { return openai::ask_usage(doc, splice); }
    std::optional<chat::Usage> read_usage(JsonValue answer) const override { return openai::read_usage(answer); }

    std::unique_ptr<ResponseReader> response_reader() const override { return openai::response_reader(); }
    std::unique_ptr<ResponseWriter> response_writer(const AnswerOptions &options) const override {
        return options.stream ? openai::stream_writer(options) : openai::answer_writer(options);
    }
    void pass_event(const SseEvent &event, const JsonDoc *doc, const AnswerOptions &options,
                    std::string &out) const override {
        openai::pass_event(event, doc, options, out);
    }

    std::string_view terminal_event() const override { return "data: [DONE]\n\n"; }

    chat::ApiError read_error(int status, std::string_view body, JsonParser &parser) const override {
        return read_provider_error(status, body, parser);
    }
    std::string write_error(const chat::ApiError &error, std::string_view) const override {
        return openai::write_error(error);
    }
    void write_error_event(const chat::ApiError &error, std::string_view, std::string &out) const override {
        openai::write_error_event(error, out);
    }

    std::string write_models(const std::vector<std::string> &names, UnixSeconds created) const override {
        std::string out;
        JsonWriter json(out);
        json.begin_object().key("object").string("list").key("data").begin_array();
        for (const std::string &name : names) {
            append_model(name, created, json);
        }
        json.end_array().end_object();
        return out;
    }

    std::string write_model(std::string_view name, UnixSeconds created) const override {
        std::string out;
        JsonWriter json(out);
        append_model(name, created, json);
        return out;
    }
};

}  // namespace

const Dialect &openai_chat() {
    static const OpenAiChat dialect;
    return dialect;
}

}  // namespace aigw::dialects
