// The content blocks of one answer on their way to an Anthropic caller. The API opens one block at a time, so of several
// that grow at once (parallel tool calls whose pieces come interleaved) the first is written and the others wait.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "chat/delta.h"
#include "dialects/anthropic_text.h"

namespace aigw::dialects::anthropic {

struct Block {
    enum class Type : uint8_t { Text, Thinking, Redacted, ToolUse };
    Type type = Type::Text;
    uint32_t ordinal = 0;   // of the tool call or thinking block, as the deltas number them
    bool ended = false;     // nothing more comes
    std::string id, name;   // ToolUse; escaped
    std::string text;       // text, thinking, data or arguments that were not written yet; escaped
    std::string signature;  // Thinking
    JsonProgress progress;  // ToolUse: of its arguments
};

// Sorts deltas into blocks, in the order in which they began.
class BlockQueue {
public:
    // The block that a content delta belongs to, begun if need be; null if the delta belongs to none. Blocks before a
    // new one that can't grow any more are marked as ended.
    Block *block_of(const chat::Delta &delta);
    // A new thinking block for a signature alone.
    Block &signature_block() { return *begin(Block::Type::Thinking, UINT32_MAX); }
    void end_tool(uint32_t ordinal);
    void end_all();

    std::deque<Block> &blocks() { return blocks_; }
    bool called_tools() const { return called_tools_; }

private:
    Block *find(Block::Type type, uint32_t ordinal);
    Block *begin(Block::Type type, uint32_t ordinal);

    std::deque<Block> blocks_;
    bool called_tools_ = false;
};

}  // namespace aigw::dialects::anthropic
