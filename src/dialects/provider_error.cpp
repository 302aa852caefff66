// A provider's error, whoever really wrote it. First the shape is found, then its meaning; what lies behind a 5xx or a
// refused key is never quoted: it is the operator's business.
#include <algorithm>
#include <array>

#include "dialects/common.h"

namespace aigw::dialects {

namespace {

using chat::ApiError;
using chat::ErrorKind;

constexpr size_t kMaxName = 128;  // bytes of a code or param that is passed on
constexpr int64_t kMaxRetryMs = 86'400'000;

bool is_name(std::string_view text, std::string_view more) {
    if (text.empty() || text.size() > kMaxName) return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || more.find(c) != std::string_view::npos;
    });
}

bool is_thread_code(std::string_view code) { return code.starts_with("thread_") && is_name(code, ""); }

struct Shape {
    std::string message, type, code, param;
    int status = 0;  // an HTTP status named inside the value
    std::optional<int64_t> retry_after_ms;
};

std::string lowered(std::string_view text) {
    std::string out(text);
    for (char &c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return out;
}

bool holds_any(std::string_view text, std::initializer_list<std::string_view> needles) {
    return std::any_of(needles.begin(), needles.end(),
                       [&](std::string_view needle) { return text.find(needle) != std::string_view::npos; });
}

bool looks_like_html(std::string_view text) {
    size_t at = text.find_first_not_of(" \t\r\n");
    if (at == std::string_view::npos) return false;
    return text[at] == '<' || holds_any(lowered(text.substr(0, 4096)), {"<html", "<!doctype", "<body", "<head"});
}

// "34.4s", "26ms", "6m0s", "1m2.5s" at the start of `text`, in milliseconds.
std::optional<int64_t> read_duration(std::string_view text) {
    double total = 0;
    size_t at = 0;
    bool any = false;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
        double value = 0, scale = 0;
        for (; at < text.size() && ((text[at] >= '0' && text[at] <= '9') || (text[at] == '.' && scale == 0)); ++at) {
            if (text[at] == '.') {
                scale = 1;
                continue;
            }
            value = value * 10 + (text[at] - '0');
            if (scale != 0) scale *= 10;
        }
        if (scale != 0) value /= scale;
        std::string_view rest = text.substr(at);
        size_t unit = rest.starts_with("ms") ? 2 : 1;
        double factor = unit == 2 ? 1 : rest.starts_with("s") ? 1000 : rest.starts_with("m") ? 60'000 : 0;
        if (rest.starts_with("h")) factor = 3'600'000;
        if (factor == 0) break;
        at += unit;
        total += value * factor;
        any = true;
    }
    if (!any || !(total <= static_cast<double>(kMaxRetryMs))) return std::nullopt;
    return static_cast<int64_t>(total);
}

std::optional<int64_t> retry_from_text(std::string_view message) {
    std::string text = lowered(message);
    for (std::string_view lead : {"try again in ", "retry in ", "retry after "}) {
        size_t at = text.find(lead);
        if (at == std::string::npos) continue;
        if (auto ms = read_duration(std::string_view(text).substr(at + lead.size()))) return ms;
    }
    return std::nullopt;
}

void read_number(JsonValue value, Shape &shape) {
    std::optional<int64_t> n = value ? value.as_int64() : std::nullopt;
    if (!n && value.is_string()) {
        std::string text = value.text().decode();
        if (text.size() == 3 && text.find_first_not_of("0123456789") == std::string::npos) n = std::stoi(text);
    }
    if (n && *n >= 400 && *n <= 599) shape.status = static_cast<int>(*n);
}

std::string string_of(JsonValue value) { return value.is_string() ? value.text().decode() : std::string(); }

// The first text inside `detail` or a message that is itself an object or a list.
std::string message_of(JsonValue value, int depth = 0) {
    if (value.is_string()) return value.text().decode();
    if (depth >= 3) return {};
    if (value.is_array()) {
        for (JsonValue element : value.elements()) {
            return message_of(element, depth + 1);
        }
    }
    if (!value.is_object()) return {};
    for (std::string_view name : {"message", "msg", "detail", "error"}) {
        if (std::string text = message_of(value[name], depth + 1); !text.empty()) return text;
    }
    return {};
}

void read_details(JsonValue details, Shape &shape) {
    // Anthropic's: a conversation that it does not hold, or not any more. The SDKs act by this name.
    if (std::string code = string_of(details["error_code"]); is_thread_code(code)) shape.code = code;
    for (JsonValue detail : details.elements()) {
        if (std::string delay = string_of(detail["retryDelay"]); !delay.empty()) {
            shape.retry_after_ms = read_duration(delay);
        }
        if (detail["reason"].equals("API_KEY_INVALID")) shape.code = "API_KEY_INVALID";
    }
}

// The members of an error object, nested or flat.
void read_members(JsonValue object, Shape &shape) {
    for (std::string_view name : {"message", "Message", "detail"}) {
        if (shape.message.empty()) shape.message = message_of(object[name]);
    }
    if (shape.type.empty()) shape.type = string_of(object["type"]);
    if (shape.type.empty() || shape.type == "error") shape.type = string_of(object["error_type"]);
    if (shape.code.empty()) shape.code = string_of(object["code"]);
    if (shape.param.empty()) shape.param = string_of(object["param"]);
    for (std::string_view name : {"status", "status_code", "code"}) {
        if (shape.status == 0) read_number(object[name], shape);
    }
    read_details(object["details"], shape);
}

Shape read_shape(JsonValue value) {
    Shape shape;
    if (value.is_array()) {
        for (JsonValue first : value.elements()) {
            value = first;
            break;
        }
    }
    if (value.is_string()) shape.message = value.text().decode();
    if (!value.is_object()) return shape;
    JsonValue error = value["error"];
    if (error.is_string()) shape.message = error.text().decode();
    if (error.is_object()) {
        read_members(error, shape);
        if (shape.status == 0) read_number(value["status_code"], shape);
    } else {
        read_members(value, shape);
    }
    return shape;
}

struct NamedStatus {
    std::string_view part;  // of a type or code, lower case
    int status;
};

constexpr std::array<NamedStatus, 15> kNamedStatus{{{"insufficient_quota", 429},
                                                    {"rate_limit", 429},
                                                    {"overloaded", 529},
                                                    {"unavailable", 503},
                                                    {"invalid_request", 400},
                                                    {"invalid-argument", 400},
                                                    {"content_filter", 400},
                                                    {"context_length", 400},
                                                    {"tool_use_failed", 400},
                                                    {"authentication", 401},
                                                    {"billing", 402},
                                                    {"permission", 403},
                                                    {"not_found", 404},
                                                    {"too_large", 413},
                                                    {"timeout", 504}}};

int status_of(const Shape &shape) {
    if (shape.status != 0) return shape.status;
    for (const std::string &name : {lowered(shape.type), lowered(shape.code)}) {
        for (const NamedStatus &known : kNamedStatus) {
            if (name.find(known.part) != std::string::npos) return known.status;
        }
    }
    return 502;
}

bool is_context_overflow(const std::string &text) {
    return holds_any(text, {"context_length_exceeded", "maximum context length", "prompt is too long", "too_many_tokens",
                            "input is too long", "input tokens exceeded", "exceeds the maximum number of tokens",
                            "exceeded max context length", "too_many_prompt_tokens", "exceeds the available context"});
}

ErrorKind kind_of(const Shape &shape, int status, const std::string &text) {
    std::string names = lowered(shape.type) + ' ' + lowered(shape.code);
    if (status == 402 || holds_any(names, {"insufficient_quota", "billing"})) return ErrorKind::InsufficientQuota;
    if (status == 400 && holds_any(names + ' ' + text, {"api_key_invalid", "invalid_api_key", "incorrect api key",
                                                        "invalid api key", "api key not valid"})) {
        return ErrorKind::Authentication;
    }
    if (holds_any(names, {"overloaded"})) return ErrorKind::Overloaded;
    return kind_of_status(status);
}

std::string code_of(const Shape &shape, ErrorKind kind, const std::string &text) {
    if (is_thread_code(shape.code) && (kind == ErrorKind::InvalidRequest || kind == ErrorKind::NotFound)) return shape.code;
    if (kind == ErrorKind::InvalidRequest) {
        if (is_context_overflow(text + ' ' + lowered(shape.code) + ' ' + lowered(shape.type))) {
            return "context_length_exceeded";
        }
        std::string_view code = shape.code;
        bool own = is_name(code, "") && !code.ends_with("_error") && (code[0] < '0' || code[0] > '9');
        return own && safe_quote(code) == code ? shape.code : std::string();
    }
    switch (kind) {
    case ErrorKind::Authentication:
        return "invalid_api_key";
    case ErrorKind::NotFound:
        return "model_not_found";
    case ErrorKind::TooLarge:
        return "request_too_large";
    case ErrorKind::RateLimit:
        return "rate_limit_exceeded";
    case ErrorKind::InsufficientQuota:
        return "insufficient_quota";
    case ErrorKind::Upstream:
        return "upstream_error";
    case ErrorKind::Overloaded:
        return "overloaded";
    default:
        return {};
    }
}

bool may_quote(ErrorKind kind) {
    return kind == ErrorKind::InvalidRequest || kind == ErrorKind::NotFound || kind == ErrorKind::TooLarge ||
           kind == ErrorKind::RateLimit;
}

std::string message_for(ErrorKind kind, int status, const std::string &words) {
    if (may_quote(kind) && !words.empty() && !looks_like_html(words)) return safe_quote(words);
    if (kind == ErrorKind::Overloaded) return "The provider is overloaded.";
    if (status < 400) return "The provider reported an error.";
    return "The provider answered with status " + std::to_string(status) + ".";
}

ApiError meaning_of(const Shape &shape, int status) {
    std::string text = lowered(shape.message);
    ApiError error;
    error.status = status;
    error.kind = kind_of(shape, status, text);
    error.code = code_of(shape, error.kind, text);
    error.message = message_for(error.kind, status, shape.message);
    if (error.kind == ErrorKind::InvalidRequest && is_name(shape.param, "ABCDEFGHIJKLMNOPQRSTUVWXYZ.[]-")) {
        error.param = safe_quote(shape.param);
    }
    error.retry_after_ms = shape.retry_after_ms;
    if (!error.retry_after_ms && error.kind == ErrorKind::RateLimit) error.retry_after_ms = retry_from_text(shape.message);
    return error;
}

}  // namespace

chat::ErrorKind kind_of_status(int status) {
    switch (status) {
    case 401:
        return ErrorKind::Authentication;
    case 402:
        return ErrorKind::InsufficientQuota;
    case 403:
        return ErrorKind::Permission;
    case 404:
        return ErrorKind::NotFound;
    case 413:
        return ErrorKind::TooLarge;
    case 429:
        return ErrorKind::RateLimit;
    case 408:
    case 424:
    case 499:
        return ErrorKind::Upstream;
    case 498:
    case 503:
    case 529:
        return ErrorKind::Overloaded;
    default:
        return status >= 400 && status < 500 ? ErrorKind::InvalidRequest : ErrorKind::Upstream;
    }
}

ApiError read_error_value(int status, JsonValue value) {
    Shape shape = read_shape(value);
    return meaning_of(shape, status >= 400 ? status : status_of(shape));
}

ApiError read_provider_error(int status, std::string_view body, JsonParser &parser) {
    JsonDoc doc;
    if (parser.parse(body, doc).has_value()) return read_error_value(status, doc.root());
    Shape shape;
    shape.message = body.substr(0, 2 * kMaxQuotedBytes);
    return meaning_of(shape, status);
}

ApiError broken_answer(std::string_view what) {
    ApiError error;
    error.status = 502;
    error.kind = ErrorKind::Upstream;
    error.code = "upstream_error";
    error.message = what;
    return error;
}

}  // namespace aigw::dialects
