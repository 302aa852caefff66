// Recorded exchanges of every provider through all dialects. What the readers and writers make of them is held against
// a plain reading (plain_reading.h).
#include <gtest/gtest.h>

#include <iostream>
#include <sstream>

#include "dialects/recordings.h"
#include "stream/sse.h"

namespace aigw::dialects {

namespace {

AnswerOptions options_for(bool stream) {
    AnswerOptions options;
    options.stream = stream;
    options.include_usage = true;
    options.created = 1'700'000'000;
    options.fallback_id = "fallback";
    options.model = "asked";
    return options;
}

// What must be the same whatever way an answer took.
std::string summary(const PlainAnswer &answer, bool with_usage, bool refusal_is_text) {
    std::ostringstream out;
    for (const auto &[number, choice] : answer.choices) {
        out << "choice " << number << "\ntext " << choice.text << (refusal_is_text ? choice.refusal : "") << "\nrefusal "
            << (refusal_is_text ? "" : choice.refusal) << "\nreasoning " << choice.reasoning << "\nfinish "
            << static_cast<int>(choice.finish) << '\n';
        for (const PlainTool &tool : choice.tools) {
            out << "tool " << tool.id << ' ' << tool.name << ' ' << plain::canonical(tool.arguments) << '\n';
        }
        // A text's signature may stand apart from the calls'.
        std::vector<std::string> signatures = choice.signatures;
        for (std::string &signature : signatures) signature = plain::bare(signature);
        std::sort(signatures.begin(), signatures.end());
        for (const std::string &signature : signatures) {
            out << "signature " << signature << '\n';
        }
        for (const std::string &data : choice.redacted) {
            out << "redacted " << data << '\n';
        }
    }
    if (with_usage && answer.usage) {
        const chat::Usage &u = *answer.usage;
        out << "usage " << u.prompt << ' ' << u.completion << ' ' << u.cached << ' ' << u.cache_write << ' ' << u.reasoning;
    }
    return out.str();
}

// Old function calls have no id in the recording; the reader makes one up.
void forget_ids(PlainAnswer &answer) {
    for (auto &[number, choice] : answer.choices) {
        for (PlainTool &tool : choice.tools) {
            tool.id.clear();
        }
    }
}

bool lacks_ids(const PlainAnswer &answer) {
    for (const auto &[number, choice] : answer.choices) {
        for (const PlainTool &tool : choice.tools) {
            if (tool.id.empty()) return true;
        }
    }
    return false;
}

void expect_same(PlainAnswer expected, PlainAnswer got, bool refusal_is_text, const std::string &where) {
    EXPECT_EQ(got.error, "") << where;
    if (lacks_ids(expected)) {
        forget_ids(expected);
        forget_ids(got);
    }
    bool usage = expected.usage.has_value();
    EXPECT_EQ(summary(expected, usage, refusal_is_text), summary(got, usage, refusal_is_text)) << where;
    EXPECT_EQ(got.model.empty(), false) << where;
}

// Google has no word for what was written to a cache, nor for an end by a call that only its own dialect can tell.
void say_as_google(PlainAnswer &answer) {
    if (answer.usage) answer.usage->cache_write = 0;
    for (auto &[number, choice] : answer.choices) {
        if (choice.tools.empty() && choice.finish == chat::FinishReason::ToolCalls) choice.finish = chat::FinishReason::Stop;
    }
}

void check_translation(const Recording &recording, const Dialect &to, bool stream) {
    std::string where = recording.id + " to " + std::string(to.name()) + (stream ? " streamed" : " whole");
    PlainAnswer expected = plain::read(recording.dialect->name(), recording.stream, recording.body);
    if (&to == &gemini()) say_as_google(expected);
    std::string written = translate(*recording.dialect, to, recording.stream, recording.body, options_for(stream));
    // Calls of custom tools are for their own dialect only; a Response has no word for having ended in one.
    for (auto &[number, choice] : expected.choices) {
        bool none = choice.tools.empty() && choice.finish == chat::FinishReason::ToolCalls;
        if (none && &to == &openai_responses()) choice.finish = chat::FinishReason::Stop;
    }
    bool refusal_is_text = &to != &openai_chat() && &to != &openai_responses();
    PlainAnswer seen = plain::read(to.name(), stream, written);
    expect_same(expected, seen, refusal_is_text, where + ", read plainly");
    EXPECT_EQ(seen.ends, stream ? 1 : 0) << where;
    expect_same(expected, read_plain(to, stream, written), refusal_is_text, where + ", read again");
    if (stream && recording.stream) {
        EXPECT_EQ(translate(*recording.dialect, to, true, recording.body, options_for(true), {1, SIZE_MAX}), written) << where;
    }
}

// The answer fails, and so does what a caller gets: a refusal, or a stream whose last event is an error.
void check_failure(const Recording &recording) {
    EXPECT_NE(read_plain(*recording.dialect, recording.stream, recording.body).error, "") << recording.id;
    for (const Dialect *to : all_dialects()) {
        for (bool stream : {false, true}) {
            std::string written = translate(*recording.dialect, *to, recording.stream, recording.body, options_for(stream));
            EXPECT_NE(read_plain(*to, stream && recording.stream, written).error, "") << recording.id << " to " << to->name();
            EXPECT_EQ(plain::read(to->name(), stream, written).ends, 0) << recording.id << " to " << to->name();
        }
    }
}

TEST_F(Recordings, AnswersMeanTheSameInAllDialects) {
    int own = 0, translated = 0, failed = 0;
    for (const Recording &recording : load(own_dialect)) {
        if (recording.status != 200) {
            ++failed;
            JsonParser parser;
            chat::ApiError error = recording.dialect->read_error(recording.status, recording.body, parser);
            EXPECT_EQ(error.status, recording.status);
            EXPECT_FALSE(error.message.empty());
            continue;
        }
        if (recording.fails()) {
            ++failed;
            check_failure(recording);
            continue;
        }
        PlainAnswer expected = plain::read(recording.dialect->name(), recording.stream, recording.body);
        PlainAnswer got = read_plain(*recording.dialect, recording.stream, recording.body);
        expect_same(expected, got, false, recording.id);
        EXPECT_EQ(got.starts, 1) << recording.id;
        EXPECT_EQ(got.ends, 1) << recording.id;
        EXPECT_EQ(got.finishes, static_cast<int>(got.choices.size())) << recording.id;
        ++own;
        for (const Dialect *to : all_dialects()) {
            if (to != recording.dialect && recording.own_dialect_only()) continue;
            for (bool stream : {false, true}) {
                check_translation(recording, *to, stream);
            }
            translated += to != recording.dialect;
        }
    }
    std::cout << "recordings: " << own << " answers in their own dialect, " << translated << " times in another, " << failed
              << " errors\n";
    EXPECT_GT(own, 0);
}

// The events of a stream, for comparing how it was cut.
class EventLog final : public SseSink {
public:
    std::string log;
    bool on_event(const SseEvent &event) override {
        log.append(event.name).append(1, '\0').append(event.data).append(1, '\0');
        return true;
    }
};

std::string events_of(const Recording &recording, std::string_view body, size_t split) {
    EventLog sink;
    std::unique_ptr<EventReader> reader = make_event_reader(recording.dialect->framing());
    reader->feed(body.substr(0, split), sink);
    reader->feed(body.substr(split), sink);
    reader->finish(sink);
    return std::move(sink.log);
}

// The end of the event that begins at `from`: after an empty line. Another framing is one piece.
size_t event_end(const Recording &recording, size_t from) {
    if (recording.dialect->framing() != Framing::Sse) return recording.body.size();
    for (std::string_view blank : {"\n\n", "\r\n\r\n"}) {
        if (size_t at = recording.body.find(blank, from); at != std::string::npos) return at + blank.size();
    }
    return recording.body.size();
}

// Every split of every event: with the event after it, since nothing is kept over an event's end.
size_t check_splits(const Recording &recording) {
    const std::string_view body = recording.body;
    for (size_t begin = 0; begin < body.size();) {
        size_t end = event_end(recording, begin);
        std::string_view window = body.substr(begin, event_end(recording, end) - begin);
        const std::string whole = events_of(recording, window, 0);
        for (size_t at = 1; at <= end - begin && at < window.size(); ++at) {
            EXPECT_EQ(events_of(recording, window, at) == whole, true) << recording.id << " split at " << begin + at;
        }
        begin = end;
    }
    return body.size() - 1;
}

// Every split gives the same events, and a sample of splits goes all the way to the caller's bytes.
TEST_F(Recordings, StreamsCutAnywhereAreTheSame) {
    constexpr size_t kSample = 12;
    size_t splits = 0, translations = 0;
    for (const Recording &recording : load(own_dialect)) {
        if (!recording.stream || recording.status != 200) continue;
        splits += check_splits(recording);
        for (const Dialect *to : all_dialects()) {
            if (to != recording.dialect && recording.own_dialect_only()) continue;
            std::string written = translate(*recording.dialect, *to, true, recording.body, options_for(true));
            size_t step = std::max<size_t>(1, recording.body.size() / kSample);
            for (size_t at = 1 + step / 3; at < recording.body.size(); at += step, ++translations) {
                ASSERT_EQ(translate(*recording.dialect, *to, true, recording.body, options_for(true), {SIZE_MAX, at}), written)
                    << recording.id << " split at " << at;
            }
        }
    }
    std::cout << "recordings: " << splits << " splits, " << translations << " of them translated\n";
}

TEST_F(Recordings, PassedStreamsKeepTheirPayloads) {
    for (const Recording &recording : load(own_dialect)) {
        if (!recording.stream || recording.status != 200 || recording.fails()) continue;
        for (bool include_usage : {true, false}) {
            PlainSink sink;
            StreamRun run(*recording.dialect, sink);
            run.pass = recording.dialect;
            run.pass_options = options_for(true);
            run.pass_options.include_usage = include_usage;
            run.run(recording.body);
            ASSERT_FALSE(run.error) << recording.id;
            if (include_usage || recording.dialect != &openai_chat()) {
                auto payloads = plain::payloads(recording.body);
                if (recording.dialect == &openai_responses() && payloads.back() == "[DONE]") payloads.pop_back();
                EXPECT_EQ(plain::payloads(run.passed), payloads) << recording.id;
            }
            PlainAnswer expected = plain::read(recording.dialect->name(), true, recording.body);
            PlainAnswer seen = plain::read(recording.dialect->name(), true, run.passed);
            EXPECT_EQ(summary(expected, false, false), summary(seen, false, false)) << recording.id;
            if (!include_usage && recording.has("usage_only_chunk")) {
                EXPECT_EQ(run.passed.find("\"choices\":[],\"usage\""), std::string::npos) << recording.id;
                EXPECT_EQ(run.passed.find("\"usage\":null"), std::string::npos) << recording.id;
            }
        }
    }
}

// Requests that another dialect has no place for, by what they hold.
bool may_be_refused(const Recording &recording, const std::string &param) {
    for (std::string_view feature : {"server_tools", "builtin_tools", "req_n", "logprobs", "audio"}) {
        if (recording.has(feature)) return true;
    }
    // What only Google has: its tools, its caches and filters, files that lie there, films.
    for (std::string_view name : {"fileSearch", "cachedContent", "modelArmorConfig"}) {
        if (param.find(name) != std::string::npos) return true;
    }
    if (recording.request.find("fileUri") != std::string::npos || recording.request.find("file_uri") != std::string::npos) {
        if (param.find("].parts[") != std::string::npos) return true;
    }
    // Custom tools, and a history that holds calls of server tools.
    if (recording.request.find("srvtoolu_") != std::string::npos) return true;
    for (std::string_view own : {"\"tool_search", "\"web_search", "\"defer_loading\""}) {
        if (recording.request.find(own) != std::string::npos) return true;
    }
    if (recording.has("req_previous_response_id")) return true;
    if (param == "generationConfig.stopSequences") return true;  // Responses has none
    if (param == "provider") return recording.provider() == "openrouter";
    if (param == "stop" || param == "stop_sequences") return recording.request.find(param) != std::string::npos;
    if (param.starts_with("tools[")) return recording.request.find("\"type\":\"function\"") == std::string::npos || recording.request.find("\"custom\"") != std::string::npos;
    if (recording.request.find("\"file_url\"") != std::string::npos) return true;
    if (param == "safe_prompt" || param == "search_settings" || param == "transforms") return true;  // a vendor's own
    if (param == "top_k") return recording.has("req_top_k");
    if (param.ends_with(".source") || param.ends_with(".citations")) return recording.has("pdf_or_file");
    return param.ends_with("_penalty") || param == "logprobs" || param == "top_logprobs" || param == "n";
}

// Azure's deployments need none in the body; a caller of ours always names one.
void name_a_model(Recording &recording) {
    plain::Json body = plain::parse(recording.request);
    if (!json_is_object(body.get()) || json_object_get(body.get(), "model")) return;
    recording.request.insert(recording.request.find('{') + 1, "\"model\":\"asked\",");
}

TEST_F(Recordings, RequestsAreCarried) {
    int carried = 0, hinted = 0, refused = 0, total = 0;
    std::string refusals;
    for (Recording &recording : load(own_dialect)) {
        if (recording.request.empty()) continue;
        ++total;
        JsonParser parser;
        JsonDoc doc;
        JsonOptions strict;
        strict.refuse_duplicates = true;
        name_a_model(recording);
        ASSERT_TRUE(parser.parse(recording.request, doc, strict).has_value()) << recording.id;
        auto request = recording.dialect->read_request(doc);
        if (!request && recording.status == 200) ADD_FAILURE() << recording.id << ": " << request.error().message;
        if (!request) continue;
        for (const Dialect *to : all_dialects()) {
            if (to == recording.dialect) continue;
            RequestOptions options;
            options.model = "m";
            options.stream = request->stream;
            auto written = to->write_request(*request, options);
            if (!written) {
                ++refused;
                refusals += "  " + recording.id + ": " + written.error().param + '\n';
                EXPECT_TRUE(may_be_refused(recording, written.error().param)) << recording.id << ": " << written.error().param;
                continue;
            }
            ++(written->dropped.empty() ? carried : hinted);
            plain::Json body = plain::parse(written->body);
            ASSERT_TRUE(body) << recording.id << ": " << written->body;
            // What was written for the other dialect is a request that its own reader takes.
            JsonDoc again;
            ASSERT_TRUE(parser.parse(written->body, again, strict).has_value()) << recording.id;
            auto reread = to->read_request(again);
            EXPECT_TRUE(reread.has_value()) << recording.id << ": " << reread.error().message << '\n' << written->body;
        }
    }
    std::cout << "recorded requests: carried " << carried << ", with hints left out " << hinted << ", refused " << refused
              << ", total " << total << '\n'
              << refusals;
}

}  // namespace

}  // namespace aigw::dialects
