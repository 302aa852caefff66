#include "dialects/gemini_errors.h"

#include "core/json_writer.h"

namespace aigw::dialects::google {

namespace {

using chat::ErrorKind;

// Google's canonical code.
std::string_view status_of(const chat::ApiError &error) {
    if (error.status == 504) return "DEADLINE_EXCEEDED";
    if (error.status == 405) return "UNIMPLEMENTED";
    switch (error.kind) {
    case ErrorKind::InvalidRequest:
    case ErrorKind::TooLarge:
        return "INVALID_ARGUMENT";
    case ErrorKind::Authentication:
        return "UNAUTHENTICATED";
    case ErrorKind::Permission:
        return "PERMISSION_DENIED";
    case ErrorKind::NotFound:
        return "NOT_FOUND";
    case ErrorKind::RateLimit:
    case ErrorKind::InsufficientQuota:
        return "RESOURCE_EXHAUSTED";
    case ErrorKind::Overloaded:
        return "UNAVAILABLE";
    case ErrorKind::Upstream:
        break;
    }
    return "INTERNAL";
}

JsonWriter &begin_detail(std::string_view type, JsonWriter &json) {
    return json.begin_object().key("@type").string("type.googleapis.com/google.rpc." + std::string(type));
}

void write_details(const chat::ApiError &error, std::string_view request_id, JsonWriter &json) {
    if (error.code.empty() && error.param.empty() && !error.retry_after_ms && request_id.empty()) return;
    json.key("details").begin_array();
    if (!error.code.empty()) {
        begin_detail("ErrorInfo", json).key("reason").string(error.code).key("domain").string("aigw").end_object();
    }
    if (!error.param.empty()) {
        begin_detail("BadRequest", json).key("fieldViolations").begin_array().begin_object();
        json.key("field").string(error.param).key("description").string(error.message).end_object().end_array().end_object();
    }
    if (error.retry_after_ms) {
        int64_t seconds = (*error.retry_after_ms + 999) / 1000;
        begin_detail("RetryInfo", json).key("retryDelay").string(std::to_string(seconds) + "s").end_object();
    }
    if (!request_id.empty()) begin_detail("RequestInfo", json).key("requestId").string(request_id).end_object();
    json.end_array();
}

void append_model(std::string_view name, JsonWriter &json) {
    json.begin_object().key("name").string("models/" + std::string(name)).key("displayName").string(name);
    json.key("supportedGenerationMethods").begin_array().string("generateContent").string("streamGenerateContent").end_array();
    json.end_object();
}

}  // namespace

std::string write_error(const chat::ApiError &error, std::string_view request_id) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("error").begin_object().key("code").number(error.status);
    json.key("message").string(error.message).key("status").string(status_of(error));
    write_details(error, request_id, json);
    json.end_object().end_object();
    return out;
}

std::string write_models(const std::vector<std::string> &names) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("models").begin_array();
    for (const std::string &name : names) append_model(name, json);
    json.end_array().end_object();
    return out;
}

std::string write_model(std::string_view name) {
    std::string out;
    JsonWriter json(out);
    append_model(name, json);
    return out;
}

}  // namespace aigw::dialects::google
