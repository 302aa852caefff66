// toolConfig: the tools and which of them is to be called.
#pragma once

#include <string>
#include <vector>

#include "chat/message.h"
#include "core/json_writer.h"
#include "dialects/anthropic_turns.h"
#include "dialects/bedrock_block_writer.h"
#include "dialects/bedrock_fields.h"

namespace aigw::dialects::bedrock {

// Stands where Converse wants a tool and there is none to call: the history holds calls, but the request no tools, or the
// choice none, which Converse has no word for.
inline constexpr std::string_view kNoTool = "no_tool";

void write_tools(JsonWriter &out, const chat::ChatRequest &request, const anthropic::Conversation &conversation,
                 const ModelFields &fields, BlockWriter &blocks, const ModelTraits &traits,
                 std::vector<std::string> &dropped);

}  // namespace aigw::dialects::bedrock
