// Who is calling, as a key says it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/rate.h"

namespace aigw::identity {

struct Identity {
    std::string key_id, team, user, project, env;           // empty: not said
    std::vector<std::string> models;                        // patterns, `*` at the end; empty: all
    std::vector<std::pair<std::string, std::string>> tags;
    std::vector<Rate> tokens, requests;                     // limits of the key's own

    bool allows_model(std::string_view name) const;
};

// `pattern` equals `name`, or ends with `*` and `name` begins with what stands before it.
bool matches_pattern(std::string_view pattern, std::string_view name);

}  // namespace aigw::identity
