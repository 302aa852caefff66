// Google's generateContent and streamGenerateContent, of AI Studio and Vertex: its parts put together.
#include "dialects/common.h"
#include "dialects/dialect.h"
#include "dialects/gemini_errors.h"
#include "dialects/gemini_fields.h"
#include "dialects/gemini_reading.h"
#include "dialects/gemini_request_write.h"
#include "dialects/gemini_response_read.h"
#include "dialects/gemini_response_write.h"
#include "dialects/gemini_usage.h"
#include "stream/sse.h"

namespace aigw::dialects {

namespace {

constexpr int64_t kMaxCandidates = 8;

// As one segment of a path; a slash too, for names are no paths.
void append_segment(std::string &out, std::string_view name) {
    static constexpr std::string_view kPlain = "-._~";
    static constexpr std::string_view kHex = "0123456789ABCDEF";
    for (char c : name) {
        auto byte = static_cast<unsigned char>(c);
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (plain || kPlain.find(c) != std::string_view::npos) {
            out += c;
        } else {
            out.append(1, '%').append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
        }
    }
}

bool has_image(JsonValue contents) {
    bool found = false;
    google::each(contents, [&](JsonValue content, int32_t) {
        return google::each(google::field(content, "parts"), [&](JsonValue part, int32_t) {
            for (std::string_view name : {"inlineData", "fileData"}) {
                JsonText type = google::field(google::field(part, name), "mimeType").text();
                found = found || type.decode().starts_with("image/");
            }
            return !found;
        });
    });
    return found;
}

class Gemini final : public Dialect {
public:
    std::string_view name() const override { return "gemini"; }
    std::string path(std::string_view model, bool stream) const override {
        constexpr std::string_view kModels = "models/";
        if (model.starts_with(kModels)) model.remove_prefix(kModels.size());
        std::string out = "/models/";
        append_segment(out, model);
        return out + (stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
    }
    bool model_in_path() const override { return true; }

    RequestFacts facts(JsonValue body) const override {
        RequestFacts facts;
        JsonValue contents = google::field(body, "contents"), config = google::field(body, "generationConfig");
        facts.include_usage = true;
        facts.message_count = contents.is_array() ? contents.size() : contents.is_object();
        facts.has_tools = body["tools"].size() > 0;
        facts.has_images = has_image(contents);
        facts.max_tokens = google::integer(google::field(config, "maxOutputTokens"));
        int64_t answers = google::integer(google::field(config, "candidateCount")).value_or(1);
        facts.answers = answers < 1 ? 1 : answers > kMaxCandidates ? kMaxCandidates : answers;
        return facts;
    }
    std::optional<chat::ApiError> check(JsonValue body) const override {
        JsonValue contents = body["contents"], config = google::field(body, "generationConfig");
        if (!contents || contents.is_null()) return missing_member("contents");
        if (!contents.is_array() && !contents.is_object()) return wrong_member("contents", "an array");
        if (JsonValue limit = google::field(config, "maxOutputTokens")) {
            std::optional<int64_t> n = google::integer(limit);
            if (!n || *n < 1 || *n > kMaxTokens) {
                return wrong_member("generationConfig.maxOutputTokens", "an integer from 1 to " + std::to_string(kMaxTokens));
            }
        }
        return std::nullopt;
    }

    chat::Result<chat::ChatRequest> read_request(const JsonDoc &doc) const override { return google::read_request(doc); }
    chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request,
                                               const RequestOptions &options) const override {
        return google::write_request(request, options);
    }
    void pass_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice) const override {
        google::pass_request(doc, options, splice);
    }
    void add_prompts(const JsonDoc &doc, std::span<const Prompt> prompts, JsonSplice &splice) const override {
        google::add_prompts(doc, prompts, splice);
    }

    std::unique_ptr<ResponseReader> response_reader() const override { return google::response_reader(); }
    std::unique_ptr<ResponseWriter> response_writer(const AnswerOptions &options) const override {
        return options.stream ? google::stream_writer(options) : google::answer_writer(options);
    }
    std::optional<chat::Usage> read_usage(JsonValue answer) const override {
        std::optional<google::ReadUsage> usage = google::read_usage(google::field(answer, "usageMetadata"));
        return usage ? std::optional(usage->usage) : std::nullopt;
    }
    void pass_event(const SseEvent &event, const JsonDoc *, const AnswerOptions &, std::string &out) const override {
        if (!event.data.empty() && event.data != "[DONE]") append_sse(out, {}, event.data);
    }
    std::string_view terminal_event() const override { return {}; }

    chat::ApiError read_error(int status, std::string_view body, JsonParser &parser) const override {
        return read_provider_error(status, body, parser);
    }
    std::string write_error(const chat::ApiError &error, std::string_view request_id) const override {
        return google::write_error(error, request_id);
    }
    void write_error_event(const chat::ApiError &error, std::string_view request_id, std::string &out) const override {
        append_sse(out, {}, google::write_error(error, request_id));
    }

    std::string write_models(const std::vector<std::string> &names, UnixSeconds) const override {
        return google::write_models(names);
    }
    std::string write_model(std::string_view name, UnixSeconds) const override { return google::write_model(name); }
};

}  // namespace

const Dialect &gemini() {
    static const Gemini dialect;
    return dialect;
}

}  // namespace aigw::dialects
