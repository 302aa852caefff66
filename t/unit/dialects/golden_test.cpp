// t/golden/<source>/<case>/: hand-written inputs in one dialect and what each dialect makes of them. Inputs, any of
//   request.json            a caller's body
//   answer.json             a provider's answer
//   stream.sse|stream.ndjson|stream.frames.json  the same as a stream; frames: [{"headers":{...},"payload":{...}}]
//   error.<status>.<ext>    a provider's error body
//   options.json            {"drop_unsupported":true,"max_completion_tokens":false,"developer_role":false}
// Expected, for each target dialect:
//   expect.<target>.json, .dropped     the body for the provider (its own dialect: the caller's bytes, spliced)
//   expect.<target>.answer.json        the answer as one JSON body
//   expect.<target>.stream.sse         the answer as a stream (its own dialect: the events, passed)
//   expect.<target>.error.json         where it is refused or failed; of a request: in the caller's dialect
// AIGW_GOLDEN_UPDATE=1 writes the expectations anew: read the difference before you keep it.
#include <gtest/gtest.h>
#include <jansson.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "../../fuzz/aws_frame.h"
#include "dialects/answers.h"
#include "dialects/base64.h"
#include "source_dir.h"

namespace aigw::dialects {

namespace {

namespace fs = std::filesystem;

fs::path golden_dir() { return fs::path(AIGW_SOURCE_DIR) / "t/golden"; }

std::string slurp(const fs::path &path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

bool updating() {
    const char *value = std::getenv("AIGW_GOLDEN_UPDATE");
    return value && std::string_view(value) == "1";
}

// Indented, in the order it was written.
std::string pretty(const std::string &json) {
    json_error_t error;
    json_t *value = json_loadb(json.data(), json.size(), JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (!value) return "not JSON: " + json;
    char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    std::string out(text);
    free(text);
    json_decref(value);
    return out + "\n";
}

// The bytes of a stream that is written down as a list of frames.
std::string frames_of(const std::string &json) {
    json_t *list = json_loadb(json.data(), json.size(), 0, nullptr), *frame, *value;
    EXPECT_TRUE(json_is_array(list)) << json;
    std::string out;
    size_t i;
    const char *name;
    json_array_foreach(list, i, frame) {
        fuzz::AwsHeaders headers;
        json_object_foreach(json_object_get(frame, "headers"), name, value) {
            headers.emplace_back(name, json_string_value(value));
        }
        char *payload = json_dumps(json_object_get(frame, "payload"), JSON_COMPACT);
        out += fuzz::aws_frame(headers, payload);
        free(payload);
    }
    json_decref(list);
    return out;
}

// As bedrock_anthropic has it: the events stand in the files plainly.
std::string wrapped_frames_of(const std::string &json) {
    json_t *list = json_loadb(json.data(), json.size(), 0, nullptr), *frame;
    size_t i;
    json_array_foreach(list, i, frame) {
        if (!json_object_get(json_object_get(frame, "headers"), ":event-type")) continue;
        char *payload = json_dumps(json_object_get(frame, "payload"), JSON_COMPACT);
        std::string bytes;
        append_base64(bytes, payload);
        free(payload);
        json_object_set_new(frame, "payload", json_pack("{s:s,s:s}", "bytes", bytes.c_str(), "p", "abcd"));
    }
    char *text = json_dumps(list, 0);
    std::string out = frames_of(text);
    free(text);
    json_decref(list);
    return out;
}

const char *stream_file(Framing framing) {
    switch (framing) {
    case Framing::Ndjson:
        return "stream.ndjson";
    case Framing::AwsEventStream:
        return "stream.frames.json";
    case Framing::Sse:
        break;
    }
    return "stream.sse";
}

class Case {
public:
    Case(fs::path dir, const ProviderDialect &source)
        : dir_(std::move(dir)), source_(source), caller_(dynamic_cast<const Dialect *>(&source)) {
        read_options();
    }

    void run() {
        for (const ProviderDialect *target : provider_dialects()) {
            if (fs::exists(dir_ / "request.json")) request(*target, "expect." + std::string(target->name()));
        }
        if (caller_ == &openai_completions() && fs::exists(dir_ / "request.json")) completion();
        for (const Dialect *target : caller_dialects()) {
            std::string prefix = "expect." + std::string(target->name());
            for (bool stream : {false, true}) {
                if (fs::path path = dir_ / (stream ? stream_file(source_.framing()) : "answer.json"); fs::exists(path)) {
                    answer(*target, prefix, stream, stream ? stream_of(slurp(path)) : slurp(path));
                }
            }
            provider_error(*target, prefix);
        }
        no_other_expectations();
    }

private:
    void read_options() {
        options_.model = "target-model";
        JsonParser parser;
        JsonDoc doc;
        std::string text = fs::exists(dir_ / "options.json") ? slurp(dir_ / "options.json") : "{}";
        ASSERT_TRUE(parser.parse(text, doc).has_value());
        options_.drop_unsupported = doc.root()["drop_unsupported"].is_true();
        options_.quirks.max_completion_tokens = !doc.root()["max_completion_tokens"].is_false();
        options_.quirks.developer_role = !doc.root()["developer_role"].is_false();
    }

    std::string stream_of(const std::string &text) const {
        if (source_.framing() != Framing::AwsEventStream) return text;
        return source_.name() == "bedrock_anthropic" ? wrapped_frames_of(text) : frames_of(text);
    }

    void expect(const std::string &name, const std::string &text) {
        seen_.insert(name);
        if (updating()) {
            std::ofstream(dir_ / name, std::ios::binary) << text;
            return;
        }
        ASSERT_TRUE(fs::exists(dir_ / name)) << dir_ / name << " is missing; it would be:\n" << text;
        EXPECT_EQ(slurp(dir_ / name), text) << dir_ / name;
    }

    void request(const ProviderDialect &target, const std::string &prefix) {
        std::string body = slurp(dir_ / "request.json");
        JsonParser parser;
        JsonDoc doc;
        JsonOptions strict;
        strict.refuse_duplicates = true;
        ASSERT_TRUE(parser.parse(body, doc, strict).has_value());
        ASSERT_NE(caller_, nullptr) << "no caller speaks it";
        auto read = caller_->read_request(doc);
        if (!read) return expect(prefix + ".error.json", pretty(caller_->write_error(read.error(), "req-1")));
        options_.stream = read->stream;
        // Converse goes by the model's name: whose it is.
        options_.model = target.name() == "bedrock_converse" ? "anthropic.claude-target" : "target-model";
        if (&target == &source_) return pass_request(doc, prefix);
        auto written = target.write_request(*read, options_);
        if (!written) return expect(prefix + ".error.json", pretty(caller_->write_error(written.error(), "req-1")));
        expect(prefix + ".json", pretty(written->body));
        std::string dropped;
        for (const std::string &path : written->dropped) {
            dropped += path + "\n";
        }
        if (!dropped.empty()) expect(prefix + ".dropped", dropped);
        auto again = target.write_request(*read, options_);
        EXPECT_EQ(again->body, written->body) << "the same call gives the same bytes";
    }

    // To a provider that takes completions the body passes whether a chat can be made of it or not.
    void completion() {
        std::string body = slurp(dir_ / "request.json"), prefix = "expect." + std::string(source_.name());
        JsonParser parser;
        JsonDoc doc;
        ASSERT_TRUE(parser.parse(body, doc).has_value());
        if (auto error = caller_->check(doc.root())) {
            return expect(prefix + ".error.json", pretty(caller_->write_error(*error, "req-1")));
        }
        options_.stream = caller_->facts(doc.root()).stream;
        options_.model = "target-model";
        pass_request(doc, prefix);
    }

    void pass_request(const JsonDoc &doc, const std::string &prefix) {
        JsonSplice splice(doc.text());
        caller_->pass_request(doc, options_, splice);
        std::string out;
        splice.append_to(out);
        expect(prefix + ".json", out);
    }

    static AnswerOptions answer_options(bool stream) {
        AnswerOptions options;
        options.stream = stream;
        options.include_usage = true;
        options.created = 1'700'000'000;
        options.fallback_id = "req-1";
        options.model = "asked-model";
        options.input_tokens = 25;
        return options;
    }

    void answer(const Dialect &target, const std::string &prefix, bool stream, const std::string &body) {
        bool failed = !read_plain(source_, stream, body).error.empty();
        std::string whole = translate(source_, target, stream, body, answer_options(false));
        expect(prefix + (failed ? ".error.json" : ".answer.json"), pretty(whole));
        if (failed && !stream) return;
        std::string events = &target == &source_ && stream ? passed(body, {})
                                                           : translate(source_, target, stream, body, answer_options(true));
        expect(prefix + ".stream.sse", events);
        if (stream) cut_anywhere(target, body, events);
    }

    std::string passed(const std::string &body, Cut cut) const {
        PlainSink sink;
        StreamRun run(source_, sink);
        run.pass = caller_;
        run.pass_options = answer_options(true);
        run.pass_options.include_usage = false;
        run.run(body, cut);
        if (run.error) caller_->write_late_error(*run.error, "req-1", run.told, run.passed);
        return run.passed;
    }

    void cut_anywhere(const Dialect &target, const std::string &body, const std::string &events) const {
        auto again = [&](Cut cut) {
            return &target == &source_ ? passed(body, cut) : translate(source_, target, true, body, answer_options(true), cut);
        };
        EXPECT_EQ(again({1, SIZE_MAX}), events) << "byte by byte";
        for (size_t at = 1; at < body.size(); ++at) {
            ASSERT_EQ(again({SIZE_MAX, at}), events) << "split at " << at;
        }
    }

    void provider_error(const Dialect &target, const std::string &prefix) {
        for (const auto &entry : fs::directory_iterator(dir_)) {
            std::string name = entry.path().filename().string();
            if (!name.starts_with("error.")) continue;
            JsonParser parser;
            chat::ApiError error = source_.read_error(std::stoi(name.substr(6)), slurp(entry.path()), parser);
            expect(prefix + ".error.json", pretty(target.write_error(error, "req-1")));
        }
    }

    // An expectation that nothing gave is an answer that changed its kind.
    void no_other_expectations() const {
        std::vector<fs::path> stale;
        for (const auto &entry : fs::directory_iterator(dir_)) {
            std::string name = entry.path().filename().string();
            if (name.starts_with("expect.") && !seen_.count(name)) stale.push_back(entry.path());
        }
        for (const fs::path &path : stale) {
            if (updating()) {
                fs::remove(path);
            } else {
                ADD_FAILURE() << path << " is expected, nothing gave it";
            }
        }
    }

    fs::path dir_;
    const ProviderDialect &source_;
    const Dialect *caller_;  // null: no caller speaks it
    RequestOptions options_;
    std::set<std::string> seen_;
};

std::vector<std::string> case_names() {
    std::vector<std::string> names;
    if (!fs::exists(golden_dir())) return names;
    for (const auto &source : fs::directory_iterator(golden_dir())) {
        if (source.path().filename() == "providers") continue;  // providers_test.cpp
        for (const auto &entry : fs::directory_iterator(source.path())) {
            if (!entry.is_directory()) continue;
            names.push_back(source.path().filename().string() + "/" + entry.path().filename().string());
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, Case) {
    std::string source = GetParam().substr(0, GetParam().find('/'));
    const ProviderDialect *dialect = source == openai_completions().name() ? &openai_completions() : find_dialect(source);
    ASSERT_NE(dialect, nullptr) << source;
    Case(golden_dir() / GetParam(), *dialect).run();
}

INSTANTIATE_TEST_SUITE_P(All, Golden, testing::ValuesIn(case_names()), [](const auto &info) {
    std::string name = info.param;
    for (char &c : name) {
        if (!isalnum(static_cast<unsigned char>(c))) c = '_';
    }
    return name;
});

TEST(GoldenCases, ThereAreEnough) {
    constexpr long kLeast = 25;
    std::vector<std::string> names = case_names();
    EXPECT_GE(std::count_if(names.begin(), names.end(), [](const auto &name) { return name.starts_with("openai_chat/"); }),
              kLeast);
}

}  // namespace

}  // namespace aigw::dialects
