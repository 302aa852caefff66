// What the variables say of an exchange; variables.cpp registers them. Each returns nothing for what did not happen.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/exchange.h"
#include "identity/identity.h"
#include "nginx/context.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

using Value = std::optional<std::string>;

struct CallerVariable {
    std::string_view name;
    std::string identity::Identity::*member;
};
struct ConversationVariable {
    std::string_view name;
    Value (*get)(const gateway::Conversation &conversation);
};

// variable_values.cpp
extern const CallerVariable kCallerVariables[5];
extern const ConversationVariable kConversationVariables[23];

// `name` is what the variable's NAME means: in whatever case, `-` for its `_`. `variable` is in lower case.
bool is_named(std::string_view name, std::string_view variable);

// The body's metadata.NAME (a string, a number, true or false), else the header x-aigw-meta-NAME.
Value metadata(const ngx_http_request_t *r, const gateway::Conversation &conversation, std::string_view name);

}  // namespace aigw::ngx
