// The dialect of POST /v1/messages: its parts put together.
#include "dialects/anthropic_errors.h"
#include "dialects/anthropic_pass.h"
#include "dialects/anthropic_request_read.h"
#include "dialects/anthropic_request_write.h"
#include "dialects/anthropic_response_read.h"
#include "dialects/anthropic_response_write.h"
#include "dialects/common.h"
#include "dialects/dialect.h"
#include "stream/sse.h"

namespace aigw::dialects {

namespace {

class AnthropicMessages final : public Dialect {
public:
    std::string_view name() const override { return "anthropic_messages"; }
    std::string path(std::string_view, bool) const override { return "/messages"; }

    chat::Result<chat::ChatRequest> read_request(const JsonDoc &doc) const override {
        return anthropic::read_request(doc);
    }
    chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request,
                                               const RequestOptions &options) const override {
        return anthropic::write_request(request, options);
    }
    void pass_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice) const override {
        anthropic::pass_request(doc, options, splice);
    }
    void add_prompts(const JsonDoc &doc, std::span<const Prompt> prompts, JsonSplice &splice) const override {
        anthropic::add_prompts(doc, prompts, splice);
    }

    std::unique_ptr<ResponseReader> response_reader() const override { return anthropic::make_response_reader(); }
    std::unique_ptr<ResponseWriter> response_writer(const AnswerOptions &options) const override {
        return options.stream ? anthropic::make_stream_writer(options) : anthropic::make_message_writer(options);
    }
    // The name is on the wire twice; clients go by the event line, so it is there even where the provider left it out.
    void pass_event(const SseEvent &event, const JsonDoc *doc, const AnswerOptions &, std::string &out) const override {
        if (event.data.empty() || event.data == "[DONE]")
            return;
        const JsonText type = event.name.empty() && doc ? doc->root()["type"].text() : JsonText();
        append_sse(out, event.name.empty() ? type.escaped : event.name, event.data);
    }

    bool tells_prompt_first() const override { return true; }
    std::string_view terminal_event() const override {
        return "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    }

    chat::ApiError read_error(int status, std::string_view body, JsonParser &parser) const override {
        return read_provider_error(status, body, parser);
    }
    std::string write_error(const chat::ApiError &error, std::string_view request_id) const override {
        return anthropic::write_error(error, request_id);
    }
    void write_error_event(const chat::ApiError &error, std::string_view request_id, std::string &out) const override {
        anthropic::write_error_event(error, request_id, out);
    }

    std::string write_models(const std::vector<std::string> &names, UnixSeconds created) const override {
        return anthropic::write_models(names, created);
    }
    std::string write_model(std::string_view name, UnixSeconds created) const override {
        return anthropic::write_model(name, created);
    }
};

}  // namespace

const Dialect &anthropic_messages() {
    static const AnthropicMessages dialect;
    return dialect;
}

}  // namespace aigw::dialects
