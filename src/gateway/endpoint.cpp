#include "gateway/endpoint.h"

namespace aigw::gateway {
namespace {

constexpr std::string_view kVersions[] = {"v1", "v1beta", "v1alpha", "v1beta1"};
constexpr std::string_view kModels = "models/";
constexpr std::string_view kSecondRerank = "v2/rerank";  // Cohere's, whose shape is the first one's
constexpr std::string_view kCompletions = "completions";

}  // namespace

std::string_view api_path(std::string_view path) {
    while (!path.empty() && path.front() == '/') {
        path.remove_prefix(1);
    }
    while (!path.empty() && path.back() == '/') {
        path.remove_suffix(1);
    }
    for (std::string_view version : kVersions) {
        if (path == version) {
            return {};
        }
        if (path.size() > version.size() && path.starts_with(version) && path[version.size()] == '/') {
            return path.substr(version.size() + 1);
        }
    }
    return path;
}

namespace {

bool is_responses(std::string_view path) {
    return path == "responses" || path.starts_with("responses/");
}

bool is_messages(std::string_view path) {
    return path == "messages" || path.starts_with("messages/");
}

// Google's paths: a model and what is to be done with it, models/M:generateContent; on Vertex behind its project.
struct GoogleCall {
    std::string_view model, method;  // both empty: no such path
};

GoogleCall google_call(std::string_view api) {
    constexpr std::string_view kPublisher = "publishers/google/models/";
    size_t publisher = api.find(kPublisher);
    bool vertex = publisher == 0 || (publisher != api.npos && api.starts_with("projects/") && api[publisher - 1] == '/');
    if (vertex) {
        api.remove_prefix(publisher + kPublisher.size());
    } else if (api.starts_with(kModels)) {
        api.remove_prefix(kModels.size());
    } else {
        return {};
    }
    size_t colon = api.rfind(':');
    std::string_view method = colon == api.npos ? std::string_view() : api.substr(colon + 1);
    if (method != "generateContent" && method != "streamGenerateContent" && method != "countTokens") {
        return {};
    }
    return {api.substr(0, colon), method};
}

// Google's clients ask for its lists under v1beta, which nobody else's do.
bool is_google(std::string_view path) {
    std::string_view api = api_path(path);
    while (!path.empty() && path.front() == '/') {
        path.remove_prefix(1);
    }
    bool list = api == "models" || api.starts_with(kModels);
    return !google_call(api).method.empty() || (list && path.starts_with("v1beta/"));
}

chat::Result<Endpoint> for_method(Endpoint endpoint, std::string_view method, bool post) {
    bool right = post ? method == "POST" : method == "GET" || method == "HEAD";
    if (right) {
        return endpoint;
    }
    chat::ApiError error = chat::invalid_request(
        "method_not_allowed", post ? "This endpoint takes POST only." : "This endpoint takes GET only.");
    error.status = 405;
    return chat::fail(std::move(error));
}

}  // namespace

const dialects::Dialect &caller_dialect(std::string_view path, bool anthropic_header) {
    std::string_view api = api_path(path);
    if (is_google(path)) {
        return dialects::gemini();
    }
    if (is_responses(api)) {
        return dialects::openai_responses();
    }
    if (api == kCompletions) {
        return dialects::openai_completions();
    }
    if (is_messages(api) || (anthropic_header && api != "chat/completions")) {
        return dialects::anthropic_messages();
    }
    return dialects::openai_chat();
}

chat::Result<Endpoint> match_endpoint(std::string_view method, std::string_view path, bool anthropic_header) {
    Endpoint endpoint;
    endpoint.dialect = &caller_dialect(path, anthropic_header);
    std::string_view api = api_path(path);
    if (api.empty()) {
        return for_method(endpoint, method, false);
    }
    if (api == "chat/completions" || api == kCompletions || api == "messages" || api == "responses") {
        endpoint.kind = Endpoint::Kind::Chat;
        return for_method(endpoint, method, true);
    }
    if (GoogleCall call = google_call(api); call.method.ends_with("enerateContent")) {
        endpoint.kind = Endpoint::Kind::Chat;
        endpoint.model = call.model;
        endpoint.stream = call.method == "streamGenerateContent";
        return for_method(endpoint, method, true);
    }
    endpoint.operation = api == kSecondRerank ? dialects::Operation::Rerank : dialects::operation_of_path(api);
    if (GoogleCall call = google_call(api); call.method == "countTokens") {
        endpoint.operation = dialects::Operation::GoogleCountTokens;
        endpoint.model = call.model;
    }
    if (endpoint.operation != dialects::Operation::None) {
        endpoint.kind = Endpoint::Kind::Operation;
        return for_method(endpoint, method, true);
    }
    if (api == "models") {
        endpoint.kind = Endpoint::Kind::Models;
        return for_method(endpoint, method, false);
    }
    if (api.starts_with(kModels)) {
        endpoint.kind = Endpoint::Kind::Model;
        endpoint.model = api.substr(kModels.size());
        return for_method(endpoint, method, false);
    }
    chat::ApiError error = chat::invalid_request("unknown_endpoint", "There is no such endpoint here.");
    error.status = 404;
    error.kind = chat::ErrorKind::NotFound;
    return chat::fail(std::move(error));
}

}  // namespace aigw::gateway
