// Deltas for a caller of legacy completions, who knows texts alone: a refusal is one too; thinking has no place.
#include <vector>

#include "dialects/completions.h"
#include "dialects/openai_chat.h"

namespace aigw::dialects::completions {

using chat::Delta;
using chat::FinishReason;
using Kind = chat::Delta::Kind;

namespace {

constexpr std::string_view kObject = "text_completion";

bool is_text(const Delta &delta) { return delta.kind == Kind::Text || delta.kind == Kind::Refusal; }

// Nobody can call a tool.
std::string_view word_of(FinishReason reason) {
    return openai::finish_word(reason == FinishReason::ToolCalls ? FinishReason::Stop : reason);
}

void append_choice(uint32_t number, std::string_view escaped, std::string_view finish, std::string &out) {
    out.append("{\"text\":\"").append(escaped).append("\",\"index\":").append(std::to_string(number));
    out.append(",\"logprobs\":null,\"finish_reason\":");
    if (finish.empty()) {
        out.append("null}");
    } else {
        out.append(1, '"').append(finish).append("\"}");
    }
}

class StreamWriter final : public ResponseWriter {
public:
    explicit StreamWriter(const AnswerOptions &options) : options_(options) {}

    void write(const Delta &delta, std::string &out) override {
        if (ended_) return;
        switch (delta.kind) {
        case Kind::Start:
            begin(delta);
            break;
        case Kind::Text:
        case Kind::Refusal:
            if (!delta.text.empty()) chunk(delta.choice, delta.text.escaped, {}, out);
            break;
        case Kind::Finish:
            chunk(delta.choice, {}, word_of(delta.finish), out);
            break;
        case Kind::Usage:
            usage_ = *delta.usage;
            break;
        case Kind::End:
            end(out);
            break;
        case Kind::Error:
            ended_ = true;
            openai::write_error_event(*delta.error, out);
            break;
        default:
            break;
        }
    }

private:
    void begin(const Delta &start) {
        if (head_.empty()) head_ = openai::head_of(start, kObject, options_);
    }

    void chunk(uint32_t choice, std::string_view text, std::string_view finish, std::string &out) {
        begin(Delta{.kind = Kind::Start});
        out.append("data: {").append(head_).append("\"choices\":[");
        append_choice(choice, text, finish, out);
        out.append(options_.include_usage ? "],\"usage\":null}\n\n" : "]}\n\n");
    }

    void end(std::string &out) {
        ended_ = true;
        if (options_.include_usage && usage_) {
            begin(Delta{.kind = Kind::Start});
            out.append("data: {").append(head_).append("\"choices\":[],\"usage\":");
            openai::append_usage(out, *usage_);
            out.append("}\n\n");
        }
        out.append("data: [DONE]\n\n");
    }

    AnswerOptions options_;
    std::string head_;
    std::optional<chat::Usage> usage_;
    bool ended_ = false;
};

class JsonAnswerWriter final : public ResponseWriter {
public:
    explicit JsonAnswerWriter(const AnswerOptions &options) : options_(options) {}

    void write(const Delta &delta, std::string &out) override {
        if (ended_) return;
        if (delta.kind == Kind::Start) {
            if (head_.empty()) head_ = openai::head_of(delta, kObject, options_);
            choice(delta.choice);
        } else if (is_text(delta)) {
            choice(delta.choice).text.append(delta.text.escaped);
        } else if (delta.kind == Kind::Finish) {
            choice(delta.choice).finish = delta.finish;
        } else if (delta.kind == Kind::Usage) {
            usage_ = *delta.usage;
        } else if (delta.kind == Kind::End) {
            ended_ = true;
            write_answer(out);
        } else if (delta.kind == Kind::Error) {
            ended_ = true;
            out.append(openai::write_error(*delta.error));
        }
    }

private:
    struct Choice {
        uint32_t number;
        std::string text;  // escaped
        FinishReason finish = FinishReason::Stop;
    };

    Choice &choice(uint32_t number) {
        for (Choice &known : choices_) {
            if (known.number == number) return known;
        }
        return choices_.emplace_back(Choice{number, {}, FinishReason::Stop});
    }

    void write_answer(std::string &out) {
        if (head_.empty()) head_ = openai::head_of(Delta{.kind = Kind::Start}, kObject, options_);
        out.append(1, '{').append(head_).append("\"choices\":[");
        for (size_t i = 0; i < choices_.size(); ++i) {
            if (i > 0) out.append(1, ',');
            append_choice(choices_[i].number, choices_[i].text, word_of(choices_[i].finish), out);
        }
        out.append(1, ']');
        if (usage_) {
            out.append(",\"usage\":");
            openai::append_usage(out, *usage_);
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

std::unique_ptr<ResponseWriter> stream_writer(const AnswerOptions &options) { return std::make_unique<StreamWriter>(options); }

std::unique_ptr<ResponseWriter> answer_writer(const AnswerOptions &options) {
    return std::make_unique<JsonAnswerWriter>(options);
}

}  // namespace aigw::dialects::completions
