// What of a request is the model's own and not Converse's: additionalModelRequestFields, and what depends on it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/error.h"
#include "chat/message.h"
#include "core/json_writer.h"
#include "dialects/anthropic_sampling.h"
#include "dialects/anthropic_thinking.h"
#include "dialects/anthropic_turns.h"
#include "dialects/bedrock_model.h"
#include "dialects/dialect.h"

namespace aigw::dialects::bedrock {

struct ModelFields {
    Family family = Family::Other;
    anthropic::ThinkingPlan plan;       // Claude; for others only how much is wanted
    std::string_view effort;            // Nova, gpt-oss: plain, static; empty: not asked for
    anthropic::Sampling sampling;       // top_k: where the family takes it
    bool single_tool = false;           // Claude: tool_choice goes here, with disable_parallel_tool_use

    bool any() const;
};

// What a family has no place for is listed, or refused where it would change the answer (top_k).
chat::Result<ModelFields> plan_fields(const chat::ChatRequest &request, const RequestOptions &options,
                                      const anthropic::Conversation &conversation, std::vector<std::string> &dropped);
// The object, nothing if there is nothing in it.
void write_fields(JsonWriter &out, const chat::ChatRequest &request, const ModelFields &fields);

}  // namespace aigw::dialects::bedrock
