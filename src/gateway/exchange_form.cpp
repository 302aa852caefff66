// Calls whose body is a form (audio/transcriptions, audio/translations): it passes as it came, but for the model's name. The
// recording is neither copied nor read, but for the head of a WAV file.
#include "gateway/exchange.h"

#include <algorithm>

#include "core/utf8.h"
#include "dialects/audio.h"
#include "dialects/request_facts.h"

namespace aigw::gateway {
namespace {

constexpr size_t kMaxField = 1024;  // bytes of a part that we read
// Where a recording may be, that does not come along: Mistral's, Groq's.
constexpr std::string_view kElsewhere[] = {"file_url", "file_id", "url"};

// A short line of plain text.
bool is_plain(std::string_view value) {
    if (value.empty() || value.size() > kMaxField) {
        return false;
    }
    while (!value.empty()) {
        size_t length = utf8_length(value);
        bool control = length == 1 && (static_cast<unsigned char>(value.front()) < ' ' || value.front() == '\x7f');
        if (length == 0 || control) {
            return false;
        }
        value.remove_prefix(length);
    }
    return true;
}

}  // namespace

std::optional<chat::ApiError> Exchange::begin_form(Body text) {
    std::string_view body = keep_body(std::move(text));
    auto form = FormData::parse(caller_.content_type, body);
    if (!form) {
        return chat::invalid_request("invalid_value", std::string(form.error()));
    }
    form_ = std::move(*form);
    if (auto error = check_form()) {
        return error;
    }
    const FormData::Part *model = form_->find("model"), *stream = form_->find("stream");
    const FormData::Part *format = form_->find("response_format"), *file = form_->find("file");
    record_.model = std::string(caller_.forced_model.empty() ? model->value : caller_.forced_model);
    record_.stream = stream != nullptr && (stream->value == "true" || stream->value == "True" || stream->value == "1");
    record_.has_body = true;
    record_.max_tokens = 0;
    format_ = format != nullptr ? format->value : std::string_view();
    seconds_ = file != nullptr ? dialects::audio_seconds(file->value) : 0;
    set_input_tokens(seconds_ * dialects::kAudioTokensPerSecond);
    return match_model();
}

std::optional<chat::ApiError> Exchange::check_form() {
    for (const char *name : {"model", "stream", "response_format", "file"}) {
        if (form_->count(name) > 1) {
            return chat::invalid_request("duplicate_member", std::string("The form has two parts \"") + name + "\".", name);
        }
    }
    for (const char *name : {"model", "stream", "response_format"}) {
        const FormData::Part *part = form_->find(name);
        if (part != nullptr && (part->is_file || !is_plain(part->value))) {
            return dialects::wrong_member(name, "a text");
        }
    }
    if (form_->find("model") == nullptr && caller_.forced_model.empty()) {
        return dialects::missing_member("model");
    }
    const FormData::Part *file = form_->find("file");
    bool elsewhere = std::any_of(std::begin(kElsewhere), std::end(kElsewhere), [&](auto name) { return form_->find(name) != nullptr; });
    if (file == nullptr && !elsewhere) {
        return dialects::missing_member("file");
    }
    return file != nullptr && file->value.empty() ? std::optional(dialects::wrong_member("file", "a recording")) : std::nullopt;
}

dialects::Units Exchange::form_units() const {
    return seconds_ > 0 ? dialects::Units{dialects::Unit::Seconds, seconds_} : dialects::Units{};
}

}  // namespace aigw::gateway
