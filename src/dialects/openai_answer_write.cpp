// Deltas for an OpenAI caller as one chat.completion, written at End. It holds the whole answer until then.
#include <vector>

#include "dialects/openai_chat.h"
#include "dialects/openai_citation.h"
#include "dialects/signature.h"

namespace aigw::dialects::openai {

using chat::Delta;
using chat::FinishReason;
using Kind = chat::Delta::Kind;

namespace {

class JsonAnswerWriter final : public ResponseWriter {
public:
    explicit JsonAnswerWriter(const AnswerOptions &options) : options_(options) {}

    void write(const Delta &delta, std::string &out) override {
        if (ended_) return;
        switch (delta.kind) {
        case Kind::Start:
            if (head_.empty()) head_ = head_of(delta, "chat.completion", options_);
            choice(delta.choice);
            break;
        case Kind::Usage:
            usage_ = *delta.usage;
            break;
        case Kind::End:
            ended_ = true;
            write_answer(out);
            break;
        case Kind::Error:
            ended_ = true;
            out.append(write_error(*delta.error));
            break;
        default:
            content(delta, choice(delta.choice));
        }
    }

private:
    // All texts escaped.
    struct Block {
        bool redacted = false;
        std::string text, signature;
    };
    struct Call {
        std::string id, name, arguments, signature;
    };
    struct Choice {
        uint32_t number;
        std::string text, refusal, reasoning;
        std::string logprobs, annotations;  // elements of the lists
        std::vector<Block> blocks;
        std::vector<Call> calls;
        FinishReason finish = FinishReason::Stop;
    };

    Choice &choice(uint32_t number) {
        for (Choice &known : choices_) {
            if (known.number == number) return known;
        }
        choices_.emplace_back().number = number;
        return choices_.back();
    }

    // The entry `index`, which is at most one past the last: indexes are ordinals.
    template <class T>
    static T *at(std::vector<T> &list, uint32_t index) {
        if (index == list.size()) list.emplace_back();
        return index < list.size() ? &list[index] : nullptr;
    }

    static void thinking(const Delta &delta, Choice &to) {
        Block *block = at(to.blocks, delta.index);
        if (!block) return;
        if (delta.kind == Kind::Signature) {
            if (block->signature.empty()) block->signature = signature_prefix(delta.signer);
            block->signature.append(delta.text.escaped);
            return;
        }
        block->redacted = delta.kind == Kind::Redacted;
        if (block->redacted) block->text = signature_prefix(delta.signer);
        block->text.append(delta.text.escaped);
        if (delta.kind == Kind::Reasoning) to.reasoning.append(delta.text.escaped);
    }

    static void content(const Delta &delta, Choice &to) {
        switch (delta.kind) {
        case Kind::Text:
            to.text.append(delta.text.escaped);
            break;
        case Kind::Refusal:
            to.refusal.append(delta.text.escaped);
            break;
        case Kind::Reasoning:
        case Kind::Signature:
        case Kind::Redacted:
            thinking(delta, to);
            break;
        case Kind::Logprobs:
            to.logprobs.append(to.logprobs.empty() ? "" : ",").append(delta.raw);
            break;
        case Kind::Citation:
            to.annotations.append(to.annotations.empty() ? "" : ",").append("{\"type\":\"url_citation\",\"url_citation\":{");
            append_cited(delta, to.annotations);
            to.annotations.append("}}");
            break;
        case Kind::ToolStart:
            if (Call *call = at(to.calls, delta.index)) {
                call->id = delta.id.escaped;
                call->name = delta.name.escaped;
                call->signature = delta.signature.escaped;
            }
            break;
        case Kind::ToolArgs:
            if (delta.index < to.calls.size()) to.calls[delta.index].arguments.append(delta.text.escaped);
            break;
        case Kind::Finish:
            to.finish = delta.finish;
            break;
        default:
            break;
        }
    }

    static void write_blocks(const Choice &choice, JsonWriter &json) {
        bool worth = false;  // unsigned text alone is reasoning_content's business
        for (const Block &block : choice.blocks) {
            worth |= block.redacted || !block.signature.empty();
        }
        if (!worth) return;
        json.key("thinking_blocks").begin_array();
        for (const Block &block : choice.blocks) {
            json.begin_object().key("type").string(block.redacted ? "redacted_thinking" : "thinking");
            json.key(block.redacted ? "data" : "thinking").text(JsonText{block.text});
            if (!block.signature.empty()) json.key("signature").text(JsonText{block.signature});
            json.end_object();
        }
        json.end_array();
    }

    static void write_calls(const Choice &choice, JsonWriter &json) {
        if (choice.calls.empty()) return;
        json.key("tool_calls").begin_array();
        for (const Call &call : choice.calls) {
            json.begin_object().key("id").text(JsonText{call.id}).key("type").string("function");
            json.key("function").begin_object().key("name").text(JsonText{call.name});
            json.key("arguments").text(JsonText{call.arguments.empty() ? std::string_view("{}") : call.arguments});
            json.end_object();
            if (!call.signature.empty()) {  // in Google's own place for it
                json.key("extra_content").begin_object().key("google").begin_object();
                json.key("thought_signature").text(JsonText{call.signature}).end_object().end_object();
            }
            json.end_object();
        }
        json.end_array();
    }

    static void write_choice(const Choice &choice, JsonWriter &json) {
        json.begin_object().key("index").number(choice.number);
        json.key("message").begin_object().key("role").string("assistant").key("content");
        if (choice.text.empty() && (!choice.calls.empty() || !choice.refusal.empty())) {
            json.null();
        } else {
            json.text(JsonText{choice.text});
        }
        json.key("refusal");
        if (choice.refusal.empty()) {
            json.null();
        } else {
            json.text(JsonText{choice.refusal});
        }
        if (!choice.annotations.empty()) json.key("annotations").raw("[" + choice.annotations + "]");
        if (!choice.reasoning.empty()) json.key("reasoning_content").text(JsonText{choice.reasoning});
        write_blocks(choice, json);
        write_calls(choice, json);
        json.end_object();
        json.key("logprobs");
        if (choice.logprobs.empty()) {
            json.null();
        } else {
            json.begin_object().key("content").raw("[" + choice.logprobs + "]").key("refusal").null().end_object();
        }
        json.key("finish_reason").string(finish_word(choice.finish)).end_object();
    }

    void write_answer(std::string &out) {
        if (head_.empty()) head_ = head_of(Delta{.kind = Kind::Start}, "chat.completion", options_);
        out.append(1, '{').append(head_).append("\"choices\":");
        JsonWriter json(out);
        json.begin_array();
        for (const Choice &choice : choices_) {
            write_choice(choice, json);
        }
        json.end_array();
        if (usage_) {
            out.append(",\"usage\":");
            append_usage(out, *usage_);
        }
        out.append(1, '}');
    }

    AnswerOptions options_;
    std::string head_;
    std::vector<Choice> choices_;
    std::optional<chat::Usage> usage_;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<ResponseWriter> answer_writer(const AnswerOptions &options) {
    return std::make_unique<JsonAnswerWriter>(options);
}

}  // namespace aigw::dialects::openai
