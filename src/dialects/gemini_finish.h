// Why a candidate ended, in Google's words.
#pragma once

#include <string>
#include <string_view>

#include "chat/delta.h"
#include "core/json.h"

namespace aigw::dialects::google {

struct Finish {
    std::string word;  // STOP; empty: not told
    chat::FinishReason reason = chat::FinishReason::None;
    bool broken = false;  // the model made nonsense (a malformed call): an error, not an end
};
// Of a finishReason: a word, or its number.
Finish read_finish(JsonValue reason);
// `own` is what the provider said, and is kept if it is Google's.
std::string_view finish_word(chat::FinishReason reason, JsonText own);

}  // namespace aigw::dialects::google
