// Under which key an answer is kept: a digest of who may see it, what made it and the whole request. Two requests share
// a key only if they mean the same whatever a provider reads into them: the order of members and how a string is
// escaped do not count, everything else does. Numbers are compared as they are written: 1 and 1.0 are two requests.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/digest.h"
#include "core/json.h"

namespace aigw::cache {

using Key = Sha256;

// What makes the same body another request. Values as they are; they are kept apart by their lengths.
struct Scope {
    std::string_view owner;   // whose answers these are; never wider than the policy says
    std::string_view api;     // the caller's dialect and endpoint: one body can mean two things
    std::string_view model;   // resolved: what would be called
    std::string_view policy;  // version of everything that shapes or clears an answer
};

// nullopt: the body is no object, or names a member twice. Members at the top that do not shape the answer are left out:
// stream, stream_options, user, metadata.
std::optional<Key> request_key(const Scope &scope, JsonValue body);

}  // namespace aigw::cache
