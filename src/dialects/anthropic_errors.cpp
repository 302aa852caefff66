#include "dialects/anthropic_errors.h"

#include <ctime>

#include "core/json_writer.h"
#include "stream/sse.h"

namespace aigw::dialects::anthropic {

using chat::ErrorKind;

namespace {

std::string_view type_of(ErrorKind kind) {
    switch (kind) {
    case ErrorKind::InvalidRequest:
        return "invalid_request_error";
    case ErrorKind::Authentication:
        return "authentication_error";
    case ErrorKind::Permission:
        return "permission_error";
    case ErrorKind::NotFound:
        return "not_found_error";
    case ErrorKind::TooLarge:
        return "request_too_large";
    case ErrorKind::RateLimit:
    case ErrorKind::InsufficientQuota:
        return "rate_limit_error";
    case ErrorKind::Overloaded:
        return "overloaded_error";
    case ErrorKind::Upstream:
        break;
    }
    return "api_error";
}

// What Anthropic's SDKs look for to send a conversation whole where the server does not hold it; else empty.
std::string_view thread_code(const chat::ApiError &error) {
    if (error.code == "unsupported_value" && error.param == "thread")
        return "thread_unsupported_request";
    return error.code.starts_with("thread_") ? std::string_view(error.code) : std::string_view();
}

std::string rfc3339(UnixSeconds seconds) {
    const auto time = static_cast<time_t>(seconds);
    struct tm parts {};
    char text[32];
    if (!gmtime_r(&time, &parts))
        return "1970-01-01T00:00:00Z";
    return {text, strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

void append_model(JsonWriter &json, std::string_view name, const std::string &created_at) {
    json.begin_object().key("type").string("model").key("id").string(name).key("display_name").string(name);
    json.key("created_at").string(created_at).end_object();
}

}  // namespace

std::string write_error(const chat::ApiError &error, std::string_view request_id) {
    std::string message = error.message;
    if (!error.param.empty() && message.find(error.param) == std::string::npos)
        message = error.param + ": " + message;
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("type").string("error").key("error").begin_object();
    json.key("type").string(type_of(error.kind)).key("message").string(message);
    if (const std::string_view code = thread_code(error); !code.empty())
        json.key("details").begin_object().key("error_code").string(code).end_object();
    json.end_object();
    if (!request_id.empty())
        json.key("request_id").string(request_id);
    json.end_object();
    return out;
}

void write_error_event(const chat::ApiError &error, std::string_view request_id, std::string &out) {
    append_sse(out, "error", write_error(error, request_id));
}

std::string write_models(const std::vector<std::string> &names, UnixSeconds created) {
    const std::string created_at = rfc3339(created);
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("data").begin_array();
    for (const std::string &name : names)
        append_model(json, name, created_at);
    json.end_array().key("has_more").boolean(false).key("first_id");
    names.empty() ? json.null() : json.string(names.front());
    json.key("last_id");
    names.empty() ? json.null() : json.string(names.back());
    json.end_object();
    return out;
}

std::string write_model(std::string_view name, UnixSeconds created) {
    std::string out;
    JsonWriter json(out);
    append_model(json, name, rfc3339(created));
    return out;
}

}  // namespace aigw::dialects::anthropic
