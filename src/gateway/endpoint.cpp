#include "gateway/endpoint.h"

namespace aigw::gateway {
namespace {

constexpr std::string_view kVersions[] = {"v1", "v1beta", "v1alpha"};
constexpr std::string_view kModels = "models/";

// Without slashes at both ends and without the version.
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

bool is_messages(std::string_view path) {
    return path == "messages" || path.starts_with("messages/");
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
    if (api == "chat/completions" || api == "messages") {
        endpoint.kind = Endpoint::Kind::Chat;
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
