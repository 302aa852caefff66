// Recordings of what only providers speak: read, and rendered for every caller's dialect, whole, byte by byte and split.
#include <iostream>

#include "dialects/plain_native.h"
#include "dialects/recordings.h"

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

// What must be the same whatever way an answer took. Ids that were made up are not compared.
std::string summary(const PlainAnswer &answer, bool ids) {
    std::string out = answer.error + '|';
    for (const auto &[number, choice] : answer.choices) {
        out += choice.text + '|' + choice.reasoning + '|' + std::to_string(static_cast<int>(choice.finish));
        for (const PlainTool &tool : choice.tools) {
            out += '|' + (ids ? tool.id : "") + ' ' + tool.name + ' ' + plain::canonical(tool.arguments);
        }
    }
    if (!answer.usage) return out;
    for (Tokens n : {answer.usage->prompt, answer.usage->completion, answer.usage->cached, answer.usage->reasoning}) {
        out += ' ' + std::to_string(n);
    }
    return out;
}

void check(const Recording &recording) {
    PlainAnswer expected = plain::read_native(recording.speaks->name(), recording.stream, recording.body);
    ASSERT_EQ(expected.ends, 1) << recording.id;
    bool ids = expected.choices[0].tools.empty() || !expected.choices[0].tools[0].id.empty();
    const std::string wanted = summary(expected, ids);
    PlainAnswer got = read_plain(*recording.speaks, recording.stream, recording.body);
    EXPECT_EQ(summary(got, ids), wanted) << recording.id;
    EXPECT_EQ(got.starts, 1) << recording.id;
    EXPECT_EQ(got.ends, 1) << recording.id;
    EXPECT_EQ(got.finishes, 1) << recording.id;
    EXPECT_EQ(got.tool_ends, static_cast<int>(expected.choices[0].tools.size())) << recording.id;
    for (const Dialect *to : all_dialects()) {
        for (bool stream : {false, true}) {
            auto translated = [&](Cut cut) {
                return translate(*recording.speaks, *to, recording.stream, recording.body, options_for(stream), cut);
            };
            std::string written = translated({});
            EXPECT_EQ(summary(read_plain(*to, stream, written), ids), wanted) << recording.id << " to " << to->name();
            if (!recording.stream) continue;
            EXPECT_EQ(translated({1, SIZE_MAX}), written) << recording.id << " byte by byte";
            size_t step = recording.body.size() / 40 + 1;
            for (size_t at = 1; at < recording.body.size(); at += step) {
                ASSERT_EQ(translated({SIZE_MAX, at}), written) << recording.id << " split at " << at;
            }
        }
    }
}

TEST_F(Recordings, NativeAnswersMeanTheSameInAllDialects) {
    int answers = 0, errors = 0;
    for (const Recording &recording : load(native_dialect)) {
        if (recording.status != 200) {
            JsonParser parser;
            chat::ApiError error = recording.speaks->read_error(recording.status, recording.body, parser);
            EXPECT_EQ(error.status, recording.status) << recording.id;
            EXPECT_FALSE(error.message.empty()) << recording.id;
            ++errors;
            continue;
        }
        check(recording);
        ++answers;
    }
    std::cout << "recordings: " << answers << " answers of Ollama and Cohere, " << errors << " errors\n";
    EXPECT_GT(answers, 20);
}

}  // namespace

}  // namespace aigw::dialects
