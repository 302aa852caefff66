// Calls that are no chat: the first line is a request, the rest the provider's answer. Each is refused with a place, or
// written as JSON, the same each time; an answer is read or an error, and what the caller gets is JSON.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "core/json.h"
#include "dialects/operation.h"
#include "require.h"

namespace aigw::fuzz {

inline void check_answer(const dialects::ProviderOperation &operation, JsonValue request, std::string_view bytes) {
    JsonParser parser;
    JsonDoc answer, written;
    if (!parser.parse(bytes, answer)) {
        return;
    }
    auto read = operation.read_answer(answer, request, {});
    if (!read) {
        require(read.error().status >= 400 && !read.error().message.empty(), "an error says what it is");
        return;
    }
    require(read->body.empty() || bool(parser.parse(read->body, written)), "what the caller gets is JSON");
    require(read->units.count >= 0, "units are counted");
    require(!read->usage || (read->usage->prompt >= 0 && read->usage->completion >= 0), "counts are sane");
}

inline void check_operation_of(dialects::Operation name, const dialects::ProviderOperation &operation, const JsonDoc &request,
                               std::string_view answer) {
    dialects::RequestOptions options;
    options.model = "some-\"model\"";
    if (auto wrong = dialects::check_operation(name, request.root())) {
        require(wrong->status == 400 && !wrong->message.empty(), "a refusal is a 400 with a reason");
        return;
    }
    require(operation.units_of_request(request.root()).count >= 0, "units are counted");
    auto written = operation.write_request(request, options);
    if (!written) {
        require(written.error().status == 400 && !written.error().message.empty(), "a refusal is a 400 with a reason");
        return;
    }
    JsonParser parser;
    JsonDoc body;
    require(bool(parser.parse(written->body, body)) && body.root().is_object(), "what is written is a JSON object");
    auto again = operation.write_request(request, options);
    require(again && again->body == written->body, "the same bytes each time");
    check_answer(operation, request.root(), answer);
}

inline void check_operations(std::string_view bytes) {
    using dialects::Operation;
    const size_t line = std::min(bytes.find('\n'), bytes.size());
    const std::string text(bytes.substr(0, line));  // memory of its own, no byte more
    const std::string answer(bytes.substr(std::min(line + 1, bytes.size())));
    JsonParser parser;
    JsonDoc request;
    if (!parser.parse(text, request, {200, true})) {
        return;
    }
    for (Operation name : {Operation::CountTokens, Operation::Embeddings, Operation::Rerank, Operation::Moderations,
                           Operation::Images, Operation::Speech}) {
        for (const dialects::ProviderDialect *dialect : dialects::provider_dialects()) {
            if (auto *operation = dialects::find_operation(name, {}, dialect->name())) {
                check_operation_of(name, *operation, request, answer);
            }
        }
    }
}

}  // namespace aigw::fuzz
