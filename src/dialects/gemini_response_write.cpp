// A stream is a GenerateContentResponse an event; its last has the finish reasons and the usage, and nothing follows it.
#include "dialects/gemini_response_write.h"

#include <vector>

#include "core/json_writer.h"
#include "dialects/common.h"
#include "dialects/gemini_answer_parts.h"
#include "dialects/gemini_errors.h"
#include "dialects/gemini_finish.h"
#include "dialects/gemini_logprobs.h"
#include "dialects/gemini_usage.h"
#include "stream/sse.h"

namespace aigw::dialects::google {

using chat::Delta;
using chat::FinishReason;
using Kind = chat::Delta::Kind;

namespace {

struct Candidate {
    uint32_t number;
    AnswerParts parts;
    std::string content;  // JSON parts that were not written yet
    std::string sources;   // groundingChunks
    std::string logprobs;  // elements of OpenAI's list that were not written yet
    FinishReason finish = FinishReason::None;
    std::string own_reason;  // escaped
};

// What both forms share: who is who, how it ended.
class Writer : public ResponseWriter {
protected:
    explicit Writer(const AnswerOptions &options) : options_(options) {}

    Candidate &candidate(uint32_t number) {
        for (Candidate &known : candidates_) {
            if (known.number == number) return known;
        }
        candidates_.emplace_back().number = number;
        return candidates_.back();
    }

    void start(const Delta &delta) {
        if (!id_.empty() || !model_.empty()) return;
        id_ = delta.id.escaped;
        model_ = delta.name.escaped;
    }

    // Takes what is no content; false: it is.
    bool note(const Delta &delta) {
        switch (delta.kind) {
        case Kind::Start:
            start(delta);
            candidate(delta.choice);
            return true;
        case Kind::Usage:
            usage_ = *delta.usage;
            return true;
        case Kind::Finish: {
            Candidate &to = candidate(delta.choice);
            to.finish = delta.finish;
            to.own_reason = delta.text.escaped;
            return true;
        }
        case Kind::Logprobs: {
            std::string &to = candidate(delta.choice).logprobs;
            to.append(to.empty() ? "" : ",").append(delta.raw);
            return true;
        }
        case Kind::Citation: {
            std::string &to = candidate(delta.choice).sources;
            to.append(to.empty() ? "" : ",").append("{\"web\":{\"uri\":\"").append(delta.id.escaped);
            to.append("\",\"title\":\"").append(delta.name.escaped).append("\"}}");
            return true;
        }
        default:
            return false;
        }
    }

    static void write_candidate(const Candidate &candidate, bool last, JsonWriter &json) {
        json.begin_object().key("content").begin_object().key("parts").raw("[" + candidate.content + "]");
        json.key("role").string("model").end_object();
        if (last && !candidate.sources.empty()) {
            json.key("groundingMetadata").begin_object().key("groundingChunks").raw("[" + candidate.sources + "]").end_object();
        }
        if (!candidate.logprobs.empty()) json.key("logprobsResult").raw(write_logprobs(candidate.logprobs));
        if (last) json.key("finishReason").string(finish_word(candidate.finish, {candidate.own_reason}));
        json.key("index").number(candidate.number).end_object();
    }

    void write_tail(JsonWriter &json, bool last) {
        if (last && usage_) {
            json.key("usageMetadata");
            write_usage(json, *usage_);
        }
        json.key("modelVersion");
        model_.empty() ? json.string(options_.model) : json.text({model_});
        json.key("responseId");
        id_.empty() ? json.string(options_.fallback_id) : json.text({id_});
    }

    // One response with all candidates, ended.
    std::string whole() {
        std::string out;
        JsonWriter json(out);
        json.begin_object().key("candidates").begin_array();
        for (Candidate &one : candidates_) {
            std::string rest;
            one.parts.end(rest);
            if (!rest.empty()) one.content += (one.content.empty() ? "" : ",") + rest;
            // Google's clients read the text of the last event too.
            if (one.content.empty()) one.content = "{\"text\":\"\"}";
            write_candidate(one, true, json);
        }
        json.end_array();
        write_tail(json, true);
        json.end_object();
        return out;
    }

    AnswerOptions options_;
    std::vector<Candidate> candidates_;
    std::optional<chat::Usage> usage_;
    std::string id_, model_;  // escaped
    bool ended_ = false;
};

class StreamWriter final : public Writer {
public:
    explicit StreamWriter(const AnswerOptions &options) : Writer(options) {}

    void write(const Delta &delta, std::string &out) override {
        if (ended_ || note(delta)) return;
        if (delta.kind == Kind::Error) return fail(*delta.error, out);
        if (delta.kind == Kind::End) {
            ended_ = true;
            return append_sse(out, {}, whole());
        }
        Candidate &to = candidate(delta.choice);
        if (to.finish != FinishReason::None) return;
        to.parts.add(delta, to.content);
        if (to.parts.too_large()) return fail(broken_answer("The provider's tool calls are too large."), out);
        if (!to.content.empty()) chunk(to, out);
    }

private:
    void chunk(Candidate &of, std::string &out) {
        std::string text;
        JsonWriter json(text);
        json.begin_object().key("candidates").begin_array();
        write_candidate(of, false, json);
        json.end_array();
        write_tail(json, false);
        json.end_object();
        append_sse(out, {}, text);
        of.content.clear();
        of.logprobs.clear();
    }

    void fail(const chat::ApiError &error, std::string &out) {
        ended_ = true;
        append_sse(out, {}, write_error(error, {}));
    }
};

class AnswerWriter final : public Writer {
public:
    explicit AnswerWriter(const AnswerOptions &options) : Writer(options) {}

    void write(const Delta &delta, std::string &out) override {
        if (ended_ || note(delta)) return;
        if (delta.kind == Kind::Error) {
            ended_ = true;
            out += write_error(*delta.error, {});
        } else if (delta.kind == Kind::End) {
            ended_ = true;
            for (Text &text : texts_) flush(text);
            out += whole();
        } else {
            content(delta);
        }
    }

private:
    // A text that still grows: its pieces are one part here.
    struct Text {
        uint32_t choice;
        Kind kind;
        uint32_t index;
        std::string escaped;
    };

    static Kind kind_of(const Delta &delta) { return delta.kind == Kind::Refusal ? Kind::Text : delta.kind; }

    void content(const Delta &delta) {
        bool grows = kind_of(delta) == Kind::Text || delta.kind == Kind::Reasoning;
        Text *open = nullptr;
        for (Text &text : texts_) {
            if (text.choice == delta.choice) open = &text;
        }
        if (grows && delta.text.empty()) return;
        if (open && grows && open->kind == kind_of(delta) && (open->kind == Kind::Text || open->index == delta.index)) {
            open->escaped += delta.text.escaped;
            return;
        }
        if (open && delta.kind != Kind::ToolArgs) flush(*open);
        if (grows) {
            if (!open) open = &texts_.emplace_back(Text{delta.choice, kind_of(delta), delta.index, {}});
            *open = {delta.choice, kind_of(delta), delta.index, std::string(delta.text.escaped)};
            return;
        }
        add(delta);
    }

    void flush(Text &text) {
        Delta whole{.kind = text.kind, .choice = text.choice, .index = text.index, .text = JsonText{text.escaped}};
        add(whole);
        text.escaped.clear();
    }

    void add(const Delta &delta) {
        Candidate &to = candidate(delta.choice);
        to.parts.add(delta, to.content);
    }

    std::vector<Text> texts_;  // one for each choice
};

}  // namespace

std::unique_ptr<ResponseWriter> stream_writer(const AnswerOptions &options) { return std::make_unique<StreamWriter>(options); }
std::unique_ptr<ResponseWriter> answer_writer(const AnswerOptions &options) { return std::make_unique<AnswerWriter>(options); }

}  // namespace aigw::dialects::google
