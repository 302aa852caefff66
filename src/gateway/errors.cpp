#include "gateway/errors.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ctime>
#include <string>

namespace aigw::gateway {
namespace {

using chat::ApiError;
using chat::ErrorKind;

constexpr Millis kFarAway = 30LL * 24 * 3600 * 1000;  // a longer retry-after says nothing more

std::string quoted(std::string_view provider) {
    return "\"" + std::string(provider) + "\"";
}

ApiError upstream(int status, std::string code, std::string message) {
    return {status, ErrorKind::Upstream, std::move(code), std::move(message), {}, {}};
}

// A plain number of units of `unit` milliseconds.
std::optional<Millis> parse_time(std::string_view value, double unit) {
    double number = 0;
    const char *last = value.data() + value.size();
    auto [end, fault] = std::from_chars(value.data(), last, number);
    if (end != last || value.empty() || fault == std::errc::invalid_argument || !(number >= 0)) {
        return std::nullopt;
    }
    return static_cast<Millis>(std::min(number * unit, static_cast<double>(kFarAway)));
}

}  // namespace

FailureClass classify(const ApiError &error) {
    if (error.kind == ErrorKind::Authentication) {
        return FailureClass::OtherTarget;  // also a bad key that a provider answers with 400
    }
    if (error.kind == ErrorKind::Overloaded && error.status != 503) {
        return FailureClass::Throttled;
    }
    switch (error.status) {
    case 401:
    case 402:
    case 403:
        return FailureClass::OtherTarget;
    case 408:
    case 409:
    case 424:
    case 425:
    case 499:
        return FailureClass::Retryable;
    case 429:
        return error.kind == ErrorKind::InsufficientQuota ? FailureClass::OtherTarget : FailureClass::Throttled;
    default:
        break;
    }
    if (error.status >= 300 && error.status < 400) {
        return FailureClass::OtherTarget;
    }
    return error.status >= 400 && error.status < 500 ? FailureClass::Final : FailureClass::Retryable;
}

ApiError caller_error(const ApiError &error, FailureClass failure, std::string_view provider) {
    std::string answered = "The provider " + quoted(provider) + " answered " + std::to_string(error.status) + ".";
    switch (failure) {
    case FailureClass::Final: {
        ApiError own = error;
        own.status = error.status == 404 || error.status == 413 ? error.status : 400;
        own.kind = own.status == 404   ? ErrorKind::NotFound
                   : own.status == 413 ? ErrorKind::TooLarge
                                       : ErrorKind::InvalidRequest;
        own.retry_after_ms.reset();
        return own;
    }
    case FailureClass::Throttled: {
        bool limit = error.status == 429;
        ApiError own{limit ? 429 : 503, limit ? ErrorKind::RateLimit : ErrorKind::Overloaded,
                     limit ? "rate_limit_exceeded" : "overloaded", std::move(answered), {}, error.retry_after_ms};
        return own;
    }
    case FailureClass::Retryable:
    case FailureClass::OtherTarget:
        break;
    }
    return upstream(502, "upstream_error", std::move(answered));
}

ApiError caller_error(Cause cause, std::string_view provider) {
    std::string who = "The provider " + quoted(provider);
    switch (cause) {
    case Cause::Connect:
        return upstream(502, "upstream_error", who + " could not be reached.");
    case Cause::Tls:
        return upstream(502, "upstream_error", who + " could not be reached over TLS.");
    case Cause::Dns:
        return upstream(502, "upstream_error", "The name of the provider " + quoted(provider) + " could not be resolved.");
    case Cause::Closed:
        return upstream(502, "upstream_error", who + " closed the connection before its answer was complete.");
    case Cause::Protocol:
        return upstream(502, "upstream_error", who + " sent an answer that is not valid.");
    case Cause::Credentials:
        return {503, ErrorKind::Overloaded, "overloaded", "No credentials for the provider " + quoted(provider) + ".", {}, {}};
    case Cause::Timeout:
    case Cause::Total:
        break;
    }
    return upstream(504, "timeout", who + " did not answer in time.");
}

ApiError json_error(const JsonError &error) {
    std::string at = " (at byte " + std::to_string(error.offset) + ")";
    switch (error.fault) {
    case JsonFault::DuplicateMember:
        return chat::invalid_request("duplicate_member",
                                     "The member \"" + error.member + "\" stands twice in one object" + at + ".",
                                     error.member);
    case JsonFault::Depth:
        return chat::invalid_request("invalid_json", "The request body is nested too deeply" + at + ".");
    case JsonFault::Utf8:
        return chat::invalid_request("invalid_json", "The request body is not valid UTF-8" + at + ".");
    case JsonFault::TooLarge:
        return chat::invalid_request("invalid_json", "The request body holds too many values" + at + ".");
    case JsonFault::Syntax:
        break;
    }
    return chat::invalid_request("invalid_json", "The request body is not valid JSON" + at + ".");
}

std::optional<Millis> parse_retry_after_ms(std::string_view value) {
    return parse_time(value, 1);
}

std::optional<Millis> parse_retry_after(std::string_view value, UnixSeconds now) {
    if (auto ms = parse_time(value, 1000)) {
        return ms;
    }
    std::tm when{};
    std::string text(value);
    const char *end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &when);
    if (end == nullptr || *end != '\0') {
        return std::nullopt;
    }
    return std::clamp<Millis>((static_cast<Millis>(timegm(&when)) - now) * 1000, 0, kFarAway);
}

}  // namespace aigw::gateway
