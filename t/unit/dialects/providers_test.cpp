// t/golden/providers/<row>/: for each row of the catalogue that is not a dialect's inventor, made by hand after the vendor's
// documentation (source.txt says so and after what):
//   answer.json, stream.sse   one answer, whole and streamed, with the vendor's deviations: both give expect.json
//   request.json              an OpenAI client's body, and what this provider gets: expect.request.json, .dropped
// and of anthropic.json, an Anthropic client's body for all of them: expect.anthropic.json, .dropped.
// AIGW_GOLDEN_UPDATE=1 writes the expectations anew.
#include <gtest/gtest.h>

#include "core/json_writer.h"
#include "dialects/recordings.h"
#include "providers/provider.h"
#include "source_dir.h"

namespace aigw::dialects {

namespace {

using providers::CatalogRow;

const fs::path kGolden = fs::path(AIGW_SOURCE_DIR) / "t/golden";

bool updating() {
    const char *value = std::getenv("AIGW_GOLDEN_UPDATE");
    return value && std::string_view(value) == "1";
}

void expect(const fs::path &path, const std::string &text) {
    if (updating() && !text.empty()) std::ofstream(path, std::ios::binary) << text;
    if (updating() && text.empty()) fs::remove(path);
    EXPECT_EQ(fs::exists(path), !text.empty()) << path << '\n' << text;
    EXPECT_EQ(slurp(path), text) << path;
}

std::string pretty(const std::string &json) {
    plain::Json value = plain::parse(json);
    if (!value) return "not JSON: " + json;
    char *text = json_dumps(value.get(), JSON_INDENT(1) | JSON_REAL_PRECISION(15));
    std::string out = std::string(text) + "\n";
    free(text);
    return out;
}

std::string lines(const std::vector<std::string> &paths) {
    std::string out;
    for (const std::string &path : paths) {
        out += path + "\n";
    }
    return out;
}

// What a client has in its hands.
std::string described(const PlainAnswer &answer) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("error").string(answer.error).key("choices").begin_array();
    for (const auto &[number, choice] : answer.choices) {
        json.begin_object().key("text").string(choice.text).key("reasoning").string(choice.reasoning);
        json.key("finish").number(static_cast<int>(choice.finish)).key("signatures").begin_array();
        for (const std::string &signature : choice.signatures) {
            json.string(plain::bare(signature));
        }
        json.end_array().key("tools").begin_array();
        for (const PlainTool &tool : choice.tools) {
            json.begin_object().key("id").string(tool.id).key("name").string(tool.name);
            json.key("arguments").string(plain::canonical(tool.arguments)).end_object();
        }
        json.end_array().end_object();
    }
    json.end_array().key("usage").begin_array();
    if (answer.usage) {
        const chat::Usage &u = *answer.usage;
        json.number(u.prompt).number(u.completion).number(u.cached).number(u.cache_write).number(u.reasoning);
    }
    json.end_array().end_object();
    return pretty(out);
}

AnswerOptions answer_options(bool stream) {
    AnswerOptions options;
    options.stream = stream;
    options.include_usage = true;
    options.created = 1'700'000'000;
    options.fallback_id = "fallback";
    options.model = "asked";
    return options;
}

// Those that are neither the dialect's inventor nor alone with it: golden_test has the inventors.
std::vector<const CatalogRow *> deviating_rows() {
    std::vector<const CatalogRow *> out;
    std::vector<std::string_view> seen;
    for (const CatalogRow &row : providers::rows()) {
        if (row.serves != providers::Serves::Chats) continue;  // t/integration/operations has them
        bool first = std::find(seen.begin(), seen.end(), row.dialect) == seen.end();
        seen.push_back(row.dialect);
        if (!first || fs::exists(kGolden / "providers" / std::string(row.format))) out.push_back(&row);
    }
    return out;
}

class ProviderRow : public testing::TestWithParam<const CatalogRow *> {
protected:
    const CatalogRow &row() const { return *GetParam(); }
    const ProviderDialect &dialect() const { return *find_dialect(row().dialect); }
    fs::path folder() const { return kGolden / "providers" / std::string(row().format); }
    fs::path stream_file() const { return folder() / (dialect().framing() == Framing::Sse ? "stream.sse" : "stream.ndjson"); }

    RequestOptions options(bool stream) const {
        RequestOptions options;
        options.model = "target-model";
        options.stream = stream;
        options.quirks = row().quirks;
        return options;
    }
};

TEST_P(ProviderRow, SaysWhatItsTranscriptIsMadeAfter) {
    ASSERT_NE(find_dialect(row().dialect), nullptr);
    std::string source = slurp(folder() / "source.txt");
    EXPECT_TRUE(source.starts_with("Hand-made, no recording. After https://")) << folder() << ": " << source;
}

TEST_P(ProviderRow, AnswersTheSameWholeAndStreamed) {
    std::string body = slurp(folder() / "answer.json"), events = slurp(stream_file());
    ASSERT_FALSE(body.empty() || events.empty()) << folder();
    expect(folder() / "expect.json", described(read_plain(dialect(), false, body)));
    std::string expected = slurp(folder() / "expect.json");
    EXPECT_EQ(described(read_plain(dialect(), true, events)), expected);
    EXPECT_EQ(described(read_plain_stream(dialect(), events, {1, SIZE_MAX})), expected) << "byte by byte";
    for (size_t at = 1; at < events.size(); ++at) {
        ASSERT_EQ(described(read_plain_stream(dialect(), events, {SIZE_MAX, at})), expected) << "split at " << at;
    }
}

// Without the one count that Gemini has no place for.
std::string as_all_tell(PlainAnswer answer) {
    if (answer.usage) answer.usage->cache_write = 0;
    return described(answer);
}

TEST_P(ProviderRow, ReachesEveryClient) {
    for (bool from_stream : {false, true}) {
        std::string body = slurp(from_stream ? stream_file() : folder() / "answer.json");
        PlainAnswer expected = read_plain(dialect(), from_stream, body);
        for (const Dialect *to : all_dialects()) {
            for (bool stream : {false, true}) {
                PlainAnswer seen = read_plain(*to, stream, translate(dialect(), *to, from_stream, body, answer_options(stream)));
                EXPECT_EQ(seen.error, "") << to->name();
                EXPECT_EQ(as_all_tell(seen), as_all_tell(expected)) << to->name() << (stream ? " streamed" : " whole");
            }
        }
    }
}

TEST_P(ProviderRow, GetsWhatItTakesOfAnOpenAiClient) {
    std::string body = slurp(folder() / "request.json"), out;
    JsonParser parser;
    JsonDoc doc;
    ASSERT_TRUE(parser.parse(body, doc).has_value()) << folder();
    if (&dialect() != &openai_chat()) {
        auto request = openai_chat().read_request(doc);
        ASSERT_TRUE(request.has_value()) << request.error().message;
        auto written = dialect().write_request(*request, options(request->stream));
        ASSERT_TRUE(written.has_value()) << written.error().message;
        expect(folder() / "expect.request.json", pretty(written->body));
        return expect(folder() / "expect.request.dropped", lines(written->dropped));
    }
    JsonSplice splice(doc.text());
    openai_chat().pass_request(doc, options(true), splice);
    auto dropped = openai_chat().adapt_request(doc, options(true), splice);
    ASSERT_TRUE(dropped.has_value()) << dropped.error().message;
    splice.append_to(out);
    expect(folder() / "expect.request.json", pretty(out));
    expect(folder() / "expect.request.dropped", lines(*dropped));
}

TEST_P(ProviderRow, GetsWhatItTakesOfAnAnthropicClient) {
    std::string body = slurp(kGolden / "providers/anthropic.json");
    JsonParser parser;
    JsonDoc doc;
    ASSERT_TRUE(parser.parse(body, doc).has_value());
    auto request = anthropic_messages().read_request(doc);
    ASSERT_TRUE(request.has_value()) << request.error().message;
    RequestOptions dropping = options(true);
    dropping.drop_unsupported = true;
    auto written = dialect().write_request(*request, dropping);
    ASSERT_TRUE(written.has_value()) << written.error().message;
    expect(folder() / "expect.anthropic.json", pretty(written->body));
    expect(folder() / "expect.anthropic.dropped", lines(written->dropped));
    EXPECT_EQ(dialect().write_request(*request, dropping)->body, written->body) << "the same call gives the same bytes";
}

INSTANTIATE_TEST_SUITE_P(All, ProviderRow, testing::ValuesIn(deviating_rows()), [](const auto &info) {
    std::string name(info.param->format);
    std::replace_if(name.begin(), name.end(), [](char c) { return !isalnum(static_cast<unsigned char>(c)); }, '_');
    return name;
});

// The dialects' inventors have golden cases of their own, and there is no transcript without a row.
TEST(ProviderRows, AllAreTested) {
    for (const CatalogRow &row : providers::rows()) {
        EXPECT_TRUE(fs::exists(kGolden / "providers" / std::string(row.format)) || fs::exists(kGolden / std::string(row.dialect)))
            << row.format;
    }
    for (const auto &entry : fs::directory_iterator(kGolden / "providers")) {
        if (!entry.is_directory()) continue;
        EXPECT_NE(providers::find_row(entry.path().filename().string()), nullptr) << entry.path();
    }
}

}  // namespace

}  // namespace aigw::dialects
