#include "dialects/gemini_finish.h"

#include <array>

namespace aigw::dialects::google {

namespace {

using chat::FinishReason;

struct Word {
    std::string_view word;
    FinishReason reason;
    bool broken = false;
};

constexpr Word kFiltered(std::string_view word) { return {word, FinishReason::ContentFilter}; }
constexpr Word kBroken(std::string_view word) { return {word, FinishReason::Stop, true}; }

// The first twelve in the order of Vertex's numbers.
constexpr std::array kWords{
    Word{"FINISH_REASON_UNSPECIFIED", FinishReason::Stop},
    Word{"STOP", FinishReason::Stop},
    Word{"MAX_TOKENS", FinishReason::Length},
    kFiltered("SAFETY"),
    kFiltered("RECITATION"),
    Word{"OTHER", FinishReason::Stop},
    kFiltered("BLOCKLIST"),
    kFiltered("PROHIBITED_CONTENT"),
    kFiltered("SPII"),
    kBroken("MALFORMED_FUNCTION_CALL"),
    kFiltered("MODEL_ARMOR"),
    kFiltered("IMAGE_SAFETY"),
    kFiltered("LANGUAGE"),
    kFiltered("IMAGE_PROHIBITED_CONTENT"),
    kFiltered("IMAGE_RECITATION"),
    Word{"IMAGE_OTHER", FinishReason::Stop},
    Word{"NO_IMAGE", FinishReason::Stop},
    Word{"CONTINUATION", FinishReason::Length},
    kBroken("UNEXPECTED_TOOL_CALL"),
    kBroken("TOO_MANY_TOOL_CALLS"),
    kBroken("MISSING_THOUGHT_SIGNATURE"),
    kBroken("MALFORMED_RESPONSE"),
};
constexpr size_t kNumbered = 12;

}  // namespace

Finish read_finish(JsonValue reason) {
    Finish out;
    int64_t number = reason.is_number() ? reason.as_int64().value_or(-1) : -1;
    bool known = number >= 0 && number < static_cast<int64_t>(kNumbered);
    out.word = known ? std::string(kWords[static_cast<size_t>(number)].word) : reason.text().decode();
    if (!out.word.empty() || reason.is_number()) out.reason = FinishReason::Stop;  // words yet unknown
    for (const Word &word : kWords) {
        if (out.word != word.word) continue;
        out.reason = word.reason;
        out.broken = word.broken;
    }
    return out;
}

std::string_view finish_word(FinishReason reason, JsonText own) {
    for (const Word &word : kWords) {
        if (own == word.word && !word.broken) return word.word;
    }
    if (reason == FinishReason::Length) return "MAX_TOKENS";
    return reason == FinishReason::ContentFilter ? "SAFETY" : "STOP";
}

}  // namespace aigw::dialects::google
