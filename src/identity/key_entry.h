// One key of keys.json, checked member by member: what is unknown, of a wrong type or out of range is refused. What is
// wrong is told by member names, never by the values of a digest.
#pragma once

#include <jansson.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "core/result.h"
#include "core/units.h"
#include "identity/identity.h"

namespace aigw::identity {

inline constexpr UnixSeconds kNever = INT64_MAX;
inline constexpr size_t kMaxValueBytes = 128;  // of an identity value, as written
inline constexpr size_t kMaxModelBytes = 256;  // of one pattern
inline constexpr size_t kMaxTagNameBytes = 64;
inline constexpr size_t kMaxDigests = 16;      // of one key
inline constexpr size_t kMaxModels = 256;
inline constexpr size_t kMaxTags = 64;
inline constexpr size_t kMaxRates = 4;         // of tokens, and of requests

struct KeyEntry {
    Identity identity;
    std::vector<Sha256> digests;
    UnixSeconds expires = kNever;  // no longer good from then on
    bool disabled = false;
};

Result<KeyEntry, std::string> read_key(const json_t *object);

// An identity value as variables show it: bytes outside [A-Za-z0-9._@:+-] percent-encoded, so that values joined by
// `/` can't be forged.
std::string encode_value(std::string_view value);

}  // namespace aigw::identity
