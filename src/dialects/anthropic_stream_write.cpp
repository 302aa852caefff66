// The stream: message_start, a ping as the API itself sends one, blocks one after the other, and only at the end the
// stop reason, because the usage goes with it and comes last from OpenAI's side. No signature is ever made up.
#include <string>

#include "core/json_writer.h"
#include "dialects/anthropic_blocks.h"
#include "dialects/anthropic_errors.h"
#include "dialects/anthropic_response_write.h"
#include "dialects/anthropic_stop.h"
#include "dialects/anthropic_usage.h"
#include "dialects/common.h"
#include "dialects/signature.h"
#include "stream/sse.h"

namespace aigw::dialects::anthropic {

using chat::Delta;
using Kind = chat::Delta::Kind;

namespace {

class StreamWriter final : public ResponseWriter {
public:
    explicit StreamWriter(const AnswerOptions &options) : options_(options) { usage_.prompt = options.input_tokens; }
    void write(const Delta &delta, std::string &out) override;

private:
    void content(const Delta &delta, std::string &out);
    void flush(std::string &out);
    void start(JsonText id, JsonText model, std::string &out);
    void block_start(const Block &block, std::string &out);
    void block_delta(std::string_view type, std::string_view member, JsonText text, std::string &out);
    void block_text(const Block &block, JsonText text, std::string &out);
    void block_stop(std::string &out);
    void end(std::string &out);
    void fail(const chat::ApiError &error, std::string &out);
    void emit(std::string_view name, std::string &out);

    AnswerOptions options_;
    BlockQueue queue_;
    size_t waiting_ = 0;        // bytes in blocks behind the first
    int64_t index_ = 0;         // of the first block of the queue, on the wire
    bool opened_ = false;       // that block's start was written
    bool started_ = false;
    bool done_ = false;
    chat::Usage usage_;
    chat::FinishReason finish_ = chat::FinishReason::None;
    std::string own_reason_, stop_sequence_;  // escaped
    std::string json_;                        // of the event being written
};

void StreamWriter::write(const Delta &delta, std::string &out) {
    if (done_ || delta.choice != 0)
        return;
    switch (delta.kind) {
    case Kind::Start:
        return start(delta.id, delta.name, out);
    case Kind::Finish:
        finish_ = delta.finish;
        own_reason_ = delta.text.escaped;
        stop_sequence_ = delta.stop_sequence.escaped;
        queue_.end_all();
        return flush(out);
    case Kind::Usage:
        usage_ = *delta.usage;
        return;
    case Kind::End:
        return end(out);
    case Kind::Error:
        return fail(*delta.error, out);
    case Kind::ToolEnd:
        queue_.end_tool(delta.index);
        return flush(out);
    default:
        return content(delta, out);
    }
}

void StreamWriter::content(const Delta &delta, std::string &out) {
    if (delta.kind == Kind::ToolStart && !delta.signature.empty()) {
        std::string &signature = queue_.signature_block().signature;
        signature.append(kGeminiCallPrefix).append(delta.signature.escaped);
        waiting_ += signature.size();
    }
    Block *block = queue_.block_of(delta);
    if (!block)
        return;
    start({}, {}, out);
    if (delta.kind == Kind::ToolStart) {
        block->id = delta.id.escaped;
        block->name = delta.name.escaped;
    } else if (delta.kind == Kind::ToolArgs) {
        block->progress.feed(delta.text);
    }
    if (opened_ && block == &queue_.blocks().front() && delta.kind != Kind::Signature) {
        block_text(*block, delta.text, out);
        return;
    }
    std::string &to = delta.kind == Kind::Signature ? block->signature : block->text;
    const size_t before = to.size();
    if (delta.kind == Kind::Signature || delta.kind == Kind::Redacted)
        to += signature_prefix(delta.signer);
    to += delta.text.escaped;
    waiting_ += to.size() - before;
    flush(out);
    if (waiting_ > kMaxWaitingBytes)
        fail(broken_answer("The provider's tool calls are too large to be put in order."), out);
}

// Writes what became writable: ends the first block when nothing more comes, and catches up with the next.
void StreamWriter::flush(std::string &out) {
    std::deque<Block> &blocks = queue_.blocks();
    while (!blocks.empty()) {
        Block &first = blocks.front();
        if (!opened_)
            block_start(first, out);
        waiting_ -= first.text.size() + first.signature.size();
        if (first.type != Block::Type::Redacted)
            block_text(first, {first.text}, out);
        if (!first.signature.empty())
            block_delta("signature_delta", "signature", {first.signature}, out);
        first.text.clear();
        first.signature.clear();
        if (!first.ended)
            return;
        block_stop(out);
        blocks.pop_front();
    }
}

void StreamWriter::start(JsonText id, JsonText model, std::string &out) {
    if (started_)
        return;
    started_ = true;
    JsonWriter json(json_);
    json.begin_object().key("type").string("message_start").key("message").begin_object();
    json.key("id");
    id.empty() ? json.string(options_.fallback_id) : json.text(id);
    json.key("type").string("message").key("role").string("assistant").key("model");
    model.empty() ? json.string(options_.model) : json.text(model);
    json.key("content").begin_array().end_array().key("stop_reason").null().key("stop_sequence").null().key("usage");
    chat::Usage first = usage_;
    first.completion = first.reasoning = 0;
    write_usage(json, first);
    json.end_object().end_object();
    emit("message_start", out);
    JsonWriter(json_).begin_object().key("type").string("ping").end_object();
    emit("ping", out);
}

void StreamWriter::block_start(const Block &block, std::string &out) {
    opened_ = true;
    JsonWriter json(json_);
    json.begin_object().key("type").string("content_block_start").key("index").number(index_);
    json.key("content_block").begin_object().key("type");
    switch (block.type) {
    case Block::Type::Text:
        json.string("text").key("text").string("");
        break;
    case Block::Type::Thinking:
        json.string("thinking").key("thinking").string("").key("signature").string("");
        break;
    case Block::Type::Redacted:
        json.string("redacted_thinking").key("data").text({block.text});
        break;
    case Block::Type::ToolUse:
        json.string("tool_use").key("id").text({block.id}).key("name").text({block.name});
        json.key("input").begin_object().end_object();
        break;
    }
    json.end_object().end_object();
    emit("content_block_start", out);
}

void StreamWriter::block_text(const Block &block, JsonText text, std::string &out) {
    if (text.empty())
        return;
    if (block.type == Block::Type::Text)
        block_delta("text_delta", "text", text, out);
    else if (block.type == Block::Type::Thinking)
        block_delta("thinking_delta", "thinking", text, out);
    else if (block.type == Block::Type::ToolUse)
        block_delta("input_json_delta", "partial_json", text, out);
}

void StreamWriter::block_delta(std::string_view type, std::string_view member, JsonText text, std::string &out) {
    JsonWriter json(json_);
    json.begin_object().key("type").string("content_block_delta").key("index").number(index_);
    json.key("delta").begin_object().key("type").string(type).key(member).text(text).end_object().end_object();
    emit("content_block_delta", out);
}

void StreamWriter::block_stop(std::string &out) {
    JsonWriter(json_).begin_object().key("type").string("content_block_stop").key("index").number(index_).end_object();
    emit("content_block_stop", out);
    ++index_;
    opened_ = false;
}

void StreamWriter::end(std::string &out) {
    start({}, {}, out);
    queue_.end_all();
    flush(out);
    done_ = true;
    JsonWriter json(json_);
    json.begin_object().key("type").string("message_delta").key("delta").begin_object().key("stop_reason");
    json.string(stop_reason_of(finish_, {own_reason_}, !stop_sequence_.empty(), queue_.called_tools()));
    json.key("stop_sequence");
    stop_sequence_.empty() ? json.null() : json.text({stop_sequence_});
    json.end_object().key("usage");
    write_usage(json, usage_);
    json.end_object();
    emit("message_delta", out);
    JsonWriter(json_).begin_object().key("type").string("message_stop").end_object();
    emit("message_stop", out);
}

void StreamWriter::fail(const chat::ApiError &error, std::string &out) {
    done_ = true;
    write_error_event(error, {}, out);
}

void StreamWriter::emit(std::string_view name, std::string &out) {
    append_sse(out, name, json_);
    json_.clear();
}

}  // namespace

std::unique_ptr<ResponseWriter> make_stream_writer(const AnswerOptions &options) {
    return std::make_unique<StreamWriter>(options);
}

}  // namespace aigw::dialects::anthropic
