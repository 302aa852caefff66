#include "nginx/core_error.h"

namespace aigw::ngx {
namespace {

using chat::ErrorKind;

struct Row {
    int status;
    ErrorKind kind;
    const char *code;
    const char *message;
};

constexpr Row kRows[] = {
    {401, ErrorKind::Authentication, "invalid_api_key", "The API key is missing or not valid."},
    {403, ErrorKind::Permission, "access_denied", "Access denied."},
    {404, ErrorKind::NotFound, "unknown_endpoint", "There is no such endpoint here."},
    {405, ErrorKind::InvalidRequest, "method_not_allowed", "This endpoint does not take this method."},
    {413, ErrorKind::TooLarge, "request_too_large", "The request body is too large."},
    {429, ErrorKind::RateLimit, "request_limit", "Too many requests."},
    {500, ErrorKind::Upstream, "internal_error", "The gateway failed to handle this request."},
    {502, ErrorKind::Upstream, "upstream_error", "The provider gave no valid answer."},
    {503, ErrorKind::Overloaded, "overloaded", "The service is busy or not available."},
    {504, ErrorKind::Upstream, "timeout", "The provider did not answer in time."},
};
constexpr Row kCallersFault{400, ErrorKind::InvalidRequest, "invalid_request", "The request is not valid."};
constexpr Row kOurFault{500, ErrorKind::Upstream, "internal_error", "The gateway failed to handle this request."};

}  // namespace

chat::ApiError core_error(int status) {
    const Row *found = status < 500 ? &kCallersFault : &kOurFault;
    for (const Row &row : kRows) {
        if (row.status == status) {
            found = &row;
        }
    }
    return {status, found->kind, found->code, found->message, {}, {}};
}

}  // namespace aigw::ngx
