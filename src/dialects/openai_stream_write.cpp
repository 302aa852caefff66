// Deltas for an OpenAI caller as chunks. Escaped texts are copied as they are.
//
// Thinking goes out twice: as reasoning_content, which many clients show, and as thinking_blocks with the signatures, which
// a client must send back for the tool loop to go on. Entries carry `index`, by which openai-python joins their pieces.
#include <vector>

#include "dialects/openai_chat.h"
#include "dialects/openai_citation.h"
#include "dialects/signature.h"

namespace aigw::dialects::openai {

using chat::Delta;
using chat::FinishReason;
using Kind = chat::Delta::Kind;

std::string_view finish_word(FinishReason reason) {
    switch (reason) {
    case FinishReason::Length:
        return "length";
    case FinishReason::ToolCalls:
        return "tool_calls";
    case FinishReason::ContentFilter:
        return "content_filter";
    default:
        return "stop";
    }
}

std::string head_of(const Delta &start, std::string_view object, const AnswerOptions &options) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("id");
    if (start.id.empty()) {
        json.string(options.fallback_id);
    } else {
        json.text(start.id);
    }
    json.key("object").string(object).key("created").number(options.created).key("model");
    if (start.name.empty()) {
        json.string(options.model);
    } else {
        json.text(start.name);
    }
    return out.substr(1) + ',';
}

void append_cited(const Delta &citation, std::string &out) {
    const bool told = citation.begin >= 0;
    out.append("\"start_index\":").append(std::to_string(told ? citation.begin : 0));
    out.append(",\"end_index\":").append(std::to_string(told ? citation.end : 0));
    out.append(",\"title\":\"").append(citation.name.escaped).append("\",\"url\":\"").append(citation.id.escaped).append(1, '"');
}

namespace {

class StreamWriter final : public ResponseWriter {
public:
    explicit StreamWriter(const AnswerOptions &options) : options_(options) {}

    void write(const Delta &delta, std::string &out) override {
        if (ended_) return;
        switch (delta.kind) {
        case Kind::Start:
            begin(delta);
            role(choice(delta.choice), out);
            break;
        case Kind::Usage:
            usage_ = *delta.usage;
            break;
        case Kind::End:
            end(out);
            break;
        case Kind::Error:
            ended_ = true;
            write_error_event(*delta.error, out);
            break;
        default:
            content(delta, out);
        }
    }

private:
    struct Choice {
        uint32_t number;
        bool role_told = false;
        bool finished = false;
        std::vector<bool> has_args;  // by tool call
    };

    void begin(const Delta &start) {
        if (head_.empty()) head_ = head_of(start, "chat.completion.chunk", options_);
    }

    Choice &choice(uint32_t number) {
        for (Choice &known : choices_) {
            if (known.number == number) return known;
        }
        return choices_.emplace_back(Choice{number, false, false, {}});
    }

    void open(const Choice &choice, std::string &out) {
        if (head_.empty()) begin(Delta{.kind = Kind::Start});
        out.append("data: {").append(head_).append("\"choices\":[{\"index\":").append(std::to_string(choice.number));
        out.append(",\"delta\":{");
    }

    void close(std::string_view finish, std::string &out) {
        out.append("},\"finish_reason\":");
        if (finish.empty()) {
            out.append("null");
        } else {
            out.append(1, '"').append(finish).append(1, '"');
        }
        out.append("}]").append(options_.include_usage ? ",\"usage\":null}\n\n" : "}\n\n");
    }

    void role(Choice &choice, std::string &out) {
        if (choice.role_told) return;
        choice.role_told = true;
        open(choice, out);
        out.append("\"role\":\"assistant\",\"content\":\"\"");
        close({}, out);
    }

    void member(const Choice &choice, std::string_view name, JsonText text, std::string &out) {
        if (text.empty()) return;
        open(choice, out);
        out.append(1, '"').append(name).append("\":\"").append(text.escaped).append(1, '"');
        close({}, out);
    }

    void logprobs(const Choice &choice, std::string_view elements, std::string &out) {
        open(choice, out);
        out.append("},\"logprobs\":{\"content\":[").append(elements).append("],\"refusal\":null");
        close({}, out);
    }

    void citation(const Choice &choice, const Delta &delta, std::string &out) {
        open(choice, out);
        out.append("\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":{");
        append_cited(delta, out);
        out.append("}}]");
        close({}, out);
    }

    void thinking(const Choice &choice, const Delta &delta, std::string &out) {
        if (delta.text.empty()) return;
        open(choice, out);
        if (delta.kind == Kind::Reasoning) {
            out.append("\"reasoning_content\":\"").append(delta.text.escaped).append("\",");
        }
        out.append("\"thinking_blocks\":[{\"index\":").append(std::to_string(delta.index)).append(",\"type\":\"");
        out.append(delta.kind == Kind::Redacted    ? "redacted_thinking\",\"data"
                   : delta.kind == Kind::Signature ? "thinking\",\"signature"
                                                   : "thinking\",\"thinking");
        out.append("\":\"");
        if (delta.kind != Kind::Reasoning) out.append(signature_prefix(delta.signer));
        out.append(delta.text.escaped).append("\"}]");
        close({}, out);
    }

    void tool_start(Choice &choice, const Delta &delta, std::string &out) {
        open(choice, out);
        out.append("\"tool_calls\":[{\"index\":").append(std::to_string(delta.index));
        out.append(",\"id\":\"").append(delta.id.escaped).append("\",\"type\":\"function\",\"function\":{\"name\":\"");
        out.append(delta.name.escaped).append("\",\"arguments\":\"\"}");
        if (!delta.signature.empty()) {  // in Google's own place for it
            out.append(",\"extra_content\":{\"google\":{\"thought_signature\":\"").append(delta.signature.escaped);
            out.append("\"}}");
        }
        out.append("}]");
        close({}, out);
        if (choice.has_args.size() <= delta.index) choice.has_args.resize(delta.index + 1);
    }

    void tool_args(Choice &choice, uint32_t index, std::string_view escaped, std::string &out) {
        if (escaped.empty() || index >= choice.has_args.size()) return;
        choice.has_args[index] = true;
        open(choice, out);
        out.append("\"tool_calls\":[{\"index\":").append(std::to_string(index));
        out.append(",\"function\":{\"arguments\":\"").append(escaped).append("\"}}]");
        close({}, out);
    }

    void finish(Choice &choice, FinishReason reason, std::string &out) {
        choice.finished = true;
        open(choice, out);
        close(finish_word(reason), out);
    }

    void content(const Delta &delta, std::string &out) {
        Choice &to = choice(delta.choice);
        if (to.finished) return;
        role(to, out);
        switch (delta.kind) {
        case Kind::Text:
            return member(to, "content", delta.text, out);
        case Kind::Refusal:
            return member(to, "refusal", delta.text, out);
        case Kind::Reasoning:
        case Kind::Signature:
        case Kind::Redacted:
            return thinking(to, delta, out);
        case Kind::Logprobs:
            return logprobs(to, delta.raw, out);
        case Kind::Citation:
            return citation(to, delta, out);
        case Kind::ToolStart:
            return tool_start(to, delta, out);
        case Kind::ToolArgs:
            return tool_args(to, delta.index, delta.text.escaped, out);
        case Kind::ToolEnd:
            if (delta.index < to.has_args.size() && !to.has_args[delta.index]) tool_args(to, delta.index, "{}", out);
            return;
        case Kind::Finish:
            return finish(to, delta.finish, out);
        default:
            return;
        }
    }

    void end(std::string &out) {
        ended_ = true;
        if (options_.include_usage && usage_) {
            if (head_.empty()) begin(Delta{.kind = Kind::Start});
            out.append("data: {").append(head_).append("\"choices\":[],\"usage\":");
            append_usage(out, *usage_);
            out.append("}\n\n");
        }
        out.append("data: [DONE]\n\n");
    }

    AnswerOptions options_;
    std::string head_;
    std::vector<Choice> choices_;
    std::optional<chat::Usage> usage_;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<ResponseWriter> stream_writer(const AnswerOptions &options) { return std::make_unique<StreamWriter>(options); }

}  // namespace aigw::dialects::openai
