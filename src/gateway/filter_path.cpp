#include "gateway/filter_path.h"

#include <algorithm>

namespace aigw::gateway {
namespace {

constexpr std::string_view kChat = "/chat/completions";
constexpr std::string_view kCompletions = "/completions";
constexpr std::string_view kMessages = "/messages";
constexpr std::string_view kCountTokens = "/messages/count_tokens";
constexpr std::string_view kResponses = "/responses";
constexpr std::string_view kModels = "/models/";
constexpr std::string_view kGenerate = "generateContent", kStream = "streamGenerateContent", kCount = "countTokens";
// Methods that nobody but Google has.
constexpr std::string_view kMethods[] = {kGenerate, kStream, kCount, "embedContent", "batchEmbedContents"};

std::string_view without_slash(std::string_view path) {
    while (path.size() > 1 && path.back() == '/') {
        path.remove_suffix(1);
    }
    return path;
}

// .../models/MODEL:METHOD, .../endpoints/ID:METHOD.
struct GoogleCall {
    std::string_view model, method;  // both empty: no such path
};

GoogleCall google_call(std::string_view path) {
    size_t colon = path.rfind(':'), slash = path.rfind('/');
    if (colon == path.npos || (slash != path.npos && slash > colon)) {
        return {};
    }
    std::string_view method = path.substr(colon + 1), before = path.substr(0, colon);
    size_t models = before.rfind(kModels);
    size_t begin = models != before.npos ? models + kModels.size() : slash == path.npos ? 0 : slash + 1;
    return {before.substr(begin), method};
}

bool is_google(std::string_view path) {
    GoogleCall call = google_call(path);
    bool list = path.ends_with("/v1beta/models") || path.find("/v1beta/models/") != path.npos;
    return list || (!call.model.empty() && std::find(std::begin(kMethods), std::end(kMethods), call.method) != std::end(kMethods));
}

const dialects::Dialect &dialect_of(std::string_view path, bool anthropic_header) {
    if (path.ends_with(kMessages) || path.ends_with(kCountTokens)) {
        return dialects::anthropic_messages();
    }
    if (path.ends_with(kChat)) {
        return dialects::openai_chat();
    }
    if (is_google(path)) {
        return dialects::gemini();
    }
    if (path.ends_with(kResponses) || path.find("/responses/") != path.npos) {
        return dialects::openai_responses();
    }
    return anthropic_header ? dialects::anthropic_messages() : dialects::openai_chat();
}

// Calls `see` with each parameter, NAME=VALUE as it is written.
template <class F>
void for_each_parameter(std::string_view query, F &&see) {
    while (!query.empty()) {
        size_t end = query.find('&');
        see(query.substr(0, end));
        query.remove_prefix(end == query.npos ? query.size() : end + 1);
    }
}

bool asks_for_events(std::string_view parameter) {
    return parameter == "alt=sse" || parameter == "$alt=sse" || parameter == "%24alt=sse";
}

void read_google(FilterPath &read, std::string_view path, std::string_view query) {
    GoogleCall call = google_call(path);
    read.model = call.model;
    read.counts_tokens = call.method == kCount;
    read.is_call = !call.model.empty() && (call.method == kGenerate || call.method == kStream);
    if (call.method == kStream) {
        bool events = false;
        for_each_parameter(query, [&](std::string_view parameter) { events = events || asks_for_events(parameter); });
        read.stream = events;
        read.list = !events;
    }
}

}  // namespace

FilterPath read_filter_path(const dialects::Dialect *dialect, std::string_view path, std::string_view query,
                            bool anthropic_header) {
    path = without_slash(path);
    FilterPath read;
    read.dialect = dialect != nullptr ? dialect : &dialect_of(path, anthropic_header);
    if (read.dialect == &dialects::gemini()) {
        read_google(read, path, query);
        return read;
    }
    read.counts_tokens = path.ends_with(kCountTokens);
    std::string_view call = read.dialect == &dialects::anthropic_messages() ? kMessages
                            : read.dialect == &dialects::openai_responses() ? kResponses
                                                                            : kCompletions;
    read.is_call = path.ends_with(call);
    return read;
}

std::string filter_place(const FilterPath &read, std::string_view path, std::string_view query) {
    if (read.dialect != &dialects::gemini() || !read.is_call) {
        return std::string(path) + '\0' + std::string(query);
    }
    std::string place(path.substr(0, path.rfind(':')));
    for_each_parameter(query, [&](std::string_view parameter) {
        if (!asks_for_events(parameter)) {
            (place += '\0') += parameter;
        }
    });
    return place;
}

}  // namespace aigw::gateway
