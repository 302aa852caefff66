// One reader for both forms. Text and thinking have no event for their start: the first delta opens them. What nobody but
// Bedrock knows (server tools and their results, citations) is left alone. The usage comes after messageStop, which alone
// makes a stream whole.
#include "dialects/bedrock_response_read.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/json_writer.h"
#include "dialects/anthropic_text.h"
#include "dialects/bedrock_redacted.h"
#include "dialects/bedrock_words.h"
#include "dialects/common.h"

namespace aigw::dialects::bedrock {

using chat::Delta;
using chat::DeltaSink;
using Kind = chat::Delta::Kind;

namespace {

bool is_server_tool(JsonValue tool) {
    return tool["type"].equals("server_tool_use");
}

class Reader final : public ResponseReader {
public:
    chat::Result<void> event(const SseEvent &event, const JsonDoc *doc, DeltaSink &sink) override;
    chat::Result<void> answer(const JsonDoc &doc, DeltaSink &sink) override;
    chat::Result<void> finish(DeltaSink &sink) override;

private:
    using Done = chat::Result<void>;
    enum class Type : uint8_t { Thinking, Tool, Ignored };
    struct Block {
        int64_t index;
        Type type;
        uint32_t ordinal;      // among the tool calls or the thinking blocks
        std::string redacted;  // Thinking: base64, whole at the end
    };

    Done block_start(int64_t index, JsonValue start, DeltaSink &sink);
    Done block_delta(int64_t index, JsonValue delta, DeltaSink &sink);
    Done thinking_delta(Block &block, JsonValue piece, DeltaSink &sink);
    void block_stop(int64_t index, DeltaSink &sink);
    void close(Block &block, DeltaSink &sink);
    Done message_stop(JsonValue event, DeltaSink &sink);
    void metadata(JsonValue event, DeltaSink &sink);
    void whole_block(JsonValue content, DeltaSink &sink);
    void whole_tool(JsonValue tool, DeltaSink &sink);
    void citations(JsonValue content, DeltaSink &sink);
    void stopped(JsonValue reason, JsonValue fields, DeltaSink &sink);
    void told(JsonValue usage, DeltaSink &sink);
    void redacted(uint32_t ordinal, const std::string &content, DeltaSink &sink);
    void start(DeltaSink &sink);
    void end(DeltaSink &sink);
    void tool_start(JsonValue tool, DeltaSink &sink);
    void text(Kind kind, uint32_t index, JsonText text, DeltaSink &sink);
    Block *find(int64_t index);
    Block *open(int64_t index, Type type);

    std::vector<Block> open_;
    uint32_t tools_ = 0;
    uint32_t thoughts_ = 0;
    bool started_ = false;
    bool finished_ = false;
    bool counted_ = false;
    bool whole_ = false;
};

Unexpected<chat::ApiError> too_many() {
    return chat::fail(broken_answer("The provider opened too many content blocks."));
}

// --- streams

Reader::Done Reader::event(const SseEvent &event, const JsonDoc *doc, DeltaSink &sink) {
    if (whole_)
        return {};
    const JsonValue root = doc ? doc->root() : JsonValue();
    if (event.failure)
        return chat::fail(stream_exception(event.name, root));
    if (!root.is_object())
        return chat::fail(broken_answer("The provider sent an event that is not a JSON object."));
    const int64_t index = root["contentBlockIndex"].as_int64().value_or(0);
    if (event.name == "contentBlockDelta")
        return block_delta(index, root["delta"], sink);
    if (event.name == "contentBlockStart")
        return block_start(index, root["start"], sink);
    if (event.name == "messageStop")
        return message_stop(root, sink);
    if (event.name == "contentBlockStop")
        block_stop(index, sink);
    else if (event.name == "messageStart")
        start(sink);
    else if (event.name == "metadata")
        metadata(root, sink);
    else if (event.name.ends_with("Exception"))
        return chat::fail(stream_exception(event.name, root));
    return {};
}

Reader::Done Reader::finish(DeltaSink &sink) {
    if (!finished_)
        return chat::fail(broken_answer("The provider's answer was cut off."));
    end(sink);
    return {};
}

Reader::Done Reader::block_start(int64_t index, JsonValue start, DeltaSink &sink) {
    this->start(sink);
    block_stop(index, sink);
    const JsonValue tool = start["toolUse"];
    const bool call = tool.is_object() && !is_server_tool(tool);
    const bool known = call || tool || start["toolResult"] || start["image"];
    if (!known)
        return {};
    if (open(index, call ? Type::Tool : Type::Ignored) == nullptr)
        return too_many();
    if (call)
        tool_start(tool, sink);
    return {};
}

Reader::Done Reader::block_delta(int64_t index, JsonValue delta, DeltaSink &sink) {
    start(sink);
    Block *block = find(index);
    if (!block && !delta["reasoningContent"].is_object()) {
        text(Kind::Text, 0, delta["text"].text(), sink);
        return {};
    }
    if (!block)
        block = open(index, Type::Thinking);
    if (!block)
        return too_many();
    switch (block->type) {
    case Type::Tool:
        text(Kind::ToolArgs, block->ordinal, delta["toolUse"]["input"].text(), sink);
        break;
    case Type::Thinking:
        return thinking_delta(*block, delta["reasoningContent"], sink);
    case Type::Ignored:
        break;
    }
    return {};
}

Reader::Done Reader::thinking_delta(Block &block, JsonValue piece, DeltaSink &sink) {
    text(Kind::Reasoning, block.ordinal, piece["text"].text(), sink);
    text(Kind::Signature, block.ordinal, piece["signature"].text(), sink);
    piece["redactedContent"].text().decode_to(block.redacted);
    if (block.redacted.size() > kMaxRedactedBytes)
        return chat::fail(broken_answer("The provider sent too much redacted thinking."));
    return {};
}

void Reader::block_stop(int64_t index, DeltaSink &sink) {
    Block *block = find(index);
    if (!block)
        return;
    close(*block, sink);
    open_.erase(open_.begin() + (block - open_.data()));
}

void Reader::close(Block &block, DeltaSink &sink) {
    if (block.type == Type::Tool) {
        Delta delta{.kind = Kind::ToolEnd};
        delta.index = block.ordinal;
        sink.on_delta(delta);
    }
    if (!block.redacted.empty())
        redacted(block.ordinal, block.redacted, sink);
}

Reader::Done Reader::message_stop(JsonValue event, DeltaSink &sink) {
    start(sink);
    if (is_malformed(event["stopReason"]))
        return chat::fail(broken_answer("The model's output was malformed."));
    stopped(event["stopReason"], event["additionalModelResponseFields"], sink);
    if (counted_)
        end(sink);
    return {};
}

void Reader::metadata(JsonValue event, DeltaSink &sink) {
    start(sink);
    told(event["usage"], sink);
    if (finished_)
        end(sink);
}

// --- whole answers

Reader::Done Reader::answer(const JsonDoc &doc, DeltaSink &sink) {
    const JsonValue root = doc.root();
    const JsonValue message = root["output"]["message"];
    if (!message.is_object()) {
        // A framework's error, or a guardrail's, under a status of 200.
        const JsonValue type = root["Output"]["__type"] ? root["Output"]["__type"] : root["__type"];
        if (type.is_string() || root["message"].is_string())
            return chat::fail(stream_exception(type.text().escaped, root));
        return chat::fail(broken_answer("The provider's answer is not a message."));
    }
    if (is_malformed(root["stopReason"]))
        return chat::fail(broken_answer("The model's output was malformed."));
    start(sink);
    for (const JsonValue content : message["content"].elements())
        whole_block(content, sink);
    stopped(root["stopReason"], root["additionalModelResponseFields"], sink);
    told(root["usage"], sink);
    end(sink);
    return {};
}

void Reader::whole_block(JsonValue content, DeltaSink &sink) {
    const JsonValue thinking = content["reasoningContent"];
    if (content["text"]) {
        text(Kind::Text, 0, content["text"].text(), sink);
    } else if (const JsonValue tool = content["toolUse"]; tool.is_object() && !is_server_tool(tool)) {
        whole_tool(tool, sink);
    } else if (thinking.is_object()) {
        const uint32_t ordinal = thoughts_++;
        text(Kind::Reasoning, ordinal, thinking["reasoningText"]["text"].text(), sink);
        text(Kind::Signature, ordinal, thinking["reasoningText"]["signature"].text(), sink);
        if (thinking["redactedContent"].is_string())
            redacted(ordinal, thinking["redactedContent"].text().decode(), sink);
    } else if (content["citationsContent"]) {
        citations(content["citationsContent"], sink);
    }
}

void Reader::whole_tool(JsonValue tool, DeltaSink &sink) {
    Block block{.index = 0, .type = Type::Tool, .ordinal = tools_++, .redacted = {}};
    tool_start(tool, sink);
    if (tool["input"].size() > 0) {
        std::string input;
        anthropic::append_compact_escaped(input, tool["input"].raw());
        text(Kind::ToolArgs, block.ordinal, {input}, sink);
    }
    close(block, sink);
}

// The text that is backed by sources stands here and nowhere else; in streams it comes as text.
void Reader::citations(JsonValue content, DeltaSink &sink) {
    for (const JsonValue piece : content["content"].elements())
        text(Kind::Text, 0, piece["text"].text(), sink);
}

// --- both

void Reader::start(DeltaSink &sink) {
    if (started_)
        return;
    started_ = true;
    sink.on_delta({.kind = Kind::Start});  // Converse names neither itself nor the model
}

void Reader::end(DeltaSink &sink) {
    if (whole_)
        return;
    whole_ = true;
    sink.on_delta({.kind = Kind::End});
}

void Reader::tool_start(JsonValue tool, DeltaSink &sink) {
    Delta delta{.kind = Kind::ToolStart};
    delta.index = tools_ - 1;
    delta.id = tool["toolUseId"].text();
    delta.name = tool["name"].text();
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

void Reader::redacted(uint32_t ordinal, const std::string &content, DeltaSink &sink) {
    std::string escaped;
    append_json_escaped(escaped, unwrap_redacted(content));
    text(Kind::Redacted, ordinal, {escaped}, sink);
}

void Reader::stopped(JsonValue reason, JsonValue fields, DeltaSink &sink) {
    if (finished_)
        return;
    finished_ = true;
    for (Block &block : open_)
        close(block, sink);
    open_.clear();
    Delta delta{.kind = Kind::Finish};
    delta.text = reason.text();
    delta.finish = finish_of(reason);
    delta.stop_sequence = fields["stop_sequence"].text();
    if (delta.stop_sequence.empty())
        delta.stop_sequence = fields["delta"]["stop_sequence"].text();
    sink.on_delta(delta);
}

void Reader::told(JsonValue value, DeltaSink &sink) {
    if (!value.is_object())
        return;
    counted_ = true;
    const chat::Usage usage = usage_of(value);
    Delta delta{.kind = Kind::Usage};
    delta.usage = &usage;
    sink.on_delta(delta);
}

Reader::Block *Reader::find(int64_t index) {
    const auto found = std::find_if(open_.begin(), open_.end(), [&](const Block &b) { return b.index == index; });
    return found == open_.end() ? nullptr : &*found;
}

// Null: too many are open.
Reader::Block *Reader::open(int64_t index, Type type) {
    if (open_.size() >= kMaxOpenBlocks)
        return nullptr;
    const uint32_t ordinal = type == Type::Tool ? tools_++ : type == Type::Thinking ? thoughts_++ : 0;
    open_.push_back({.index = index, .type = type, .ordinal = ordinal, .redacted = {}});
    return &open_.back();
}

}  // namespace

std::unique_ptr<ResponseReader> make_response_reader() {
    return std::make_unique<Reader>();
}

}  // namespace aigw::dialects::bedrock
