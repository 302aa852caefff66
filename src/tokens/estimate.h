// An estimate of how many tokens a text has, without any vocabulary.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/json.h"
#include "core/units.h"

namespace aigw::tokens {

inline constexpr Tokens kMessageTokens = 4;  // role and separators of one message
inline constexpr Tokens kToolTokens = 8;     // frame of one tool's definition
inline constexpr Tokens kImageTokens = 800;  // an image, whatever its size; its base64 is never counted

// Counts text that comes in pieces cut anywhere; the same text gives the same count however it is cut.
class TextEstimator {
public:
    void add(JsonText escaped);
    void add_plain(std::string_view utf8);
    Tokens tokens() const;
};

Tokens estimate_text(std::string_view utf8);

}  // namespace aigw::tokens
