// Recorded exchanges with Bedrock: what the readers make of them, and what callers get, held against a plain reading.
#include <gtest/gtest.h>

#include <iostream>

#include "dialects/bedrock_plain_reading.h"
#include "dialects/recordings.h"

namespace aigw::dialects {

namespace {

PlainAnswer plainly(const Recording &recording) {
    return recording.speaks == &bedrock_converse() ? plain::read_converse(recording.stream, recording.body)
                                                   : plain::read_invoked_claude(recording.stream, recording.body);
}

std::string described(const PlainAnswer &answer, bool with_usage) {
    std::ostringstream out;
    for (const auto &[number, choice] : answer.choices) {
        out << number << "\ntext " << choice.text << "\nreasoning " << choice.reasoning << "\nfinish "
            << static_cast<int>(choice.finish);
        for (const PlainTool &tool : choice.tools) {
            out << "\ntool " << tool.id << ' ' << tool.name << ' ' << plain::canonical(tool.arguments);
        }
        for (const std::string &text : choice.signatures) out << "\nsignature " << plain::bare(text);
        for (const std::string &text : choice.redacted) out << "\nredacted " << text;
    }
    if (with_usage && answer.usage) {
        const chat::Usage &u = *answer.usage;
        out << "\nusage " << u.prompt << ' ' << u.completion << ' ' << u.cached << ' ' << u.cache_write << ' ' << u.reasoning;
    }
    return out.str();
}

void expect_same(const PlainAnswer &expected, PlainAnswer got, const std::string &where) {
    plain::canonise(got);
    EXPECT_EQ(got.error, "") << where;
    EXPECT_EQ(described(got, expected.usage.has_value()), described(expected, true)) << where;
}

AnswerOptions options_for(bool stream) {
    AnswerOptions options;
    options.stream = stream;
    options.include_usage = true;
    options.fallback_id = "fallback";
    options.model = "asked";
    return options;
}

// Google has no word for what was written to a cache.
PlainAnswer as_told_to(const Dialect &to, PlainAnswer answer) {
    if (&to == &gemini() && answer.usage) answer.usage->cache_write = 0;
    return answer;
}

void check_callers(const Recording &recording, const PlainAnswer &expected) {
    for (const Dialect *to : all_dialects()) {
        for (bool stream : {false, true}) {
            const std::string where = recording.id + " to " + std::string(to->name()) + (stream ? " streamed" : " whole");
            std::string written = translate(*recording.speaks, *to, recording.stream, recording.body, options_for(stream));
            PlainAnswer seen = plain::read(to->name(), stream, written);
            expect_same(as_told_to(*to, expected), seen, where);
            EXPECT_EQ(seen.ends, stream ? 1 : 0) << where;
            if (!recording.stream) continue;
            for (Cut cut : {Cut{1, SIZE_MAX}, Cut{SIZE_MAX, recording.body.size() / 3}}) {
                EXPECT_EQ(translate(*recording.speaks, *to, true, recording.body, options_for(stream), cut), written) << where;
            }
        }
    }
}

TEST_F(Recordings, BedrockAnswersMeanTheSameToAllCallers) {
    int read = 0, failed = 0;
    for (const Recording &recording : load(bedrock_dialect)) {
        if (recording.status != 200) {
            ++failed;
            JsonParser parser;
            chat::ApiError error = recording.speaks->read_error(recording.status, recording.body, parser);
            const bool credentials = recording.id.find("error_auth") != std::string::npos;
            EXPECT_EQ(error.kind, credentials ? chat::ErrorKind::Authentication : chat::ErrorKind::InvalidRequest);
            EXPECT_FALSE(error.message.empty()) << recording.id;
            continue;
        }
        const PlainAnswer expected = plainly(recording);
        PlainAnswer got = read_plain(*recording.speaks, recording.stream, recording.body);
        expect_same(expected, got, recording.id);
        EXPECT_EQ(got.starts, 1) << recording.id;
        EXPECT_EQ(got.ends, 1) << recording.id;
        EXPECT_EQ(got.finishes, 1) << recording.id;
        check_callers(recording, expected);
        ++read;
    }
    std::cout << "recordings of bedrock: " << read << " answers, " << failed << " errors\n";
    EXPECT_GT(read, 0);
}

class EventLog final : public SseSink {
public:
    std::string log;
    bool on_event(const SseEvent &event) override {
        log.append(event.name).append(1, '\0').append(event.data).append(1, '\0');
        return true;
    }
};

std::string events_of(std::string_view body, size_t split) {
    EventLog sink;
    auto reader = make_event_reader(Framing::AwsEventStream);
    reader->feed(body.substr(0, split), sink);
    reader->feed(body.substr(split), sink);
    EXPECT_EQ(reader->finish(sink), EventReader::Status::Ok);
    return std::move(sink.log);
}

// Every split gives the same events, and a sample of splits goes all the way to the answer.
TEST_F(Recordings, BedrockStreamsCutAnywhereAreTheSame) {
    constexpr size_t kSample = 60;
    size_t splits = 0;
    for (const Recording &recording : load(bedrock_dialect)) {
        if (!recording.stream || recording.status != 200) continue;
        const std::string events = events_of(recording.body, 0);
        const PlainAnswer whole = read_plain_stream(*recording.speaks, recording.body);
        EXPECT_EQ(read_plain_stream(*recording.speaks, recording.body, {1, SIZE_MAX}), whole) << recording.id;
        const size_t step = std::max<size_t>(1, recording.body.size() / kSample);
        for (size_t at = 1; at < recording.body.size(); ++at, ++splits) {
            ASSERT_EQ(events_of(recording.body, at) == events, true) << recording.id << " split at " << at;
            if (at % step != 0) continue;
            ASSERT_EQ(read_plain_stream(*recording.speaks, recording.body, {SIZE_MAX, at}), whole)
                << recording.id << " split at " << at;
        }
    }
    std::cout << "recordings of bedrock: " << splits << " splits\n";
}

}  // namespace

}  // namespace aigw::dialects
