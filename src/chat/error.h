// One error, whatever dialect it came from or goes to. The names on the wire belong to the dialects.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace aigw::chat {

enum class ErrorKind : uint8_t {
    InvalidRequest,    // 400, also 405, 422: OpenAI invalid_request_error
    Authentication,    // 401
    Permission,        // 403
    NotFound,          // 404: OpenAI invalid_request_error, Anthropic not_found_error
    TooLarge,          // 413
    RateLimit,         // 429
    InsufficientQuota, // 429, money: OpenAI insufficient_quota, Anthropic rate_limit_error
    Upstream,          // 502, 504, 500: api_error
    Overloaded,        // 503: OpenAI api_error / overloaded, Anthropic overloaded_error
};

struct ApiError {
    int status = 500;  // HTTP
    ErrorKind kind = ErrorKind::Upstream;
    std::string code;     // OpenAI's `code`: invalid_json, model_not_found, upstream_error ...; may be empty
    std::string message;  // for the caller: never a secret, a prompt or a provider's inner detail
    std::string param;    // path of the field at fault: messages[0].content[1].type; may be empty
    std::optional<int64_t> retry_after_ms;  // what the provider asked for
};

template <class T>
using Result = aigw::Result<T, ApiError>;

// 400 with kind InvalidRequest.
ApiError invalid_request(std::string code, std::string message, std::string param = {});
// A field of the caller that the other dialect has no place for: 400 unsupported_value.
ApiError unsupported(std::string param, std::string_view why = {});
inline Unexpected<ApiError> fail(ApiError error) { return {std::move(error)}; }

}  // namespace aigw::chat
