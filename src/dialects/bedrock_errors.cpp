// Failures as AWS tells them: {"message":...}, and a name in a header, in __type or on a frame.
#include <algorithm>
#include <iterator>

#include "dialects/bedrock_response_read.h"
#include "dialects/common.h"

namespace aigw::dialects::bedrock {

namespace {

struct Named {
    std::string_view part;  // of the name, in any case
    int status;
};

constexpr Named kNames[] = {
    {"throttling", 429},      {"toomanyrequests", 429}, {"modelnotready", 429},     {"quotaexceeded", 429},
    {"validation", 400},      {"serialization", 400},   {"modelstreamerror", 424},  {"modelerror", 424},
    {"modeltimeout", 408},    {"accessdenied", 403},    {"unrecognizedclient", 403}, {"expiredtoken", 403},
    {"resourcenotfound", 404}, {"unknownoperation", 404}, {"serviceunavailable", 503}, {"internal", 500},
};

// 0: a name that says nothing.
int status_of_name(std::string_view name) {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const auto known = std::find_if(std::begin(kNames), std::end(kNames),
                                    [&](const Named &row) { return lower.find(row.part) != std::string::npos; });
    return known == std::end(kNames) ? 0 : known->status;
}

// Credentials that AWS does not know are a 403 like missing permission; the words tell.
bool is_about_credentials(std::string_view body) {
    static constexpr std::string_view kWords[] = {"security token", "signature", "Credential=", "Missing Authentication Token"};
    return std::any_of(std::begin(kWords), std::end(kWords),
                       [&](std::string_view words) { return body.find(words) != std::string_view::npos; });
}

}  // namespace

chat::ApiError stream_exception(std::string_view name, JsonValue body) {
    int status = status_of_name(name);
    if (status == 0 && body.is_object())
        status = status_of_name(body["__type"].text().escaped);
    return read_error_value(status == 0 ? 502 : status, body);
}

chat::ApiError read_error(int status, std::string_view body, JsonParser &parser) {
    const bool credentials = (status == 403 || status == 401) && is_about_credentials(body);
    return read_provider_error(credentials ? 401 : status, body, parser);
}

}  // namespace aigw::dialects::bedrock
