// Feeds a provider's answer to a dialect's reader, cut as a test wants it, and takes what comes out: as bytes for a caller
// or as a plain message.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "chat/delta.h"
#include "core/json.h"
#include "dialects/common.h"
#include "dialects/dialect.h"
#include "stream/sse.h"

namespace aigw::dialects {

struct PlainTool {
    std::string id, name, arguments;
    bool operator==(const PlainTool &) const = default;
};

struct PlainChoice {
    std::string text, reasoning, refusal;
    std::vector<std::string> signatures, redacted;
    std::vector<PlainTool> tools;
    chat::FinishReason finish = chat::FinishReason::None;
    bool operator==(const PlainChoice &) const = default;
};

// What a client has in its hands after a whole answer.
struct PlainAnswer {
    std::string id, model;
    std::map<uint32_t, PlainChoice> choices;
    std::optional<chat::Usage> usage;
    int starts = 0, ends = 0, finishes = 0, tool_ends = 0;
    std::string error;  // code, if it failed
    bool operator==(const PlainAnswer &) const = default;
};

class PlainSink final : public chat::DeltaSink {
public:
    PlainAnswer answer;

    void on_delta(const chat::Delta &delta) override {
        using Kind = chat::Delta::Kind;
        switch (delta.kind) {
        case Kind::Start:
            ++answer.starts;
            answer.id = delta.id.decode();
            answer.model = delta.name.decode();
            return;
        case Kind::Usage:
            answer.usage = *delta.usage;
            return;
        case Kind::End:
            ++answer.ends;
            return;
        case Kind::Error:
            answer.error = delta.error->code;
            return;
        default:
            content(delta, answer.choices[delta.choice]);
        }
    }

private:
    void content(const chat::Delta &delta, PlainChoice &to) {
        using Kind = chat::Delta::Kind;
        switch (delta.kind) {
        case Kind::Text:
            to.text += delta.text.escaped;
            break;
        case Kind::Reasoning:
            to.reasoning += delta.text.escaped;
            break;
        case Kind::Refusal:
            to.refusal += delta.text.escaped;
            break;
        case Kind::Signature:
            to.signatures.push_back(delta.text.decode());
            break;
        case Kind::Redacted:
            to.redacted.push_back(delta.text.decode());
            break;
        case Kind::ToolStart:
            if (delta.index != to.tools.size()) answer.error = "tool index is not the next";
            to.tools.push_back({delta.id.decode(), delta.name.decode(), {}});
            if (!delta.signature.empty()) to.signatures.push_back(delta.signature.decode());
            break;
        case Kind::ToolArgs:
            if (delta.index < to.tools.size()) to.tools[delta.index].arguments += delta.text.escaped;
            break;
        case Kind::ToolEnd:
            ++answer.tool_ends;
            break;
        case Kind::Finish:
            ++answer.finishes;
            to.finish = delta.finish;
            break;
        default:
            break;
        }
    }
};

// The escaped texts, joined, are decoded once all is there: a surrogate pair may come in two pieces.
inline PlainAnswer decoded(PlainAnswer answer) {
    for (auto &[number, choice] : answer.choices) {
        for (std::string *text : {&choice.text, &choice.reasoning, &choice.refusal}) {
            *text = JsonText{std::string(*text)}.decode();
        }
        for (PlainTool &tool : choice.tools) {
            tool.arguments = JsonText{std::string(tool.arguments)}.decode();
        }
    }
    return answer;
}

class WriterSink final : public chat::DeltaSink {
public:
    WriterSink(const Dialect &to, const AnswerOptions &options) : writer_(to.response_writer(options)) {}
    std::string out;
    void on_delta(const chat::Delta &delta) override { writer_->write(delta, out); }
    size_t told() const { return writer_->told(); }

private:
    std::unique_ptr<ResponseWriter> writer_;
};

// How a body is cut into reads: at `split` if it is inside, else in steps of `step` bytes.
struct Cut {
    size_t step = SIZE_MAX;
    size_t split = SIZE_MAX;
};

// Drives one reader over a stream. Stops at the first failure.
class StreamRun final : public SseSink {
public:
    StreamRun(const ProviderDialect &from, chat::DeltaSink &sink)
        : reader_(from.response_reader()), sink_(sink), events_(make_event_reader(from.framing())) {}

    std::optional<chat::ApiError> error;
    const Dialect *pass = nullptr;  // the same dialect on both sides: events pass
    AnswerOptions pass_options;
    std::string passed;
    size_t told = 0;  // events passed

    void run(std::string_view bytes, Cut cut = {}) {
        if (cut.split < bytes.size()) {
            feed(bytes.substr(0, cut.split));
            feed(bytes.substr(cut.split));
        } else {
            for (size_t at = 0; at < bytes.size(); at += std::min(cut.step, bytes.size() - at)) {
                feed(bytes.substr(at, cut.step));
            }
        }
        if (!error) status(events_->finish(*this));
        if (error) return;
        if (auto end = reader_->finish(sink_); !end) error = end.error();
    }

    bool on_event(const SseEvent &event) override {
        bool json = !event.data.empty() && parser_.parse(event.data, doc_).has_value();
        if (auto read = reader_->event(event, json ? &doc_ : nullptr, sink_); !read) {
            error = read.error();
            return false;
        }
        const size_t before = passed.size();
        if (pass) pass->pass_event(event, json ? &doc_ : nullptr, pass_options, passed);
        told += passed.size() > before;
        return true;
    }

private:
    void feed(std::string_view bytes) {
        if (!error) status(events_->feed(bytes, *this));
    }

    void status(EventReader::Status status) {
        if (!error && (status == EventReader::Status::TooLarge || status == EventReader::Status::Broken)) {
            error = broken_answer("the stream's framing is broken");
        }
    }

    std::unique_ptr<ResponseReader> reader_;
    chat::DeltaSink &sink_;
    JsonParser parser_;
    JsonDoc doc_;
    std::unique_ptr<EventReader> events_;
};

inline PlainAnswer read_plain_stream(const ProviderDialect &from, std::string_view bytes, Cut cut = {}) {
    PlainSink sink;
    StreamRun run(from, sink);
    run.run(bytes, cut);
    if (run.error) sink.answer.error = run.error->code.empty() ? "failed" : run.error->code;
    return decoded(std::move(sink.answer));
}

inline PlainAnswer read_plain_answer(const ProviderDialect &from, std::string_view body) {
    PlainSink sink;
    JsonParser parser;
    JsonDoc doc;
    if (!parser.parse(body, doc).has_value()) {
        sink.answer.error = "not JSON";
        return sink.answer;
    }
    if (auto read = from.response_reader()->answer(doc, sink); !read) {
        sink.answer.error = read.error().code.empty() ? "failed" : read.error().code;
    }
    return decoded(std::move(sink.answer));
}

inline PlainAnswer read_plain(const ProviderDialect &from, bool stream, std::string_view body) {
    return stream ? read_plain_stream(from, body) : read_plain_answer(from, body);
}

// A provider's stream or whole answer as the caller of `to` gets it; a failure becomes his error.
inline std::string translate(const ProviderDialect &from, const Dialect &to, bool stream, std::string_view body,
                             const AnswerOptions &options, Cut cut = {}) {
    WriterSink sink(to, options);
    std::optional<chat::ApiError> error;
    if (stream) {
        StreamRun run(from, sink);
        run.run(body, cut);
        error = run.error;
    } else {
        JsonParser parser;
        JsonDoc doc;
        if (!parser.parse(body, doc).has_value()) return "not JSON";
        if (auto read = from.response_reader()->answer(doc, sink); !read) error = read.error();
    }
    if (!error) return sink.out;
    if (!options.stream) return to.write_error(*error, "req-1");
    to.write_late_error(*error, "req-1", sink.told(), sink.out);
    return sink.out;
}

}  // namespace aigw::dialects
