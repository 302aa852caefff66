// Which API call a path below the gateway's prefix is.
#pragma once

#include <string>
#include <string_view>

#include "chat/error.h"
#include "dialects/dialect.h"
#include "dialects/operation.h"

namespace aigw::gateway {

struct Endpoint {
    enum class Kind { Chat, Operation, Raw, Models, Model, Root };
    Kind kind = Kind::Root;
    const dialects::Dialect *dialect = nullptr;  // the caller's
    std::string_view model;                      // Model: the id asked for; else where it stands in the path
    bool stream = false;                         // Chat: the path says so
    dialects::Operation operation = dialects::Operation::None;
};

// `path` is what follows the prefix, decoded; an optional v1/, v1beta/ or v1alpha/ is skipped. 404 unknown_endpoint,
// 405 method_not_allowed.
chat::Result<Endpoint> match_endpoint(std::string_view method, std::string_view path, bool anthropic_header);
// `path` without slashes at both ends and without its version.
std::string_view api_path(std::string_view path);
// The dialect in which a caller of this path wants his errors.
const dialects::Dialect &caller_dialect(std::string_view path, bool anthropic_header);

}  // namespace aigw::gateway
