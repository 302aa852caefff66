// One reader for both forms. Blocks of kinds that nobody but Anthropic knows (server tools, their results) are followed
// by their index and otherwise left alone; so are delta types from the future. Only message_stop makes a stream whole.
#include "dialects/anthropic_response_read.h"

#include <algorithm>
#include <string>
#include <vector>

#include "dialects/anthropic_stop.h"
#include "dialects/anthropic_text.h"
#include "dialects/anthropic_usage.h"
#include "dialects/common.h"

namespace aigw::dialects::anthropic {

using chat::Delta;
using chat::DeltaSink;
using Kind = chat::Delta::Kind;

namespace {

class Reader final : public ResponseReader {
public:
    chat::Result<void> event(const SseEvent &event, const JsonDoc *doc, DeltaSink &sink) override;
    chat::Result<void> answer(const JsonDoc &doc, DeltaSink &sink) override;
    chat::Result<void> finish(DeltaSink &sink) override;

private:
    enum class Type : uint8_t { Text, Thinking, Tool, Ignored };
    struct Block {
        int64_t index;        // on the wire
        Type type;
        uint32_t ordinal;     // among the tool calls or the thinking blocks
        bool pieces = false;  // Tool: arguments came
        std::string input;    // Tool: what its start already held, escaped
    };

    void message_start(JsonValue message, DeltaSink &sink);
    chat::Result<void> block_start(int64_t index, JsonValue content, DeltaSink &sink);
    void block_delta(int64_t index, JsonValue delta, DeltaSink &sink);
    void block_stop(int64_t index, DeltaSink &sink);
    void close(Block &block, DeltaSink &sink);
    void message_delta(JsonValue event, DeltaSink &sink);
    void message_stop(DeltaSink &sink);
    void stopped(JsonValue stop_reason, JsonValue stop_sequence, DeltaSink &sink);
    void whole_block(JsonValue content, DeltaSink &sink);
    void start(JsonText id, JsonText model, DeltaSink &sink);
    void text(Kind kind, uint32_t index, JsonText text, DeltaSink &sink);
    Block open(int64_t index, JsonValue content, DeltaSink &sink);
    Block *find(int64_t index);

    std::vector<Block> open_;
    UsageReader usage_;
    uint32_t tools_ = 0;
    uint32_t thoughts_ = 0;
    bool started_ = false;
    bool finished_ = false;  // the stop reason was told
    bool whole_ = false;
};

// --- streams

chat::Result<void> Reader::event(const SseEvent &event, const JsonDoc *doc, DeltaSink &sink) {
    if (whole_ || event.name == "ping" || event.data.empty() || event.data == "[DONE]")
        return {};
    const JsonValue root = doc ? doc->root() : JsonValue();
    if (!root.is_object())
        return chat::fail(event.name == "error" ? read_error_value(200, root)
                                                : broken_answer("The provider sent an event that is not a JSON object."));
    const JsonValue type = root["type"];
    if (type.equals("error") || (!type && root["error"]) || event.name == "error")
        return chat::fail(read_error_value(200, root));
    const int64_t index = root["index"].as_int64().value_or(0);
    if (type.equals("content_block_delta"))
        block_delta(index, root["delta"], sink);
    else if (type.equals("content_block_start"))
        return block_start(index, root["content_block"], sink);
    else if (type.equals("content_block_stop"))
        block_stop(index, sink);
    else if (type.equals("message_start"))
        message_start(root["message"], sink);
    else if (type.equals("message_delta"))
        message_delta(root, sink);
    else if (type.equals("message_stop"))
        message_stop(sink);
    return {};
}

chat::Result<void> Reader::finish(DeltaSink &) {
    if (whole_)
        return {};
    return chat::fail(broken_answer("The provider's answer was cut off."));
}

void Reader::message_start(JsonValue message, DeltaSink &sink) {
    if (started_)
        return;  // a second one, spliced in by a proxy
    start(message["id"].text(), message["model"].text(), sink);
    usage_.read(message["usage"]);
    const chat::Usage usage = usage_.usage();
    if (usage.prompt > 0) {
        Delta told{.kind = Kind::Usage};
        told.usage = &usage;
        told.partial = true;
        sink.on_delta(told);
    }
}

chat::Result<void> Reader::block_start(int64_t index, JsonValue content, DeltaSink &sink) {
    start({}, {}, sink);
    if (Block *old = find(index))
        block_stop(old->index, sink);
    if (open_.size() >= kMaxOpenBlocks)
        return chat::fail(broken_answer("The provider opened too many content blocks."));
    open_.push_back(open(index, content, sink));
    return {};
}

void Reader::block_delta(int64_t index, JsonValue delta, DeltaSink &sink) {
    start({}, {}, sink);
    Block *block = find(index);
    const JsonValue type = delta["type"];
    if (block && block->type == Type::Ignored)
        return;
    if (type.equals("text_delta")) {
        text(Kind::Text, 0, delta["text"].text(), sink);
    } else if (!block) {
        return;
    } else if (type.equals("input_json_delta") && block->type == Type::Tool) {
        const JsonText piece = delta["partial_json"].text();
        block->pieces = block->pieces || !piece.empty();
        text(Kind::ToolArgs, block->ordinal, piece, sink);
    } else if (type.equals("thinking_delta") && block->type == Type::Thinking) {
        text(Kind::Reasoning, block->ordinal, delta["thinking"].text(), sink);
    } else if (type.equals("signature_delta") && block->type == Type::Thinking) {
        text(Kind::Signature, block->ordinal, delta["signature"].text(), sink);
    }
}

void Reader::block_stop(int64_t index, DeltaSink &sink) {
    Block *block = find(index);
    if (!block)
        return;
    close(*block, sink);
    open_.erase(open_.begin() + (block - open_.data()));
}

void Reader::message_delta(JsonValue event, DeltaSink &sink) {
    start({}, {}, sink);
    usage_.set_complete(event["usage"]);
    const JsonValue delta = event["delta"];
    if (delta["stop_reason"].is_string())
        stopped(delta["stop_reason"], delta["stop_sequence"], sink);
    if (finished_ && usage_.complete()) {
        const chat::Usage usage = usage_.usage();
        Delta told{.kind = Kind::Usage};
        told.usage = &usage;
        sink.on_delta(told);
    }
}

void Reader::message_stop(DeltaSink &sink) {
    start({}, {}, sink);
    stopped({}, {}, sink);
    whole_ = true;
    sink.on_delta({.kind = Kind::End});
}

// --- whole answers

chat::Result<void> Reader::answer(const JsonDoc &doc, DeltaSink &sink) {
    const JsonValue root = doc.root();
    if (root["type"].equals("error") || (root.is_object() && !root["type"] && root["error"]))
        return chat::fail(read_error_value(200, root));
    if (!root.is_object() || !root["content"].is_array())
        return chat::fail(broken_answer("The provider's answer is not a message."));
    start(root["id"].text(), root["model"].text(), sink);
    for (const JsonValue content : root["content"].elements())
        whole_block(content, sink);
    usage_.set_complete(root["usage"]);
    stopped(root["stop_reason"], root["stop_sequence"], sink);
    if (usage_.complete()) {
        const chat::Usage usage = usage_.usage();
        Delta told{.kind = Kind::Usage};
        told.usage = &usage;
        sink.on_delta(told);
    }
    whole_ = true;
    sink.on_delta({.kind = Kind::End});
    return {};
}

void Reader::whole_block(JsonValue content, DeltaSink &sink) {
    Block block = open(0, content, sink);
    close(block, sink);
}

// --- both

void Reader::start(JsonText id, JsonText model, DeltaSink &sink) {
    if (started_)
        return;
    started_ = true;
    Delta delta{.kind = Kind::Start};
    delta.id = id;
    delta.name = model;
    sink.on_delta(delta);
}

void Reader::text(Kind kind, uint32_t index, JsonText text, DeltaSink &sink) {
    if (text.empty())
        return;
    Delta delta{.kind = kind};
    delta.index = index;
    delta.text = text;
    sink.on_delta(delta);
}

// A block begins, with whatever its start already holds: in a whole answer that is all of it.
Reader::Block Reader::open(int64_t index, JsonValue content, DeltaSink &sink) {
    const JsonValue type = content["type"];
    Block block{.index = index, .type = Type::Ignored, .ordinal = 0, .pieces = false, .input = {}};
    if (type.equals("text")) {
        block.type = Type::Text;
        text(Kind::Text, 0, content["text"].text(), sink);
    } else if (type.equals("thinking")) {
        block.type = Type::Thinking;
        block.ordinal = thoughts_++;
        text(Kind::Reasoning, block.ordinal, content["thinking"].text(), sink);
        text(Kind::Signature, block.ordinal, content["signature"].text(), sink);
    } else if (type.equals("redacted_thinking")) {
        text(Kind::Redacted, thoughts_++, content["data"].text(), sink);
    } else if (type.equals("tool_use")) {
        block.type = Type::Tool;
        block.ordinal = tools_++;
        if (content["input"].is_object() && content["input"].size() > 0)
            append_compact_escaped(block.input, content["input"].raw());
        Delta delta{.kind = Kind::ToolStart};
        delta.index = block.ordinal;
        delta.id = content["id"].text();
        delta.name = content["name"].text();
        sink.on_delta(delta);
    }
    return block;
}

void Reader::close(Block &block, DeltaSink &sink) {
    if (block.type != Type::Tool)
        return;
    if (!block.pieces)
        text(Kind::ToolArgs, block.ordinal, {block.input}, sink);
    Delta delta{.kind = Kind::ToolEnd};
    delta.index = block.ordinal;
    sink.on_delta(delta);
}

void Reader::stopped(JsonValue stop_reason, JsonValue stop_sequence, DeltaSink &sink) {
    if (finished_)
        return;
    finished_ = true;
    for (Block &block : open_)
        close(block, sink);
    open_.clear();
    Delta delta{.kind = Kind::Finish};
    delta.text = stop_reason.text();
    delta.finish = finish_of(delta.text);
    if (delta.text.empty() && tools_ > 0)
        delta.finish = chat::FinishReason::ToolCalls;
    delta.stop_sequence = stop_sequence.text();
    sink.on_delta(delta);
}

Reader::Block *Reader::find(int64_t index) {
    const auto found = std::find_if(open_.begin(), open_.end(), [&](const Block &b) { return b.index == index; });
    return found == open_.end() ? nullptr : &*found;
}

}  // namespace

std::unique_ptr<ResponseReader> make_response_reader() {
    return std::make_unique<Reader>();
}

}  // namespace aigw::dialects::anthropic
