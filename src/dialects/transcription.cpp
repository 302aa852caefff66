// audio/transcriptions and audio/translations: a form in, which passes but for the model; JSON, text or events out, which pass
// byte for byte. What an answer says of its length is read on the way. Shapes of OpenAI, Azure, Groq, Mistral and vLLM.
#include <cmath>
#include <cstdlib>

#include "dialects/common.h"
#include "dialects/operations.h"

namespace aigw::dialects::operations {
namespace {

constexpr double kMostSeconds = 1e7;

// A number, or one in a string as older answers have it. Begun seconds count.
std::optional<int64_t> seconds(JsonValue value) {
    auto number = value.as_double();
    if (value.is_string()) {
        std::string text = value.text().decode();
        char *end = nullptr;
        double read = std::strtod(text.c_str(), &end);
        number = !text.empty() && *end == '\0' ? std::optional(read) : std::nullopt;
    }
    bool sound = number && std::isfinite(*number) && *number > 0 && *number < kMostSeconds;
    return sound ? std::optional(static_cast<int64_t>(std::ceil(*number))) : std::nullopt;
}

// Mistral's total holds the recording's tokens, its prompt does not.
std::optional<chat::Usage> audio_usage(JsonValue told) {
    auto usage = read_usage(told);
    auto total = read_count(told["total_tokens"]);
    if (usage && total && *total > usage->total()) {
        usage->prompt = *total - usage->completion;
    }
    return usage && usage->total() > 0 ? usage : std::nullopt;
}

// Calls: it said nothing.
OperationAnswer read_told(JsonValue root) {
    JsonValue told = root["usage"];
    OperationAnswer out;
    out.usage = audio_usage(told);
    auto length = seconds(told["seconds"]);
    if (!length && !out.usage) {
        length = seconds(root["duration"]);
    }
    if (length) {
        out.units = {Unit::Seconds, *length};
    } else if (out.usage) {
        out.units = {Unit::Tokens, out.usage->total()};
    }
    return out;
}

class Transcription final : public ProviderOperation {
public:
    explicit Transcription(std::string_view path) : path_(path) {}

    std::string path(std::string_view) const override { return std::string(path_); }

    chat::Result<WrittenRequest> write_request(const JsonDoc &, const RequestOptions &) const override {
        return chat::fail(chat::unsupported("body", "only forms"));
    }

    chat::Result<OperationAnswer> read_answer(const JsonDoc &answer, JsonValue, const AnswerOptions &) const override {
        JsonValue root = answer.root();
        if (!root["text"].is_string() && !root["segments"].is_array()) {
            return chat::fail(root["error"] ? read_error_value(kAnsweredAnError, root) : broken_answer("the answer is incomplete"));
        }
        return read_told(root);
    }

    Taking taking(std::string_view content_type, std::string_view format) const override {
        if (content_type.starts_with("text/event-stream")) {
            return Taking::Events;
        }
        bool text = format == "text" || format == "srt" || format == "vtt";
        return text || content_type.starts_with("text/") ? Taking::Passed : Taking::Json;
    }

    std::optional<OperationAnswer> read_event(JsonValue event) const override {
        return event["usage"].is_object() ? std::optional(read_told(event)) : std::nullopt;
    }

private:
    static constexpr int kAnsweredAnError = 200;

    std::string_view path_;
};

}  // namespace

const ProviderOperation &openai_transcription() {
    static const Transcription operation("/audio/transcriptions");
    return operation;
}

const ProviderOperation &openai_translation() {
    static const Transcription operation("/audio/translations");
    return operation;
}

}  // namespace aigw::dialects::operations
