// From what went wrong at a provider to what the route does next and what the caller is told. The provider's status
// may be named, its body and our key never; only a refusal of the caller's own request goes back in its words.
#pragma once

#include <cstdint>
#include <string_view>

#include "chat/error.h"
#include "core/json.h"
#include "gateway/route.h"

namespace aigw::gateway {

// Why an attempt failed outside of HTTP.
// Credentials: there are none for the provider, and it was not called.
enum class Cause : uint8_t { Connect, Tls, Dns, Closed, Timeout, Protocol, Total, Credentials };

// By the provider's own status (also the one that an error event stands for).
FailureClass classify(const chat::ApiError &error);

// The caller's view of a provider's error answer, if no other target can serve him.
chat::ApiError caller_error(const chat::ApiError &error, FailureClass failure, std::string_view provider);
chat::ApiError caller_error(Cause cause, std::string_view provider);

// 400 for a body that is not one sound JSON text.
chat::ApiError json_error(const JsonError &error);

// `retry-after` (seconds or an HTTP date) as milliseconds from `now`; nothing if it is neither.
std::optional<Millis> parse_retry_after(std::string_view value, UnixSeconds now);
// `retry-after-ms`.
std::optional<Millis> parse_retry_after_ms(std::string_view value);

}  // namespace aigw::gateway
