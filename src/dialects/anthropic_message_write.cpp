// The whole message, written at the end. Arguments that are no JSON object (the model was cut off in them) stay visible
// as {"INVALID_JSON": "..."}, the form in which Anthropic's documentation has callers hand them back.
#include <string>

#include "core/json_writer.h"
#include "dialects/anthropic_blocks.h"
#include "dialects/anthropic_errors.h"
#include "dialects/anthropic_response_write.h"
#include "dialects/anthropic_stop.h"
#include "dialects/anthropic_usage.h"
#include "dialects/signature.h"

namespace aigw::dialects::anthropic {

using chat::Delta;
using Kind = chat::Delta::Kind;

namespace {

class MessageWriter final : public ResponseWriter {
public:
    explicit MessageWriter(const AnswerOptions &options) : options_(options) { usage_.prompt = options.input_tokens; }
    void write(const Delta &delta, std::string &out) override;

private:
    void content(const Delta &delta);
    void end(std::string &out);
    void block(JsonWriter &json, const Block &block);
    void input(JsonWriter &json, JsonText arguments);

    AnswerOptions options_;
    BlockQueue queue_;
    bool done_ = false;
    chat::Usage usage_;
    chat::FinishReason finish_ = chat::FinishReason::None;
    std::string id_, model_, own_reason_, stop_sequence_;  // escaped
    JsonParser parser_;
};

void MessageWriter::write(const Delta &delta, std::string &out) {
    if (done_ || delta.choice != 0)
        return;
    switch (delta.kind) {
    case Kind::Start:
        id_ = delta.id.escaped;
        model_ = delta.name.escaped;
        return;
    case Kind::Finish:
        finish_ = delta.finish;
        own_reason_ = delta.text.escaped;
        stop_sequence_ = delta.stop_sequence.escaped;
        return;
    case Kind::Usage:
        usage_ = *delta.usage;
        return;
    case Kind::End:
        return end(out);
    case Kind::Error:
        done_ = true;
        out += write_error(*delta.error, {});
        return;
    case Kind::ToolEnd:
        return queue_.end_tool(delta.index);
    default:
        return content(delta);
    }
}

void MessageWriter::content(const Delta &delta) {
    if (delta.kind == Kind::ToolStart && !delta.signature.empty())
        queue_.signature_block().signature.append(kGeminiCallPrefix).append(delta.signature.escaped);
    Block *block = queue_.block_of(delta);
    if (!block)
        return;
    if (delta.kind == Kind::ToolStart) {
        block->id = delta.id.escaped;
        block->name = delta.name.escaped;
    } else if (delta.kind == Kind::Signature) {
        if (block->signature.empty())
            block->signature = signature_prefix(delta.signer);
        block->signature += delta.text.escaped;
    } else {
        if (delta.kind == Kind::Redacted)
            block->text = signature_prefix(delta.signer);
        block->text += delta.text.escaped;
    }
    if (delta.kind == Kind::ToolArgs)
        block->progress.feed(delta.text);
}

void MessageWriter::end(std::string &out) {
    done_ = true;
    JsonWriter json(out);
    json.begin_object().key("id");
    id_.empty() ? json.string(options_.fallback_id) : json.text({id_});
    json.key("type").string("message").key("role").string("assistant").key("model");
    model_.empty() ? json.string(options_.model) : json.text({model_});
    json.key("content").begin_array();
    for (const Block &content : queue_.blocks())
        block(json, content);
    json.end_array().key("stop_reason");
    json.string(stop_reason_of(finish_, {own_reason_}, !stop_sequence_.empty(), queue_.called_tools()));
    json.key("stop_sequence");
    stop_sequence_.empty() ? json.null() : json.text({stop_sequence_});
    json.key("usage");
    write_usage(json, usage_);
    json.end_object();
}

void MessageWriter::block(JsonWriter &json, const Block &block) {
    json.begin_object().key("type");
    switch (block.type) {
    case Block::Type::Text:
        json.string("text").key("text").text({block.text});
        break;
    case Block::Type::Thinking:
        json.string("thinking").key("thinking").text({block.text}).key("signature").text({block.signature});
        break;
    case Block::Type::Redacted:
        json.string("redacted_thinking").key("data").text({block.text});
        break;
    case Block::Type::ToolUse:
        json.string("tool_use").key("id").text({block.id}).key("name").text({block.name});
        json.key("input");
        input(json, {block.text});
        break;
    }
    json.end_object();
}

void MessageWriter::input(JsonWriter &json, JsonText arguments) {
    if (is_blank(arguments)) {
        json.begin_object().end_object();
        return;
    }
    const std::string decoded = arguments.decode();
    JsonDoc doc;
    if (parser_.parse(decoded, doc) && doc.root().is_object())
        json.raw(doc.root().raw());
    else
        json.begin_object().key("INVALID_JSON").text(arguments).end_object();
}

}  // namespace

std::unique_ptr<ResponseWriter> make_message_writer(const AnswerOptions &options) {
    return std::make_unique<MessageWriter>(options);
}

}  // namespace aigw::dialects::anthropic
