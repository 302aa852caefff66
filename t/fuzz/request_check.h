// Requests of a dialect: read or refused with a place, and what is read can be written for every other dialect as valid
// JSON, the same each time; passed to its own dialect it stays JSON and gets the model's name.
#pragma once

#include <string>
#include <string_view>

#include "core/json.h"
#include "dialects/dialect.h"
#include "require.h"

namespace aigw::fuzz {

inline void check_refusal(const dialects::Dialect &from, const chat::ApiError &error) {
    JsonParser parser;
    JsonDoc doc;
    require(error.status == 400 && !error.code.empty() && !error.message.empty(), "a refusal is a 400 with a reason");
    require(bool(parser.parse(from.write_error(error, "r"), doc)), "a refusal is JSON for the caller");
}

inline void check_written(const dialects::Dialect &from, const dialects::ProviderDialect &to, const chat::ChatRequest &request,
                          dialects::RequestOptions options) {
    auto written = to.write_request(request, options);
    if (!written) {
        check_refusal(from, written.error());
        require(!options.drop_unsupported || written.error().code != "unsupported_value" || !written.error().param.empty(),
                "what can't even be dropped has a place");
        return;
    }
    JsonParser parser;
    JsonDoc doc;
    require(bool(parser.parse(written->body, doc)) && doc.root().is_object(), "what is written is a JSON object");
    bool in_path = to.path("some-model", options.stream) != to.path("other-model", options.stream);
    require(in_path || doc.root()["model"].equals(options.model), "it names the provider's model");
    auto again = to.write_request(request, options);
    require(bool(again) && again->body == written->body && again->dropped == written->dropped, "the same bytes each time");
}

inline void check_request(const dialects::Dialect &from, std::string_view bytes) {
    const std::string text(bytes);  // memory of its own, no byte more
    JsonParser parser;
    JsonDoc doc, passed;
    if (!parser.parse(text, doc, {200, true})) {
        return;
    }
    auto request = from.read_request(doc);
    if (!request) {
        check_refusal(from, request.error());
        return;
    }
    dialects::RequestOptions options;
    options.model = "claude-\"model\"";
    options.stream = request->stream;
    JsonSplice splice(doc.text());
    from.pass_request(doc, options, splice);
    std::string out;
    splice.append_to(out);
    require(bool(parser.parse(out, passed, {200, true})), "what is passed is JSON without duplicates");
    require(from.model_in_path() || passed.root()["model"].equals(options.model), "what is passed names the provider's model");
    for (const dialects::ProviderDialect *to : dialects::provider_dialects()) {
        for (bool drop : {false, true}) {
            options.drop_unsupported = drop;
            check_written(from, *to, *request, options);
        }
    }
}

inline void check_openai_request(std::string_view bytes) { check_request(dialects::openai_chat(), bytes); }
inline void check_completions_request(std::string_view bytes) { check_request(dialects::openai_completions(), bytes); }
inline void check_responses_request(std::string_view bytes) { check_request(dialects::openai_responses(), bytes); }
inline void check_anthropic_request(std::string_view bytes) { check_request(dialects::anthropic_messages(), bytes); }
inline void check_gemini_request(std::string_view bytes) { check_request(dialects::gemini(), bytes); }

}  // namespace aigw::fuzz
