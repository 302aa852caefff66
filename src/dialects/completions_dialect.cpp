// The dialect of POST /completions: its parts put together. Usage, errors and the frame of a stream are the chat's.
#include "dialects/completions.h"
#include "dialects/openai_chat.h"

namespace aigw::dialects {

namespace {

class OpenAiCompletions final : public Dialect {
public:
    std::string_view name() const override { return "openai_completions"; }
    std::string path(std::string_view, bool) const override { return "/completions"; }

    RequestFacts facts(JsonValue body) const override { return completions::facts(body); }
    std::optional<chat::ApiError> check(JsonValue body) const override { return completions::check(body); }
    chat::Result<chat::ChatRequest> read_request(const JsonDoc &doc) const override {
        return completions::read_request(doc);
    }
    // A conversation is no text: no provider is sent one in this form.
    chat::Result<WrittenRequest> write_request(const chat::ChatRequest &, const RequestOptions &) const override {
        return chat::fail(chat::unsupported("messages"));
    }
    void pass_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice) const override {
        completions::pass_request(doc, options, splice);
    }
    void add_prompts(const JsonDoc &doc, std::span<const Prompt> prompts, JsonSplice &splice) const override {
        completions::add_prompts(doc, prompts, splice);
    }
    bool ask_usage(const JsonDoc &doc, JsonSplice &splice) const override { return openai::ask_usage(doc, splice); }
    std::optional<chat::Usage> read_usage(JsonValue answer) const override { return openai::read_usage(answer); }

    std::unique_ptr<ResponseReader> response_reader() const override { return openai::completion_reader(); }
    std::unique_ptr<ResponseWriter> response_writer(const AnswerOptions &options) const override {
        return options.stream ? completions::stream_writer(options) : completions::answer_writer(options);
    }
    void pass_event(const SseEvent &event, const JsonDoc *doc, const AnswerOptions &options,
                    std::string &out) const override {
        openai::pass_event(event, doc, options, out);
    }
    std::string_view terminal_event() const override { return openai_chat().terminal_event(); }

    chat::ApiError read_error(int status, std::string_view body, JsonParser &parser) const override {
        return openai_chat().read_error(status, body, parser);
    }
    std::string write_error(const chat::ApiError &error, std::string_view) const override {
        return openai::write_error(error);
    }
    void write_error_event(const chat::ApiError &error, std::string_view, std::string &out) const override {
        openai::write_error_event(error, out);
    }

    std::string write_models(const std::vector<std::string> &names, UnixSeconds created) const override {
        return openai_chat().write_models(names, created);
    }
    std::string write_model(std::string_view name, UnixSeconds created) const override {
        return openai_chat().write_model(name, created);
    }
};

}  // namespace

const Dialect &openai_completions() {
    static const OpenAiCompletions dialect;
    return dialect;
}

}  // namespace aigw::dialects
