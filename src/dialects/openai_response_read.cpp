// Answers of OpenAI and of everybody who answers like it.
//
// A stream is whole when a finish reason has come for every choice and then [DONE] or the end of the body. Servers that
// never name a reason but tell the usage in the last chunk before [DONE] are believed too; a body that just ends is a cut
// answer.
#include "dialects/common.h"
#include "dialects/openai_chat.h"
#include "dialects/openai_choice_read.h"

namespace aigw::dialects::openai {

namespace {

using chat::Delta;
using chat::DeltaSink;
using Kind = chat::Delta::Kind;

constexpr size_t kMaxChoices = 128;
constexpr std::string_view kMalformed = "The provider's answer is malformed.";
constexpr std::string_view kCut = "The provider's answer was cut off.";

std::string_view trimmed(std::string_view text) {
    size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// All members of an answer or of a chunk that are looked at, read at once.
constexpr JsonNames kMembers{"error", "object", "choices", "usage", "detail", "message", "code", "type", "status", "id", "model",
                             "x_groq", "search_results", "citations"};
using Members = std::array<JsonValue, kMembers.names.size()>;

bool is_error(JsonValue root, const Members &members) {
    if (root.is_array()) {
        JsonValue first = root.size() > 0 ? *root.elements().begin() : JsonValue();
        return is_error(first, first.pick(kMembers));
    }
    if (!root.is_object()) return false;
    const auto &[error, object, choices, usage, detail, message, code, type, status, id, model, groq, results, urls] = members;
    if (error.is_string()) return !error.text().empty();
    if (given(error)) return !error.is_object() || error.size() > 0;
    if (object.equals("error")) return true;  // and flat ones, of several shapes
    if (choices || usage) return false;
    return given(detail) || (given(message) && (given(code) || given(type) || given(status)));
}

class Reader final : public ResponseReader {
public:
    explicit Reader(bool completions) : completions_(completions) {}

    chat::Result<void> event(const SseEvent &event, const JsonDoc *doc, DeltaSink &sink) override {
        if (ended_) return {};
        return checked(read_event(event, doc, sink));
    }

    chat::Result<void> answer(const JsonDoc &doc, DeltaSink &sink) override {
        if (ended_) return {};
        return checked(read_answer(doc.root(), sink));
    }

    chat::Result<void> finish(DeltaSink &sink) override {
        if (ended_) return {};
        if (!all_finished()) return checked(chat::fail(broken_answer(kCut)));
        return end(sink);
    }

private:
    chat::Result<void> checked(chat::Result<void> result) {
        if (!result) ended_ = true;
        return result;
    }

    bool all_finished() const {
        for (const ChoiceReader &choice : choices_) {
            if (!choice.finished()) return false;
        }
        return !choices_.empty();
    }

    chat::Result<void> end(DeltaSink &sink) {
        ended_ = true;
        sink.on_delta(Delta{.kind = Kind::End});
        return {};
    }

    chat::Result<void> done_mark(DeltaSink &sink) {
        if (!all_finished()) {
            if (choices_.empty() || !usage_last_) return chat::fail(broken_answer(kCut));
            for (ChoiceReader &choice : choices_) {
                choice.finish({}, sink);
            }
        }
        return end(sink);
    }

    chat::Result<void> read_event(const SseEvent &event, const JsonDoc *doc, DeltaSink &sink) {
        if (trimmed(event.data) == "[DONE]") return done_mark(sink);
        if (!doc) {
            if (event.name == "error") return chat::fail(read_error_value(200, {}));
            if (trimmed(event.data).empty()) return {};
            return chat::fail(broken_answer(kMalformed));
        }
        JsonValue root = doc->root();
        Members members = root.pick(kMembers);
        if (event.name == "error" || is_error(root, members)) return chat::fail(read_error_value(200, root));
        if (!root.is_object()) return chat::fail(broken_answer(kMalformed));
        return read_chunk(members, false, sink);
    }

    chat::Result<void> read_answer(JsonValue root, DeltaSink &sink) {
        Members members = root.pick(kMembers);
        if (is_error(root, members)) return chat::fail(read_error_value(200, root));
        if (!root.is_object() || root["choices"].size() == 0) return chat::fail(broken_answer(kMalformed));
        if (auto read = read_chunk(members, true, sink); !read) return read;
        for (ChoiceReader &choice : choices_) {
            choice.finish({}, sink);
        }
        return end(sink);
    }

    chat::Result<void> read_chunk(const Members &members, bool whole, DeltaSink &sink) {
        const auto &[error, object, choices, told, detail, message, code, type, status, id, model, groq, results, urls] = members;
        if (given(choices) && !choices.is_array()) return chat::fail(broken_answer(kMalformed));
        if (!started_) start(id.text(), model.text(), choices, sink);
        results_ = results;
        urls_ = urls;
        for (JsonValue choice : choices.elements()) {
            if (auto read = read_choice(choice, whole, sink); !read) return read;
        }
        std::optional<chat::Usage> usage = read_usage(told, groq, choices);
        usage_last_ = usage.has_value();
        if (!usage) return {};
        if (usage_ == usage) return {};
        usage_ = usage;
        sink.on_delta(Delta{.kind = Kind::Usage, .usage = &*usage_});
        return {};
    }

    // Azure's first chunk names nothing: the first that does, or that has a choice, starts the answer.
    void start(JsonText id, JsonText model, JsonValue choices, DeltaSink &sink) {
        if (id.empty() && model.empty() && choices.size() == 0) return;
        started_ = true;
        id_ = id.escaped;
        sink.on_delta(Delta{.kind = Kind::Start, .id = id, .name = model});
    }

    chat::Result<void> read_choice(JsonValue value, bool whole, DeltaSink &sink) {
        static constexpr JsonNames kMembers{"error", "index", "delta", "message", "finish_reason", "text", "logprobs"};
        auto [error, told, delta, message, reason, text, logprobs] = value.pick(kMembers);
        if (!value.is_object()) return chat::fail(broken_answer(kMalformed));
        if (given(error)) return chat::fail(read_error_value(200, value));
        std::optional<int64_t> index = given(told) ? told.as_int64() : 0;
        if (!index || *index < 0 || *index >= static_cast<int64_t>(kMaxChoices)) {
            return chat::fail(broken_answer(kMalformed));
        }
        ChoiceReader &choice = choice_of(static_cast<uint32_t>(*index));
        if (completions_) {
            choice.read_text(text.text(), sink);
        } else if (auto read = choice.read(whole ? message : delta, JsonText{id_}, sink); !read) {
            return read;
        }
        if (logprobs.is_object()) read_logprobs(logprobs["content"], choice.choice(), sink);
        if (!completions_) read_citations((whole ? message : delta)["annotations"], choice.choice(), sink);
        JsonText word = reason.text();
        if (word.empty()) return {};
        if (choice.choice() == 0 && !choice.finished()) read_search(sink);
        if (is_failure(word)) return chat::fail(broken_answer("The provider reported an error."));
        choice.finish(word, sink);
        return {};
    }

    static void cite(JsonText url, JsonValue source, uint32_t choice, DeltaSink &sink) {
        if (url.empty()) return;
        Delta delta{.kind = Kind::Citation, .choice = choice, .id = url, .name = source["title"].text()};
        std::optional<Tokens> begin = read_count(source["start_index"]), end = read_count(source["end_index"]);
        if (begin && end && *begin <= *end) {
            delta.begin = *begin;
            delta.end = *end;
        }
        sink.on_delta(delta);
    }

    static void read_citations(JsonValue annotations, uint32_t choice, DeltaSink &sink) {
        for (JsonValue annotation : annotations.elements()) {
            JsonValue cited = annotation["url_citation"];
            cite(cited["url"].text(), cited, choice, sink);
        }
    }

    // Who searches the web by itself (Perplexity, xAI) names its sources beside the choices, in every chunk.
    void read_search(DeltaSink &sink) const {
        for (JsonValue result : results_.elements()) {
            cite(result["url"].text(), result, 0, sink);
        }
        if (results_.size() > 0) return;
        for (JsonValue url : urls_.elements()) {
            cite(url.text(), {}, 0, sink);
        }
    }

    static void read_logprobs(JsonValue list, uint32_t choice, DeltaSink &sink) {
        if (list.size() == 0) return;
        std::string compact;
        append_compact(compact, list.raw());
        Delta delta{.kind = Kind::Logprobs, .choice = choice};
        delta.raw = std::string_view(compact).substr(1, compact.size() - 2);
        sink.on_delta(delta);
    }

    ChoiceReader &choice_of(uint32_t index) {
        for (ChoiceReader &choice : choices_) {
            if (choice.choice() == index) return choice;
        }
        return choices_.emplace_back(index);
    }

    const bool completions_;  // the legacy ones
    JsonValue results_, urls_;  // of the chunk being read
    bool started_ = false;
    bool ended_ = false;
    bool usage_last_ = false;  // the last chunk told the usage
    std::string id_;            // of the answer, escaped
    std::vector<ChoiceReader> choices_;
    std::optional<chat::Usage> usage_;
};

}  // namespace

std::unique_ptr<ResponseReader> response_reader() { return std::make_unique<Reader>(false); }
std::unique_ptr<ResponseReader> completion_reader() { return std::make_unique<Reader>(true); }

}  // namespace aigw::dialects::openai
