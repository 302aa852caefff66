// Edits of a body in OpenAI's shape for a provider with ways of its own. Inside this dialect only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dialects/dialect.h"

namespace aigw::dialects::openai {

struct Adapting {
    const RequestOptions &options;
    JsonSplice &splice;
    std::vector<std::string> dropped;
    std::optional<chat::ApiError> error;

    // What has no place there: a 400 (false), or listed where the operator says so.
    bool refuse(std::string path);
    // A message's member that is a hint: removed, and listed if it says anything.
    void take_out(JsonValue message, const chat::Origin &origin, std::string_view name);
};

// False: `error` says why.
bool adapt(JsonValue root, Adapting &adapting);
bool adapt_to_mistral(JsonValue root, Adapting &adapting);

}  // namespace aigw::dialects::openai
