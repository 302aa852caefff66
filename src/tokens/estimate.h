// An estimate of how many tokens a text has, without any vocabulary: bytes are told apart by class, and each pair of
// neighbours costs a fixed part of a token. Meant for admission, and for usage where a provider reports none; it does
// not promise more than the order of magnitude: within 2x of what providers report for 19 of 20 recorded exchanges.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/json.h"
#include "core/units.h"

namespace aigw::tokens {

// What providers put around the text, as recorded exchanges show it. Models differ; these lie in the middle.
inline constexpr Tokens kRequestTokens = 3;             // once: the answer's opening
inline constexpr Tokens kMessageTokens = 4;             // role and separators of one message
inline constexpr Tokens kToolTokens = 8;                // frame of one tool's definition
inline constexpr Tokens kToolsTokens = 40;              // once, if any tool is given: how to call them
inline constexpr Tokens kAnthropicToolsTokens = 300;    // the same for Claude, whose instructions are longer
inline constexpr Tokens kThinkingTokens = 27;           // Claude's instructions on thinking, if it is asked for
inline constexpr Tokens kAnthropicSchemaTokens = 110;   // Claude's instructions on an answer's schema
inline constexpr Tokens kAnswerTokens = 3;              // once in an answer: its end
inline constexpr Tokens kCallTokens = 6;                // frame of one tool call in an answer
inline constexpr Tokens kAnthropicCallTokens = 30;      // the same for Claude
inline constexpr Tokens kImageTokens = 800;             // an image: at most this, and this much for a URL
inline constexpr Tokens kBase64PerImageToken = 256;     // bytes of a small image's base64 for one token
inline constexpr Tokens kRedactedPerToken = 8;          // bytes of redacted thinking for one token of it

// Counts text that comes in pieces cut anywhere, inside a character or an escape too; the same text gives the same
// count however it is cut and whether or not it is escaped. Allocates nothing.
class TextEstimator {
public:
    void add(JsonText escaped);
    void add_plain(std::string_view utf8);
    // A tool's definition or a JSON schema: names and strings without JSON's punctuation and without the members
    // that say little (models are shown a terser notation). Below kMaxSchemaDepth nothing is counted.
    void add_schema(JsonValue schema);
    // The next piece begins another text.
    void end_text();

    Tokens tokens() const { return static_cast<Tokens>((units_ + kUnits - 1) / kUnits); }

    static constexpr int kMaxSchemaDepth = 32;

private:
    static constexpr uint64_t kUnits = 100;  // in one token

    void add_schema(JsonValue value, int depth);
    void escape_byte(unsigned char byte);
    void add_code(uint32_t code);

    uint64_t units_ = 0;
    uint32_t code_ = 0;    // of a \u escape, so far
    uint8_t last_ = 0;     // class of the byte before
    uint8_t escape_ = 0;   // 0 outside; 1 after the backslash; 2 to 5 before that digit of \uXXXX
};

Tokens estimate_text(std::string_view utf8);

}  // namespace aigw::tokens
