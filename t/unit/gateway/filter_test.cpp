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
        return Filter::dialect_of(dialect, path, header).name();
    };
    EXPECT_EQ(name(nullptr, "/v1/chat/completions", true), "openai_chat");
    EXPECT_EQ(name(nullptr, "/x/messages/", false), "anthropic_messages");
    EXPECT_EQ(name(nullptr, "/x/messages/count_tokens", false), "anthropic_messages");
    EXPECT_EQ(name(nullptr, "/x/models", true), "anthropic_messages");
    EXPECT_EQ(name(nullptr, "/x/models", false), "openai_chat");
    EXPECT_EQ(name(&dialects::openai_chat(), "/v1/messages", true), "openai_chat");
}

class FilterRecordings : public dialects::Recordings {};

// Every recorded stream of both dialects passes as it is where the usage was asked for, and is counted.
TEST_F(FilterRecordings, StreamsPass) {
    size_t count = 0, counted = 0;
    for (const dialects::Recording &recording : dialects::load(dialects::own_dialect)) {
        if (!recording.stream || recording.status != 200) continue;
        Passage p;
        p.dialect = recording.dialect;
        p.caller.path = "/x";
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
