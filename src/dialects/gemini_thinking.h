// How much a model of Google's thinks: a budget in tokens for the generation 2.5, a level for what came after it, nothing
// for what was before.
#pragma once

#include <string>
#include <vector>

#include "chat/message.h"
#include "core/json_writer.h"
#include "dialects/gemini_model.h"

namespace aigw::dialects::google {

// Writes thinkingConfig if there is anything to say. What the model can't have is left out, or the nearest taken, and the
// caller's name for it listed in `dropped`.
void write_thinking(const chat::ChatRequest &request, const ModelTraits &traits, JsonWriter &json,
                    std::vector<std::string> &dropped);

}  // namespace aigw::dialects::google
