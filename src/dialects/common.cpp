#include "dialects/common.h"

#include <array>

#include "core/json_writer.h"

namespace aigw::dialects {

namespace {

constexpr std::string_view kData = "data:";
constexpr std::string_view kBase64 = ";base64";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool begins_with_nocase(std::string_view text, std::string_view prefix) {
    if (text.size() < prefix.size()) return false;
    for (size_t i = 0; i < prefix.size(); ++i) {
        if (lower(text[i]) != prefix[i]) return false;
    }
    return true;
}

struct Effort {
    std::string_view name;
    Tokens budget;
};

constexpr std::array<Effort, 7> kEfforts{{{"none", 0},
                                          {"minimal", 1024},
                                          {"low", 1024},
                                          {"medium", 2048},
                                          {"high", 4096},
                                          {"xhigh", 8192},
                                          {"max", 16384}}};

}  // namespace

bool is_data_url(JsonText url) { return begins_with_nocase(url.escaped, kData); }

bool is_http_url(JsonText url) {
    for (std::string_view scheme : {"http://", "https://", "http:\\/\\/", "https:\\/\\/"}) {
        if (begins_with_nocase(url.escaped, scheme)) return true;
    }
    return false;
}

std::optional<DataUrl> split_data_url(JsonText url) {
    if (!is_data_url(url)) return std::nullopt;
    size_t comma = url.escaped.find(',');
    if (comma == std::string_view::npos) return std::nullopt;
    std::string_view head = url.escaped.substr(kData.size(), comma - kData.size());
    if (head.size() < kBase64.size() || !begins_with_nocase(head.substr(head.size() - kBase64.size()), kBase64)) {
        return std::nullopt;
    }
    DataUrl out;
    out.media_type.escaped = head.substr(0, head.find(';'));
    out.data.escaped = url.escaped.substr(comma + 1);
    return out;
}

void append_compact(std::string &out, std::string_view raw) {
    bool in_string = false;
    for (size_t i = 0; i < raw.size(); ++i) {
        char c = raw[i];
        if (in_string && c == '\\' && i + 1 < raw.size()) {
            out += c;
            out += raw[++i];
            continue;
        }
        if (c == '"') in_string = !in_string;
        if (in_string || (c != ' ' && c != '\t' && c != '\r' && c != '\n')) out += c;
    }
}

std::optional<Tokens> read_count(JsonValue value) {
    std::optional<int64_t> n = value ? value.as_int64() : std::nullopt;
    if (!n || *n < 0 || *n > kMaxTokens) return std::nullopt;
    return n;
}

std::optional<chat::ApiError> refuse_elsewhere(const chat::ChatRequest &request) {
    for (const chat::Extra &extra : request.extras) {
        if (extra.elsewhere) return chat::unsupported(extra.path, "it holds no conversations");
    }
    return std::nullopt;
}

Tokens budget_of_effort(JsonText effort) {
    for (const Effort &known : kEfforts) {
        if (effort == known.name) return known.budget;
    }
    return 2048;
}

std::string_view effort_of_budget(Tokens budget) {
    if (budget < 2048) return "low";
    return budget < 4096 ? "medium" : "high";
}

void pass_model(JsonValue root, std::string_view model, JsonSplice &splice) {
    if (root["model"].equals(model)) return;
    std::string name = "\"";
    append_json_escaped(name, model);
    splice.set(root, "model", name + '"');
}

}  // namespace aigw::dialects
