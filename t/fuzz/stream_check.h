// Streams of a dialect: the same deltas however the bytes are cut, in the promised order; and what every writer makes of
// them is whole events of valid JSON, or one JSON body.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws_frame.h"
#include "dialects/base64.h"
#include "dialects/dialect.h"
#include "dialects/native.h"
#include "require.h"
#include "stream/sse.h"

namespace aigw::fuzz {

// Writes the deltas down, checks their order and hands them to a writer of every dialect and form.
class Deltas : public chat::DeltaSink {
public:
    explicit Deltas(bool write) {
        for (const dialects::Dialect *to : write ? dialects::caller_dialects() : std::vector<const dialects::Dialect *>()) {
            for (bool stream : {false, true}) {
                dialects::AnswerOptions options;
                options.stream = stream;
                options.include_usage = true;
                options.fallback_id = "r";
                writers.push_back({stream, to->response_writer(options), {}});
            }
        }
    }

    void on_delta(const chat::Delta &delta) override {
        check_order(delta);
        note(delta);
        for (Writer &writer : writers) {
            writer.writer->write(delta, writer.out);
        }
    }

    struct Writer {
        bool stream;
        std::unique_ptr<dialects::ResponseWriter> writer;
        std::string out;
    };
    std::vector<Writer> writers;
    std::string log;
    bool ended = false;

private:
    using Kind = chat::Delta::Kind;

    void check_order(const chat::Delta &delta) {
        const std::pair<uint32_t, uint32_t> call{delta.choice, delta.index};
        require(!ended, "nothing follows the end");
        require(delta.kind != Kind::Error, "a reader returns its errors");
        if (delta.kind == Kind::Start) {
            require(log.empty(), "the start comes first, once");
        } else if (delta.kind == Kind::ToolStart) {
            require(open_.insert(call).second && seen_.insert(call).second, "a call starts once");
        } else if (delta.kind == Kind::ToolArgs) {
            require(open_.count(call) == 1 && !delta.text.empty(), "arguments belong to an open call");
        } else if (delta.kind == Kind::ToolEnd) {
            require(open_.erase(call) == 1, "an open call ends once");
        } else if (delta.kind == Kind::Finish) {
            require(finished_.insert(delta.choice).second, "a choice finishes once");
        } else if (delta.kind == Kind::End) {
            require(open_.empty(), "calls end before the answer");
            ended = true;
        }
    }

    void note(const chat::Delta &delta) {
        log += static_cast<char>('A' + static_cast<int>(delta.kind));
        log += std::to_string(delta.choice) + "," + std::to_string(delta.index);
        for (std::string_view text : {delta.text.escaped, delta.id.escaped, delta.name.escaped, delta.stop_sequence.escaped,
                                      delta.signature.escaped}) {
            log.append("|").append(text);
        }
        log += static_cast<char>('0' + static_cast<int>(delta.finish));
        if (delta.usage) {
            const chat::Usage &u = *delta.usage;
            for (Tokens count : {u.prompt, u.completion, u.cached, u.cache_write, u.reasoning}) {
                require(count >= 0 && count <= kMaxTokens * 3, "counts are sane");
                log += " " + std::to_string(count);
            }
        }
        log += '\n';
    }

    std::set<std::pair<uint32_t, uint32_t>> open_, seen_;
    std::set<uint32_t> finished_;
};

class StreamDriver : public SseSink {
public:
    StreamDriver(const dialects::ProviderDialect &from, chat::DeltaSink &sink)
        : caller_(dynamic_cast<const dialects::Dialect *>(&from)), reader_(from.response_reader()), sink_(sink),
          events_(make_event_reader(from.framing())) {}

    template <class SizeOf>
    void run(std::string_view bytes, SizeOf size_of) {
        while (!bytes.empty() && error.empty()) {
            size_t size = std::min(bytes.size(), size_of());
            auto piece = std::make_unique<char[]>(size);
            bytes.copy(piece.get(), size);
            check(events_->feed({piece.get(), size}, *this));
            bytes.remove_prefix(size);
        }
        if (error.empty()) {
            check(events_->finish(*this));
        }
        if (error.empty()) {
            fail(reader_->finish(sink_));
        }
    }

    bool on_event(const SseEvent &event) override {
        bool json = bool(parser_.parse(event.data, doc_));
        std::string passed;
        if (caller_ != nullptr) {
            caller_->pass_event(event, json ? &doc_ : nullptr, {}, passed);
        }
        require(passed.empty() || passed.ends_with("\n\n"), "a passed event is whole");
        fail(reader_->event(event, json ? &doc_ : nullptr, sink_));
        return error.empty();
    }

    std::string error;  // its code, or "error"

private:
    void fail(const chat::Result<void> &result) {
        if (result) {
            return;
        }
        const chat::ApiError &why = const_cast<chat::Result<void> &>(result).error();
        require(why.status >= 400 && !why.message.empty(), "an error says what it is");
        error = "error " + std::to_string(why.status) + " " + why.code + " " + why.message;
    }

    void check(EventReader::Status status) {
        if (error.empty() && (status == EventReader::Status::Broken || status == EventReader::Status::TooLarge)) {
            error = "error: broken frames";
        }
    }

    const dialects::Dialect *caller_;  // null: no caller speaks it
    std::unique_ptr<dialects::ResponseReader> reader_;
    chat::DeltaSink &sink_;
    JsonParser parser_;
    JsonDoc doc_;
    std::unique_ptr<EventReader> events_;
};

template <class SizeOf>
std::string read_deltas(const dialects::ProviderDialect &from, std::string_view bytes, SizeOf size_of) {
    Deltas deltas(false);
    StreamDriver driver(from, deltas);
    driver.run(bytes, size_of);
    return deltas.log + driver.error;
}

struct JsonEvents : SseSink {
    JsonParser parser;
    JsonDoc doc;
    bool on_event(const SseEvent &event) override {
        require(event.data == "[DONE]" || bool(parser.parse(event.data, doc)), "a written event is JSON");
        return true;
    }
};

inline void check_stream(const dialects::ProviderDialect &from, std::string_view bytes) {
    Deltas whole(true);
    StreamDriver driver(from, whole);
    driver.run(bytes, [&] { return bytes.size(); });
    const std::string told = whole.log + driver.error;
    require(whole.ended || !driver.error.empty(), "an answer ends, or says why not");

    for (Deltas::Writer &writer : whole.writers) {
        JsonEvents events;
        SseReader reader;
        if (writer.stream) {
            reader.feed(writer.out, events);
            require(reader.held() == 0, "written events are whole");
        } else {
            require(writer.out.empty() != whole.ended, "a body is written at the end");
            require(!whole.ended || bool(events.parser.parse(writer.out, events.doc)), "a written body is JSON");
        }
    }
    require(read_deltas(from, bytes, [] { return size_t(1); }) == told, "byte by byte is as whole");
    uint32_t seed = bytes.empty() ? 1u : static_cast<unsigned char>(bytes[0]) + 1u;
    require(read_deltas(from, bytes,
                        [&] {
                            seed = seed * 1664525 + 1013904223;
                            return size_t(1 + (seed >> 16) % 31);
                        }) == told,
            "in pieces is as whole");
}

// A line is an event: its type, a space, its JSON; with a ! before it an exception. `wrapped`: in base64, as InvokeModel.
inline std::string aws_frames_of(std::string_view lines, bool wrapped) {
    std::string out;
    while (!lines.empty()) {
        std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(lines.size(), line.size() + 1));
        const size_t space = std::min(line.find(' '), line.size());
        const std::string type(line.substr(0, std::min<size_t>(space, 100)));
        std::string payload(line.substr(std::min(space + 1, line.size())));
        if (type.starts_with('!')) {
            out += aws_exception(type.substr(1), payload);
        } else if (wrapped) {
            std::string bytes = "{\"bytes\":\"";
            dialects::append_base64(bytes, payload);
            out += aws_event("chunk", bytes + "\"}");
        } else {
            out += aws_event(type, payload);
        }
    }
    return out;
}

inline void check_bedrock_stream(std::string_view lines) {
    check_stream(dialects::bedrock_converse(), lines);
    check_stream(dialects::bedrock_converse(), aws_frames_of(lines, false));
}
inline void check_bedrock_claude_stream(std::string_view lines) {
    check_stream(dialects::bedrock_anthropic(), aws_frames_of(lines, false));
    check_stream(dialects::bedrock_anthropic(), aws_frames_of(lines, true));
}
inline void check_openai_stream(std::string_view bytes) { check_stream(dialects::openai_chat(), bytes); }
inline void check_completions_stream(std::string_view bytes) { check_stream(dialects::openai_completions(), bytes); }
inline void check_ollama_stream(std::string_view bytes) { check_stream(dialects::ollama_chat(), bytes); }
inline void check_cohere_stream(std::string_view bytes) { check_stream(dialects::cohere_chat(), bytes); }
inline void check_responses_stream(std::string_view bytes) { check_stream(dialects::openai_responses(), bytes); }
inline void check_anthropic_stream(std::string_view bytes) { check_stream(dialects::anthropic_messages(), bytes); }
inline void check_gemini_stream(std::string_view bytes) { check_stream(dialects::gemini(), bytes); }

}  // namespace aigw::fuzz
