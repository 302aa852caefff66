// Failures inside a stream. The error stands in the event twice: nested, as OpenAI sends it and its SDKs read it, and flat,
// as OpenAI writes of it. response.failed follows, by which agents know that nothing more comes.
#include "dialects/responses.h"
#include "dialects/responses_object.h"

namespace aigw::dialects::responses {

namespace {

using chat::ErrorKind;

std::string_view code_of(const chat::ApiError &error) {
    if (error.kind == ErrorKind::RateLimit) return "rate_limit_exceeded";
    if (error.kind == ErrorKind::InsufficientQuota) return "insufficient_quota";
    return error.code.empty() ? std::string_view("server_error") : std::string_view(error.code);
}

void string_or_null(std::string_view text, JsonWriter &json) {
    if (text.empty()) {
        json.null();
    } else {
        json.string(text);
    }
}

}  // namespace

void write_failure(const chat::ApiError &error, std::string_view id, std::string_view model, UnixSeconds created,
                   int64_t sequence, std::string &out) {
    std::string nested = openai_chat().write_error(error, {});  // {"error":{...}}
    open_event("error", sequence, out);
    {
        std::string flat;
        JsonWriter json(flat);
        json.begin_object().key("code").string(code_of(error)).key("message").string(error.message).key("param");
        string_or_null(error.param, json);
        out.append(",").append(flat, 1);
    }
    out.append(",").append(nested, 1).append("\n\n");

    open_event("response.failed", sequence + 1, out);
    out.append(",\"response\":");
    const Echo nothing = echo_of({});
    begin_response({id, model, created, "failed", {}, &error}, nothing, out);
    out.append(",\"output\":[]");
    end_response(std::nullopt, nothing, out);
    out.append("}\n\n");
}

void write_response_error(const chat::ApiError &error, JsonWriter &json) {
    json.begin_object().key("code").string(code_of(error)).key("message").string(error.message).end_object();
}

}  // namespace aigw::dialects::responses
