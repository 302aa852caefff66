// Errors as OpenAI's clients know them.
#include "dialects/openai_chat.h"
#include "stream/sse.h"

namespace aigw::dialects::openai {

namespace {

using chat::ErrorKind;

std::string_view type_of(ErrorKind kind) {
    switch (kind) {
    case ErrorKind::InvalidRequest:
    case ErrorKind::NotFound:
    case ErrorKind::TooLarge:
        return "invalid_request_error";
    case ErrorKind::Authentication:
        return "authentication_error";
    case ErrorKind::Permission:
        return "permission_error";
    case ErrorKind::RateLimit:
        return "rate_limit_error";
    case ErrorKind::InsufficientQuota:
        return "insufficient_quota";
    case ErrorKind::Upstream:
    case ErrorKind::Overloaded:
        break;
    }
    return "api_error";
}

void string_or_null(std::string_view text, JsonWriter &json) {
    if (text.empty()) {
        json.null();
    } else {
        json.string(text);
    }
}

}  // namespace

std::string write_error(const chat::ApiError &error) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("error").begin_object();
    json.key("message").string(error.message).key("type").string(type_of(error.kind));
    json.key("param");
    string_or_null(error.param, json);
    json.key("code");
    string_or_null(error.code.empty() && error.kind == ErrorKind::Overloaded ? "overloaded" : error.code, json);
    json.end_object().end_object();
    return out;
}

void write_error_event(const chat::ApiError &error, std::string &out) { append_sse(out, {}, write_error(error)); }

}  // namespace aigw::dialects::openai
