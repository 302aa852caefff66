#include "gateway/call_result.h"

namespace aigw::gateway {

std::string_view result_of(Cause cause) {
    switch (cause) {
    case Cause::Connect:
        return "connect";
    case Cause::Tls:
        return "tls";
    case Cause::Dns:
        return "dns";
    case Cause::Closed:
        return "closed";
    case Cause::Timeout:
    case Cause::Total:
        return "timeout";
    case Cause::Credentials:
        return "credentials";  // of no call
    case Cause::Protocol:
        break;
    }
    return "protocol";
}

std::string_view result_of(chat::ErrorKind kind) {
    switch (kind) {
    case chat::ErrorKind::InvalidRequest:
        return "invalid_request";
    case chat::ErrorKind::Authentication:
        return "authentication";
    case chat::ErrorKind::Permission:
        return "permission";
    case chat::ErrorKind::NotFound:
        return "not_found";
    case chat::ErrorKind::TooLarge:
        return "too_large";
    case chat::ErrorKind::RateLimit:
        return "rate_limit";
    case chat::ErrorKind::InsufficientQuota:
        return "quota";
    case chat::ErrorKind::Overloaded:
        return "overloaded";
    case chat::ErrorKind::Upstream:
        break;
    }
    return "error";
}

std::string_view result_of(End how) {
    switch (how) {
    case End::Done:
    case End::Limit:
        return kResultOk;
    case End::Client:
        return "client";
    case End::Timeout:
        return "timeout";
    case End::Shutdown:
        return "shutdown";
    case End::Error:
    case End::Unset:
        break;
    }
    return "error";
}

}  // namespace aigw::gateway
