#include "dialects/anthropic_blocks.h"

#include <algorithm>

namespace aigw::dialects::anthropic {

using Kind = chat::Delta::Kind;

Block *BlockQueue::block_of(const chat::Delta &delta) {
    switch (delta.kind) {
    case Kind::Text:
    case Kind::Refusal:
        if (delta.text.empty())
            return nullptr;
        if (!blocks_.empty() && blocks_.back().type == Block::Type::Text && !blocks_.back().ended)
            return &blocks_.back();
        return begin(Block::Type::Text, 0);
    case Kind::Reasoning:
    case Kind::Signature: {
        if (delta.text.empty())
            return nullptr;
        Block *last = blocks_.empty() ? nullptr : &blocks_.back();
        const bool open = last && last->type == Block::Type::Thinking && !last->ended && last->ordinal == delta.index;
        return open ? last : begin(Block::Type::Thinking, delta.index);
    }
    case Kind::Redacted:
        return begin(Block::Type::Redacted, delta.index);
    case Kind::ToolStart:
        called_tools_ = true;
        return begin(Block::Type::ToolUse, delta.index);
    case Kind::ToolArgs:
        return find(Block::Type::ToolUse, delta.index);
    default:
        return nullptr;
    }
}

void BlockQueue::end_tool(uint32_t ordinal) {
    if (Block *block = find(Block::Type::ToolUse, ordinal))
        block->ended = true;
}

void BlockQueue::end_all() {
    for (Block &block : blocks_)
        block.ended = true;
}

Block *BlockQueue::find(Block::Type type, uint32_t ordinal) {
    const auto found = std::find_if(blocks_.begin(), blocks_.end(), [&](const Block &block) {
        return block.type == type && block.ordinal == ordinal && !block.ended;
    });
    return found == blocks_.end() ? nullptr : &*found;
}

// A tool call may still grow beside the new block, unless its arguments are whole.
Block *BlockQueue::begin(Block::Type type, uint32_t ordinal) {
    for (Block &block : blocks_)
        block.ended = block.ended || block.type != Block::Type::ToolUse || block.progress.complete();
    blocks_.emplace_back();
    blocks_.back().type = type;
    blocks_.back().ordinal = ordinal;
    blocks_.back().ended = type == Block::Type::Redacted;
    return &blocks_.back();
}

}  // namespace aigw::dialects::anthropic
