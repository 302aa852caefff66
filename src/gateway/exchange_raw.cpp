// Calls that nobody translates (format raw): a path, a body and an answer of whatever kind. Who may call, what it may cost,
// where it goes and what is written down are a chat's. Such a model is called by models/MODEL and whatever follows (KServe's
// models/M:predict and models/M/infer), or by any path of a location that names it.
#include <algorithm>

#include "gateway/exchange.h"

namespace aigw::gateway {
namespace {

constexpr std::string_view kModels = "models/";
constexpr std::string_view kSecond = "v2/";  // of KServe's protocol

bool is_raw(const Model *model) {
    return model != nullptr && std::any_of(model->targets.begin(), model->targets.end(), [](const Target &target) {
        return target.provider->row->serves == providers::Serves::Raw;
    });
}

// A path that was decoded, as it is written in a request line.
void append_path(std::string &out, std::string_view path) {
    static constexpr std::string_view kPlain = "/-._~!$&'()*+,;=:@", kHex = "0123456789ABCDEF";
    for (char c : path) {
        auto byte = static_cast<unsigned char>(c);
        bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (word || kPlain.find(c) != kPlain.npos) {
            out += c;
        } else {
            out.append(1, '%').append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
        }
    }
}

// . or .. between slashes: it would lead out of what the operator's URL says.
bool climbs(std::string_view path) {
    while (!path.empty()) {
        size_t end = std::min(path.find('/'), path.size());
        if (path.substr(0, end) == "." || path.substr(0, end) == "..") {
            return true;
        }
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return false;
}

// How much of `path` is the name of such a model: the longest one that is written out, else what the first separator behind
// a pattern's stem ends. 0: none of it.
size_t named_length(const ModelTable &models, std::string_view path) {
    constexpr std::string_view kEnds = "/:";
    for (size_t end = path.size(); end != path.npos && end > 0; end = path.find_last_of(kEnds, end - 1)) {
        const Model *model = models.find(path.substr(0, end)).model;
        if (is_raw(model) && !model->is_pattern()) {
            return end;
        }
    }
    for (size_t end = 0; end < path.size();) {
        end = std::min(path.find_first_of(kEnds, end + 1), path.size());
        ModelMatch match = models.find(path.substr(0, end));
        if (is_raw(match.model) && match.model->is_pattern() && !match.rest.empty()) {
            return end;
        }
    }
    return 0;
}

}  // namespace

bool Exchange::is_raw_call() {
    if (caller_.method != "POST" || climbs(caller_.path)) {
        return false;
    }
    if (!caller_.forced_model.empty() && is_raw(policy_.models->find(caller_.forced_model).model)) {
        record_.model = caller_.forced_model;
        raw_path_ = caller_.path;
        return true;
    }
    std::string_view path = api_path(caller_.path);
    path.remove_prefix(path.starts_with(kSecond) ? kSecond.size() : 0);
    if (!path.starts_with(kModels) || !caller_.forced_model.empty()) {
        return false;
    }
    path.remove_prefix(kModels.size());
    size_t length = named_length(*policy_.models, path);
    record_.model = path.substr(0, length);
    raw_path_ = path.substr(length);
    return length > 0;
}

std::optional<chat::ApiError> Exchange::begin_raw(Body text) {
    raw_body_ = keep_body(std::move(text));
    record_.max_tokens = 0;
    set_input_tokens(0);
    return match_model();
}

std::string Exchange::raw_path() const {
    std::string path;
    if (caller_.forced_model.empty()) {
        path = "/models/";
        append_path(path, record_.upstream_model);
    } else if (!raw_path_.starts_with('/')) {
        path = "/";
    }
    append_path(path, raw_path_);
    if (!caller_.query.empty()) {
        (path += '?') += caller_.query;
    }
    return path;
}

}  // namespace aigw::gateway
