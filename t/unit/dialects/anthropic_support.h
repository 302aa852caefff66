// What the tests of the Anthropic dialect share: texts in, deltas and bodies out as plain strings.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/json.h"
#include "dialects/dialect.h"
#include "stream/sse.h"

namespace aigw::dialects::test {

// A parsed text that lives as long as its document.
class Parsed {
public:
    explicit Parsed(std::string json) : text_(std::make_unique<std::string>(std::move(json))) {
        JsonParser parser;
        auto done = parser.parse(*text_, doc_, {.max_depth = 200, .refuse_duplicates = true});
        EXPECT_TRUE(done.has_value()) << *text_;
    }
    const JsonDoc &doc() const { return doc_; }
    JsonValue operator[](std::string_view key) const { return doc_.root()[key]; }

private:
    std::unique_ptr<std::string> text_;
    JsonDoc doc_;
};

inline bool is_json(std::string_view text) {
    JsonParser parser;
    JsonDoc doc;
    return parser.parse(text, doc).has_value();
}

// The answer as a caller would put it together, and the order in which things came.
struct Answer : chat::DeltaSink {
    using Kind = chat::Delta::Kind;
    std::string log;  // one letter a delta, runs of one kind as one
    std::string id, model, text, reasoning, signature, redacted, refusal, finish_word, stop_sequence;
    struct Tool {
        std::string id, name, arguments;
        bool ended = false;
        bool operator==(const Tool &) const = default;
    };
    std::vector<Tool> tools;
    chat::FinishReason finish = chat::FinishReason::None;
    std::vector<chat::Usage> usages, early_usages;
    std::string error;  // "status code message"

    void on_delta(const chat::Delta &delta) override {
        if (delta.partial) {
            early_usages.push_back(*delta.usage);
            return;
        }
        static constexpr char kLetters[] = "STRGDFtaeXUE!LC";
        const char letter = kLetters[static_cast<size_t>(delta.kind)];
        if (log.empty() || log.back() != letter)
            log += letter;
        switch (delta.kind) {
        case Kind::Start: id = delta.id.decode(); model = delta.name.decode(); break;
        case Kind::Text: text += delta.text.decode(); break;
        case Kind::Reasoning: reasoning += delta.text.decode(); break;
        case Kind::Signature: signature += delta.text.decode(); break;
        case Kind::Redacted: redacted += delta.text.decode() + ";"; break;
        case Kind::Refusal: refusal += delta.text.decode(); break;
        case Kind::ToolStart:
            EXPECT_EQ(delta.index, tools.size()) << "tools are numbered from 0 without gaps";
            tools.push_back({delta.id.decode(), delta.name.decode(), {}});
            break;
        case Kind::ToolArgs: tools.at(delta.index).arguments += delta.text.decode(); break;
        case Kind::ToolEnd: tools.at(delta.index).ended = true; break;
        case Kind::Finish:
            finish = delta.finish;
            finish_word = delta.text.decode();
            stop_sequence = delta.stop_sequence.decode();
            break;
        case Kind::Usage:
            usages.push_back(*delta.usage);
            break;
        case Kind::End: break;
        case Kind::Error: error = delta.error->message; break;
        case Kind::Logprobs:
        case Kind::Citation: break;
        }
    }
    bool same_content(const Answer &other) const {
        return log == other.log && id == other.id && model == other.model && text == other.text &&
               reasoning == other.reasoning && signature == other.signature && redacted == other.redacted &&
               refusal == other.refusal && tools == other.tools && finish == other.finish &&
               finish_word == other.finish_word && stop_sequence == other.stop_sequence && usages == other.usages &&
               error == other.error;
    }
};

// Feeds a stream in the given pieces through the SSE reader, each event parsed, to `each`.
inline void for_each_event(const std::vector<std::string_view> &pieces,
                           const std::function<void(const SseEvent &, const JsonDoc *)> &each) {
    struct Sink : SseSink {
        const std::function<void(const SseEvent &, const JsonDoc *)> *each = nullptr;
        JsonParser parser;
        bool on_event(const SseEvent &event) override {
            JsonDoc doc;
            const bool parsed = parser.parse(event.data, doc).has_value();
            (*each)(event, parsed ? &doc : nullptr);
            return true;
        }
    } sink;
    sink.each = &each;
    SseReader reader;
    for (std::string_view piece : pieces)
        reader.feed(std::string(piece), sink);
    reader.finish(sink);
}

inline std::vector<std::string_view> cut_every(std::string_view text, size_t step) {
    std::vector<std::string_view> pieces;
    for (size_t at = 0; at < text.size(); at += step)
        pieces.push_back(text.substr(at, step));
    return pieces;
}

inline std::string describe(const chat::ApiError &error) {
    return std::to_string(error.status) + " " + error.code + ": " + error.message;
}

inline Answer read_pieces(const Dialect &dialect, const std::vector<std::string_view> &pieces) {
    Answer answer;
    auto reader = dialect.response_reader();
    for_each_event(pieces, [&](const SseEvent &event, const JsonDoc *doc) {
        if (!answer.error.empty())
            return;
        if (auto done = reader->event(event, doc, answer); !done)
            answer.error = describe(done.error());
    });
    if (answer.error.empty()) {
        if (auto done = reader->finish(answer); !done)
            answer.error = describe(done.error());
    }
    return answer;
}

// Whole, byte by byte, and cut in two at every point (every 13th of a long one): always the same answer.
inline Answer read_stream(const Dialect &dialect, std::string_view sse) {
    const Answer whole = read_pieces(dialect, {sse});
    EXPECT_TRUE(read_pieces(dialect, cut_every(sse, 1)).same_content(whole)) << sse;
    const size_t step = sse.size() > 4000 ? 13 : 1;
    for (size_t cut = 1; cut < sse.size(); cut += step) {
        const Answer answer = read_pieces(dialect, {sse.substr(0, cut), sse.substr(cut)});
        EXPECT_TRUE(answer.same_content(whole)) << "cut at " << cut;
        if (!answer.same_content(whole))
            break;
    }
    return whole;
}

inline Answer read_whole(const Dialect &dialect, std::string json) {
    const Parsed parsed(std::move(json));
    Answer answer;
    auto reader = dialect.response_reader();
    auto done = reader->answer(parsed.doc(), answer);
    if (done)
        done = reader->finish(answer);
    if (!done)
        answer.error = describe(done.error());
    return answer;
}

// Events written one a line, as `name {"json":...}`, in SSE.
inline std::string sse(const std::vector<std::pair<std::string, std::string>> &events) {
    std::string out;
    for (const auto &[name, data] : events)
        append_sse(out, name, data);
    return out;
}

// Data lines only: the type is the event's name too.
inline std::string anthropic_stream(const std::vector<std::string> &events) {
    std::string out;
    for (const std::string &data : events) {
        const Parsed parsed(data);
        append_sse(out, parsed["type"].text().escaped, data);
    }
    return out;
}

}  // namespace aigw::dialects::test
