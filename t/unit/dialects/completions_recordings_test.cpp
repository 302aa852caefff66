// Legacy completions: every recorded answer as a plain reading has it, in every caller's dialect, and every recorded text of
// a chat for a caller of completions.
#include "dialects/recordings.h"

#include <iostream>

namespace aigw::dialects {
namespace {

const ProviderDialect *completions_only(const Recording &recording) {
    return recording.endpoint == "completions" ? &openai_completions() : nullptr;
}

struct Plain {
    std::map<int, std::string> texts, finishes;
    int ends = 0;
    bool operator==(const Plain &) const = default;
};

void add(std::string_view payload, Plain &to) {
    if (payload == "[DONE]") {
        ++to.ends;
        return;
    }
    plain::Json root = plain::parse(payload);
    ASSERT_TRUE(root) << payload;
    size_t i;
    json_t *choice;
    json_array_foreach(json_object_get(root.get(), "choices"), i, choice) {
        const int index = static_cast<int>(plain::count_of(choice, "index"));
        to.texts[index] += plain::text_of(choice, "text");
        if (std::string word = plain::text_of(choice, "finish_reason"); !word.empty()) to.finishes[index] = word;
    }
}

Plain read_plainly(bool stream, std::string_view body) {
    Plain out;
    for (std::string_view payload : stream ? plain::payloads(body) : std::vector<std::string_view>{body}) add(payload, out);
    return out;
}

AnswerOptions options_for(bool stream) {
    AnswerOptions options;
    options.stream = stream;
    options.fallback_id = "req-1";
    return options;
}

TEST_F(Recordings, CompletionsMeanTheSameInAllDialects) {
    int answers = 0, translated = 0;
    for (const Recording &recording : load(completions_only)) {
        SCOPED_TRACE(recording.id);
        if (recording.status != 200) {
            JsonParser parser;
            EXPECT_EQ(openai_completions().read_error(recording.status, recording.body, parser).status, recording.status);
            continue;
        }
        const Plain expected = read_plainly(recording.stream, recording.body);
        const PlainAnswer got = read_plain(openai_completions(), recording.stream, recording.body);
        EXPECT_EQ(got.error, "");
        for (const auto &[index, text] : expected.texts) EXPECT_EQ(got.choices.at(static_cast<uint32_t>(index)).text, text);
        ++answers;
        for (const Dialect *to : all_dialects()) {
            for (bool stream : {false, true}) {
                std::string written = translate(openai_completions(), *to, recording.stream, recording.body, options_for(stream));
                EXPECT_EQ(read_plain(*to, stream, written).choices.at(0).text, expected.texts.at(0)) << to->name();
                ++translated;
            }
        }
        for (bool stream : {false, true}) {
            std::string written = translate(openai_completions(), openai_completions(), recording.stream, recording.body, options_for(stream));
            Plain again = read_plainly(stream, written);
            EXPECT_EQ(again.texts, expected.texts);
            EXPECT_EQ(again.finishes, expected.finishes);
            EXPECT_EQ(again.ends, stream ? 1 : 0);
        }
    }
    std::cout << "recorded completions: " << answers << " answers, " << translated << " times in another dialect\n";
    EXPECT_GT(answers, 0);
}

TEST_F(Recordings, RequestsOfCompletionsAreCarriedOrRefused) {
    for (const Recording &recording : load(completions_only)) {
        JsonParser parser;
        JsonDoc doc;
        ASSERT_TRUE(parser.parse(recording.request, doc)) << recording.id;
        auto request = openai_completions().read_request(doc);
        if (!request) {  // token ids
            EXPECT_EQ(request.error().param, "prompt[0]") << recording.id;
            continue;
        }
        RequestOptions options;
        options.model = "m";
        for (const ProviderDialect *to : provider_dialects()) {
            auto written = to->write_request(*request, options);
            if (written) continue;
            const std::string &param = written.error().param;
            EXPECT_TRUE(param == "logprobs" || (param == "stop" && to == &openai_responses())) << recording.id << ": " << param;
        }
    }
}

TEST_F(Recordings, TextsOfChatsAreCompletionsToo) {
    for (const Recording &recording : load(own_dialect)) {
        if (recording.status != 200 || recording.fails()) continue;
        const PlainAnswer expected = read_plain(*recording.dialect, recording.stream, recording.body);
        for (bool stream : {false, true}) {
            std::string written = translate(*recording.dialect, openai_completions(), recording.stream, recording.body, options_for(stream));
            Plain got = read_plainly(stream, written);
            EXPECT_EQ(got.ends, stream ? 1 : 0) << recording.id;
            for (const auto &[index, choice] : expected.choices) {
                std::string text = choice.refusal.empty() ? choice.text : choice.text + choice.refusal;
                EXPECT_EQ(got.texts[static_cast<int>(index)], text) << recording.id;
                EXPECT_NE(got.finishes[static_cast<int>(index)], "") << recording.id;
            }
        }
    }
}

}  // namespace
}  // namespace aigw::dialects
