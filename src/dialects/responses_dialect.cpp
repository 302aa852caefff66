// The dialect of POST /responses: its parts put together.
#include "dialects/common.h"
#include "dialects/responses.h"
#include "stream/sse.h"

namespace aigw::dialects {

namespace responses {

// Clients go by the event line, so it is there even where the provider left it out.
void pass_event(const SseEvent &event, const JsonDoc *doc, std::string &out) {
    if (event.data.empty() || event.data == "[DONE]") return;
    JsonText type = event.name.empty() && doc ? doc->root()["type"].text() : JsonText();
    append_sse(out, event.name.empty() ? type.escaped : event.name, event.data);
}

}  // namespace responses

namespace {

class OpenAiResponses final : public Dialect {
public:
    std::string_view name() const override { return "openai_responses"; }
    std::string path(std::string_view, bool) const override { return "/responses"; }

    RequestFacts facts(JsonValue body) const override { return responses::facts(body); }
    std::optional<chat::ApiError> check(JsonValue body) const override { return responses::check(body); }
    chat::Result<chat::ChatRequest> read_request(const JsonDoc &doc) const override {
        return responses::read_request(doc);
    }
    chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request,
                                               const RequestOptions &options) const override {
        return responses::write_request(request, options);
    }
    void pass_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice) const override {
        responses::pass_request(doc, options, splice);
    }
    void add_prompts(const JsonDoc &doc, std::span<const Prompt> prompts, JsonSplice &splice) const override {
        responses::add_prompts(doc, prompts, splice);
    }
    std::optional<chat::Usage> read_usage(JsonValue answer) const override { return responses::read_usage(answer); }

    std::unique_ptr<ResponseReader> response_reader() const override { return responses::response_reader(); }
    std::unique_ptr<ResponseWriter> response_writer(const AnswerOptions &options) const override {
        return responses::response_writer(options);
    }
    void pass_event(const SseEvent &event, const JsonDoc *doc, const AnswerOptions &, std::string &out) const override {
        responses::pass_event(event, doc, out);
    }
    // A stream is whole by its last event or not at all.
    std::string_view terminal_event() const override { return {}; }

    chat::ApiError read_error(int status, std::string_view body, JsonParser &parser) const override {
        return read_provider_error(status, body, parser);
    }
    std::string write_error(const chat::ApiError &error, std::string_view request_id) const override {
        return openai_chat().write_error(error, request_id);
    }
    void write_error_event(const chat::ApiError &error, std::string_view request_id, std::string &out) const override {
        write_late_error(error, request_id, 0, out);
    }
    void write_late_error(const chat::ApiError &error, std::string_view request_id, size_t told,
                          std::string &out) const override {
        std::string id = "resp_";
        append_json_escaped(id, request_id);
        responses::write_failure(error, id, {}, 0, static_cast<int64_t>(told), out);
    }

    std::string write_models(const std::vector<std::string> &names, UnixSeconds created) const override {
        return openai_chat().write_models(names, created);
    }
    std::string write_model(std::string_view name, UnixSeconds created) const override {
        return openai_chat().write_model(name, created);
    }
};

}  // namespace

const Dialect &openai_responses() {
    static const OpenAiResponses dialect;
    return dialect;
}

}  // namespace aigw::dialects
