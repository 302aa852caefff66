#include "gateway/filter.h"

#include <gtest/gtest.h>

#include "dialects/recordings.h"

namespace aigw::gateway {
namespace {

constexpr std::string_view kRequest = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";
const std::string kStream =
    "data: {\"id\":\"x\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}],\"usage\":null}\n\n"
    ": waiting\n\n"
    "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\u00e4\\\"b\"}}],\"usage\":null}\n\n"
    "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n"
    "data: {\"id\":\"x\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}\n\n"
    "data: [DONE]\n\n";

// A filter between a client and a proxy, both scripted.
struct Passage {
    Scratch scratch;
    ModelTable models;
    Policy policy;
    Caller caller;
    identity::Identity identity;
    const dialects::Dialect *dialect = nullptr;
    std::unique_ptr<Filter> filter;
    std::vector<std::string_view> pieces;
    Millis now = 1000;

    Passage() {
        policy.models = &models;
        caller.method = "POST";
        caller.path = "/v1/chat/completions";
    }

    std::optional<chat::ApiError> begin(std::optional<std::string> body) {
        filter = std::make_unique<Filter>(scratch, policy, dialect, caller);
        auto error = filter->begin(std::move(body), ++now);
        pieces = filter->edited_body();
        return error;
    }

    std::string edited() const {
        std::string all;
        for (std::string_view piece : pieces) {
            all += piece;
        }
        return all;
    }

    // What the caller gets of an answer that comes in pieces of `step` bytes.
    std::string answer(std::string_view type, std::string_view body, size_t step = SIZE_MAX, int status = 200) {
        std::string got;
        filter->head(status, type, false);
        for (size_t at = 0; at < body.size(); at += std::min(step, body.size() - at)) {
            std::string_view piece = body.substr(at, step);
            EXPECT_TRUE(filter->body(piece, ++now));
            got += filter->rewrites() ? filter->out() : std::string(piece);
            filter->out().clear();
        }
        EXPECT_TRUE(filter->body_end(++now));
        got += filter->out();
        filter->note_calls("up", {{"up", {}}}, 0, false);
        filter->end(End::Done, ++now);
        return got;
    }
};

TEST(Filter, AsksForUsageAndLeavesTheRest) {
    Passage p;
    ASSERT_FALSE(p.begin(std::string(kRequest)));
    EXPECT_EQ(p.edited(), R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}],"stream_options":{"include_usage":true}})");
    ASSERT_FALSE(p.begin(R"({"stream_options":{"x":1},"stream":true,"messages":[]})"));
    EXPECT_EQ(p.edited(), R"({"stream_options":{"x":1,"include_usage":true},"stream":true,"messages":[]})");
}

TEST(Filter, LeavesWhatNeedsNoQuestion) {
    Passage p;
    for (const char *body : {R"({"messages":[]})", R"({"messages":[],"stream":false})",
                             R"({"messages":[],"stream":true,"stream_options":{"include_usage":true}})"}) {
        ASSERT_FALSE(p.begin(body));
        EXPECT_EQ(p.edited(), "");
    }
    p.caller.path = "/v1/messages";
    ASSERT_FALSE(p.begin(std::string(kRequest)));
    EXPECT_EQ(p.edited(), "");
}

TEST(Filter, TakesUsageOutAtEveryCut) {
    std::string wanted;
    for (size_t step = 1; step <= kStream.size(); step++) {
        Passage p;
        ASSERT_FALSE(p.begin(std::string(kRequest)));
        std::string got = p.answer("text/event-stream; charset=utf-8", kStream, step);
        wanted = step == 1 ? got : wanted;
        ASSERT_EQ(got, wanted) << step;
        const Record &record = p.filter->record();
        ASSERT_EQ(record.usage.prompt, 9);
        ASSERT_EQ(record.usage.completion, 2);
        ASSERT_EQ(record.usage_source, UsageSource::Provider);
        ASSERT_EQ(record.finish, chat::FinishReason::Stop);
    }
    EXPECT_EQ(wanted.find("usage"), std::string::npos);
    EXPECT_NE(wanted.find(":\n\n"), std::string::npos) << "a sign of life";
    EXPECT_NE(wanted.find("\\u00e4\\\"b"), std::string::npos) << "bytes as they came";
    EXPECT_TRUE(wanted.ends_with("data: [DONE]\n\n"));
}

TEST(Filter, PassesWhatWasAskedFor) {
    Passage p;
    ASSERT_FALSE(p.begin(R"({"messages":[],"stream":true,"stream_options":{"include_usage":true}})"));
    EXPECT_EQ(p.answer("text/event-stream", kStream, 7), kStream);
    EXPECT_FALSE(p.filter->rewrites());
    EXPECT_EQ(p.filter->record().usage.prompt, 9);
    EXPECT_EQ(p.filter->record().end, End::Done);
}

TEST(Filter, PassesWhatItCannotRead) {
    std::string broken = "data: {\"choices\": 5}\n\ndata: {broken\n\ndata: [DONE]\n\n";
    Passage p;
    ASSERT_FALSE(p.begin(std::string(kRequest)));
    EXPECT_EQ(p.answer("text/event-stream", broken, 5), broken);
    EXPECT_EQ(p.filter->record().end, End::Error);
    EXPECT_NE(p.filter->record().error_code, "");
}

TEST(Filter, AnEventWithoutEndIsNotHeldForEver) {
    Passage p;
    ASSERT_FALSE(p.begin(std::string(kRequest)));
    p.filter->head(200, "text/event-stream", false);
    std::string piece(1 << 20, 'x');
    bool carried = p.filter->body("data: ", 1);
    for (int i = 0; carried && i < 40; i++) {
        carried = p.filter->body(piece, 1);
    }
    EXPECT_FALSE(carried);

    ASSERT_FALSE(p.begin(R"({"messages":[],"stream":true,"stream_options":{"include_usage":true}})"));
    p.filter->head(200, "text/event-stream", false);
    for (int i = 0; i < 40; i++) {
        ASSERT_TRUE(p.filter->body(piece, 1)) << "nothing is rewritten: it passes uncounted";
    }
    EXPECT_FALSE(p.filter->watches());
}

TEST(Filter, AnAnswerThatIsTooLongIsNotCounted) {
    Passage p;
    ASSERT_FALSE(p.begin(R"({"messages":[]})"));
    p.filter->head(200, "application/json", false);
    std::string piece(1 << 20, ' ');
    for (size_t i = 0; i <= Filter::kMaxJsonAnswer >> 20; i++) {
        ASSERT_TRUE(p.filter->body(piece, 1));
    }
    EXPECT_FALSE(p.filter->watches());
    EXPECT_TRUE(p.filter->body_end(2));
    EXPECT_EQ(p.filter->record().usage_source, UsageSource::None);
}

TEST(Filter, CountsWhatIsNoChat) {
    Passage p;
    p.caller.path = "/v1/embeddings";
    ASSERT_FALSE(p.begin(R"({"model":"e","input":"x"})"));
    p.answer("application/json", R"({"object":"list","data":[{"embedding":[1]}],"usage":{"prompt_tokens":5,"total_tokens":5}})");
    EXPECT_EQ(p.filter->record().usage.prompt, 5);
    EXPECT_EQ(p.filter->record().usage_source, UsageSource::Provider);

    p.caller.path = "/v1/completions";
    ASSERT_FALSE(p.begin(R"({"model":"e","prompt":"x","stream":true})"));
    EXPECT_NE(p.edited().find("include_usage"), std::string::npos);
    p.answer("text/event-stream", "data: {\"choices\":[{\"index\":0,\"text\":\"a\",\"finish_reason\":null}]}\n\n"
             "data: {\"choices\":[{\"index\":0,\"text\":\"b\",\"finish_reason\":\"stop\"}]}\n\n"
             "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n", 11);
    EXPECT_EQ(p.filter->record().usage.completion, 2);
    EXPECT_EQ(p.filter->record().end, End::Done);
}

TEST(Filter, CachedAnswersCostNothing) {
    Passage p;
    ASSERT_FALSE(p.begin(R"({"messages":[]})"));
    p.filter->head(200, "application/json", false);
    p.filter->body(R"({"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":4,"completion_tokens":2}})", 1);
    p.filter->body_end(2);
    p.filter->note_calls("up", {}, 0, true);
    p.filter->end(End::Done, 3);
    EXPECT_EQ(p.filter->record().usage_source, UsageSource::None);
    EXPECT_EQ(p.filter->record().usage.prompt, 0);
}

TEST(Filter, JudgesModels) {
    Passage p;
    p.identity.models = {"llama-*"};
    p.caller.identity = &p.identity;
    EXPECT_FALSE(p.begin(R"({"model":"llama-3","messages":[]})"));
    for (const char *body : {R"({"model":"gpt","messages":[]})", R"({"messages":[]})", R"({"model":5,"messages":[]})"}) {
        auto error = p.begin(body);
        ASSERT_TRUE(error) << body;
        EXPECT_EQ(error->status, 403);
        EXPECT_EQ(p.filter->record().error_code, "model_not_allowed");
    }
    p.caller.path = "/v1/files";
    EXPECT_TRUE(p.begin(std::nullopt));
    p.caller.method = "GET";
    EXPECT_FALSE(p.begin(std::nullopt));
}

TEST(Filter, ChoosesTheDialect) {
    auto name = [](const dialects::Dialect *dialect, std::string_view path, bool header) {
        return read_filter_path(dialect, path, {}, header).dialect->name();
    };
    EXPECT_EQ(name(nullptr, "/v1/chat/completions", true), "openai_chat");
    EXPECT_EQ(name(nullptr, "/x/messages/", false), "anthropic_messages");
    EXPECT_EQ(name(nullptr, "/x/messages/count_tokens", false), "anthropic_messages");
    EXPECT_EQ(name(nullptr, "/x/models", true), "anthropic_messages");
    EXPECT_EQ(name(nullptr, "/x/models", false), "openai_chat");
    EXPECT_EQ(name(&dialects::openai_chat(), "/v1/messages", true), "openai_chat");
    EXPECT_EQ(name(nullptr, "/v1/responses", true), "openai_responses");
    EXPECT_EQ(name(nullptr, "/v1/responses/resp_1/cancel", false), "openai_responses");
    EXPECT_EQ(name(nullptr, "/v1beta/models/gemini-3:generateContent", false), "gemini");
    EXPECT_EQ(name(nullptr, "/v1/projects/p/locations/l/endpoints/7:streamGenerateContent", false), "gemini");
    EXPECT_EQ(name(nullptr, "/v1beta/models", false), "gemini");
    EXPECT_EQ(name(nullptr, "/v1/models/llama:latest", false), "openai_chat");
    EXPECT_EQ(name(nullptr, "/v1/models/x:predict", false), "openai_chat");
    EXPECT_EQ(name(nullptr, "/v1beta/openai/chat/completions", false), "openai_chat");
}

TEST(FilterPath, SaysWhatGooglesBodiesDoNot) {
    auto read = [](std::string_view path, std::string_view query) { return read_filter_path(nullptr, path, query, false); };
    FilterPath call = read("/v1beta/models/gemini-3:streamGenerateContent", "x=1&alt=sse");
    EXPECT_EQ(call.model, "gemini-3");
    EXPECT_TRUE(call.is_call && call.stream && !call.list);
    call = read("/v1beta/tunedModels/a:streamGenerateContent", "alt=json");
    EXPECT_EQ(call.model, "a");
    EXPECT_TRUE(call.is_call && !call.stream && call.list);
    call = read("/v1/models/gemini-3:countTokens", "");
    EXPECT_TRUE(call.counts_tokens && !call.is_call);
    call = read("/v1/models/:generateContent", "");
    EXPECT_FALSE(call.is_call);
}

TEST(FilterPath, PlacesAreTheSameInBothModes) {
    auto place = [](std::string_view path, std::string_view query) {
        return filter_place(read_filter_path(nullptr, path, query, false), path, query);
    };
    EXPECT_EQ(place("/v1/models/a:generateContent", "x=1"), place("/v1/models/a:streamGenerateContent", "alt=sse&x=1"));
    EXPECT_NE(place("/v1/models/a:generateContent", "x=1"), place("/v1/models/b:generateContent", "x=1"));
    EXPECT_NE(place("/v1/models/a:generateContent", "x=1"), place("/v1/models/a:generateContent", "x=2"));
    EXPECT_NE(place("/v1/chat/completions", "alt=sse"), place("/v1/chat/completions", ""));
}

const std::string kGoogleEvents[] = {
    R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Hel"}]},"index":0}],"modelVersion":"g"})",
    R"({"candidates":[{"content":{"role":"model","parts":[{"text":"lo"}]},"finishReason":"STOP","index":0}],)"
    R"("usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":4,"totalTokenCount":13},"modelVersion":"g"})"};
constexpr std::string_view kGoogleRequest = R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}]})";

TEST(Filter, CountsGoogles) {
    Passage p;
    p.caller.path = "/v1beta/models/gemini-3:streamGenerateContent";
    p.caller.query = "alt=sse";
    std::string events = "data: " + kGoogleEvents[0] + "\r\n\r\ndata: " + kGoogleEvents[1] + "\r\n\r\n";
    for (size_t step = 1; step <= events.size(); step++) {
        ASSERT_FALSE(p.begin(std::string(kGoogleRequest)));
        ASSERT_EQ(p.edited(), "");
        ASSERT_EQ(p.answer("text/event-stream", events, step), events);
        ASSERT_EQ(p.filter->record().usage.prompt, 9) << step;
        ASSERT_EQ(p.filter->record().usage.completion, 4);
    }
    const Record &record = p.filter->record();
    EXPECT_EQ(record.model, "gemini-3");
    EXPECT_TRUE(record.stream);
    EXPECT_EQ(record.message_count, 1u);
    EXPECT_EQ(record.finish, chat::FinishReason::Stop);
    EXPECT_TRUE(p.filter->answers_chat());
}

// Without alt=sse a stream is one JSON list.
TEST(Filter, CountsGooglesLists) {
    Passage p;
    p.caller.path = "/v1beta/models/gemini-3:streamGenerateContent";
    std::string list = "[" + kGoogleEvents[0] + "\n,\r\n" + kGoogleEvents[1] + "\n]\n";
    for (size_t step : {size_t(1), size_t(7), list.size()}) {
        ASSERT_FALSE(p.begin(std::string(kGoogleRequest)));
        EXPECT_EQ(p.answer("application/json; charset=UTF-8", list, step), list);
        EXPECT_EQ(p.filter->record().usage.prompt, 9);
        EXPECT_EQ(p.filter->record().finish, chat::FinishReason::Stop);
        EXPECT_EQ(p.filter->record().end, End::Done);
    }
    ASSERT_FALSE(p.begin(std::string(kGoogleRequest)));
    p.answer("application/json", "[" + kGoogleEvents[0] + "]");
    EXPECT_EQ(p.filter->record().end, End::Error) << "cut: nothing said that it is whole";
    std::string own = p.filter->write_answer("No.");
    EXPECT_TRUE(own.starts_with("[{") && own.ends_with("}]")) << own;
}

TEST(Filter, CountsResponses) {
    Passage p;
    p.caller.path = "/v1/responses";
    ASSERT_FALSE(p.begin(R"({"model":"gpt","input":"hi"})"));
    EXPECT_TRUE(p.filter->answers_chat());
    p.answer("application/json", R"({"id":"resp_1","object":"response","status":"completed","model":"gpt","output":[{"type":"message",)"
             R"("id":"m","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hello","annotations":[]}]}],)"
             R"("usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":5},"output_tokens":2,"total_tokens":11}})");
    EXPECT_EQ(p.filter->record().usage.prompt, 9);
    EXPECT_EQ(p.filter->record().usage.cached, 5);
    p.caller.path = "/v1/responses/input_tokens";
    ASSERT_FALSE(p.begin(R"({"model":"gpt","messages":[]})"));
    EXPECT_FALSE(p.filter->is_call()) << "where paths say what is a call, a member says nothing";
}

TEST(Filter, JudgesTheModelInThePath) {
    Passage p;
    p.identity.models = {"gemini-*"};
    p.caller.identity = &p.identity;
    p.caller.path = "/v1beta/models/gemini-3:generateContent";
    EXPECT_FALSE(p.begin(std::string(kGoogleRequest)));
    EXPECT_FALSE(p.begin(R"({"model":"models/other","contents":[]})")) << "the path is what counts";
    p.caller.path = "/v1beta/models/imagen:generateContent";
    EXPECT_TRUE(p.begin(std::string(kGoogleRequest)));
    EXPECT_TRUE(p.begin(R"({"model":"gemini-3","contents":[]})"));
}

class FilterRecordings : public dialects::Recordings {};

// Every recorded stream of both dialects passes as it is where the usage was asked for, and is counted.
TEST_F(FilterRecordings, StreamsPass) {
    size_t count = 0, counted = 0;
    for (const dialects::Recording &recording : dialects::load(dialects::own_dialect)) {
        if (!recording.stream || recording.status != 200) continue;
        Passage p;
        p.dialect = recording.dialect;
        bool google = recording.dialect == &dialects::gemini();
        p.caller.path = google ? "/x/models/m:streamGenerateContent" : recording.dialect == &dialects::openai_responses() ? "/x/responses" : "/x";
        p.caller.query = google ? "alt=sse" : "";
        ASSERT_FALSE(p.begin(R"({"messages":[],"stream":true,"stream_options":{"include_usage":true}})"));
        EXPECT_EQ(p.answer("text/event-stream", recording.body, 1000), recording.body) << recording.id;
        count++;
        counted += p.filter->record().usage_source != UsageSource::None;
    }
    EXPECT_GT(count, 0u);
    EXPECT_GE(counted * 10, count * 9);
    std::cout << "recorded streams through the filter: " << count << ", counted " << counted << '\n';
}

}  // namespace
}  // namespace aigw::gateway
