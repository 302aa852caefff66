// Other forms of the same exchange: legacy completions, Google's JSON arrays and token counts, compressed answers.
#include "gateway/exchange.h"

#include <zlib.h>

#include "gateway/scripted_exchange.h"

namespace aigw::gateway {
namespace {

const std::string kChatJson =
    R"({"id":"c1","object":"chat.completion","created":1,"model":"gpt-x","choices":[{"index":0,"message":)"
    R"({"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2}})";
const std::string kTextJson =
    R"({"id":"t1","object":"text_completion","created":1,"model":"l","choices":[{"text":" there","index":0,"logprobs":)"
    R"({"tokens":[" there"]},"finish_reason":"stop"}],"usage":{"prompt_tokens":4,"completion_tokens":1}})";
const std::string kGoogleStream =
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hel\"}],\"role\":\"model\"},\"index\":0}]}\r\n\r\n"
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"lo\"}],\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0}],"
    "\"usageMetadata\":{\"promptTokenCount\":3,\"candidatesTokenCount\":2,\"totalTokenCount\":5}}\r\n\r\n";

std::string gzipped(std::string_view plain) {
    z_stream z{};
    deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&z, plain.size()) + 64, '\0');
    z.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(plain.data()));
    z.avail_in = static_cast<uInt>(plain.size());
    z.next_out = reinterpret_cast<Bytef *>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    deflate(&z, Z_FINISH);
    out.resize(out.size() - z.avail_out);
    deflateEnd(&z);
    return out;
}

Reply packed(Reply reply, const char *coding = "gzip") {
    reply.headers.emplace_back("content-encoding", coding);
    reply.body = gzipped(reply.body);
    return reply;
}

TEST(LegacyCompletions, AreAChatToAProviderOfChats) {
    ScriptedExchange talk;
    talk.caller.path = "completions";
    talk.model("m", {talk.openai("gpt-x")});
    talk.run(R"({"model":"m","prompt":"hi","max_tokens":5})", {json(200, kChatJson)});
    EXPECT_TRUE(talk.sent.at(0).starts_with("POST /v1/chat/completions "));
    EXPECT_EQ(talk.sent_bodies.at(0),
              R"({"model":"gpt-x","messages":[{"role":"user","content":"hi"}],"max_completion_tokens":5})");
    EXPECT_NE(talk.body.find(R"("object":"text_completion")"), std::string::npos) << talk.body;
    EXPECT_NE(talk.body.find(R"({"text":"Hello","index":0,"logprobs":null,"finish_reason":"stop"})"), std::string::npos);
    EXPECT_EQ(talk.exchange().record().usage, (chat::Usage{9, 2, 0, 0, 0}));
}

TEST(LegacyCompletions, PassWhereTheProviderTakesThem) {
    ScriptedExchange talk;
    talk.caller.path = "v1/completions";
    talk.model("m", {talk.local("l")});
    talk.run(R"({"model":"m", "prompt":["a","b"],"echo":true,"logprobs":1})", {json(200, kTextJson)});
    EXPECT_TRUE(talk.sent.at(0).starts_with("POST /v1/completions "));
    EXPECT_EQ(talk.sent_bodies.at(0), R"({"model":"l", "prompt":["a","b"],"echo":true,"logprobs":1})");
    EXPECT_EQ(talk.body, kTextJson);
    EXPECT_EQ(talk.exchange().record().usage, (chat::Usage{4, 1, 0, 0, 0}));
}

TEST(LegacyCompletions, OpenAiTakesThemForItsOldModels) {
    ScriptedExchange talk;
    talk.caller.path = "completions";
    talk.model("m", {talk.openai("gpt-3.5-turbo-instruct-0914")});
    talk.run(R"({"model":"m","prompt":"a","suffix":"z"})", {json(200, kTextJson)});
    EXPECT_TRUE(talk.sent.at(0).starts_with("POST /v1/completions "));
    EXPECT_EQ(talk.body, kTextJson);
}

TEST(LegacyCompletions, MoveOnToATargetThatCanCarryThem) {
    ScriptedExchange talk;
    talk.caller.path = "completions";
    talk.model("m", {talk.claude("c"), talk.local("l")});
    talk.run(R"({"model":"m","prompt":"a","echo":true})", {json(200, kTextJson)});
    EXPECT_EQ(talk.body, kTextJson);
    ScriptedExchange alone;
    alone.caller.path = "completions";
    alone.model("m", {alone.claude("c")});
    alone.run(R"({"model":"m","prompt":"a","echo":true})", {});
    EXPECT_EQ(alone.status, 400);
    EXPECT_EQ(alone.exchange().error()->param, "echo");
}

TEST(LegacyCompletions, TokenIdsAreRefusedAtOnce) {
    ScriptedExchange talk;
    talk.caller.path = "completions";
    talk.model("m", {talk.local("l")});
    talk.run(R"({"model":"m","prompt":[[1,2]]})", {});
    EXPECT_EQ(talk.status, 400);
    EXPECT_EQ(talk.exchange().error()->param, "prompt[0]");
}

struct GoogleTalk : ScriptedExchange {
    explicit GoogleTalk(const char *query = "") {
        caller.path = "v1beta/models/m:streamGenerateContent";
        caller.query = query;
    }
    void ask(std::vector<Reply> replies) { run(R"({"contents":[{"parts":[{"text":"hi"}]}]})", std::move(replies)); }
};

TEST(GoogleArray, AStreamIsOneJsonArray) {
    for (size_t step : {SIZE_MAX, size_t(1)}) {
        GoogleTalk talk("key=1");
        talk.model("m", {talk.google("g")});
        Reply reply = events(kGoogleStream);
        reply.step = step;
        talk.ask({reply});
        JsonParser parser;
        JsonDoc doc;
        ASSERT_TRUE(parser.parse(talk.body, doc)) << talk.body;
        ASSERT_EQ(doc.root().size(), 2u);
        EXPECT_TRUE((*doc.root().elements().begin())["candidates"].is_array());
        EXPECT_EQ(talk.exchange().content_type(), "application/json");
        EXPECT_EQ(talk.exchange().record().usage, (chat::Usage{3, 2, 0, 0, 0}));
    }
}

TEST(GoogleArray, EventsAreWhatIsAskedFor) {
    GoogleTalk talk("alt=sse");
    talk.model("m", {talk.google("g")});
    talk.ask({events(kGoogleStream)});
    EXPECT_TRUE(talk.body.starts_with("data: {\"candidates\"")) << talk.body;
    EXPECT_EQ(talk.exchange().content_type(), "text/event-stream");
}

TEST(GoogleArray, OtherProvidersAnswersToo) {
    GoogleTalk talk;
    talk.model("m", {talk.openai("gpt-x")});
    talk.ask({json(200, kChatJson)});
    JsonParser parser;
    JsonDoc doc;
    ASSERT_TRUE(parser.parse(talk.body, doc)) << talk.body;
    EXPECT_GE(doc.root().size(), 1u);
}

TEST(GoogleArray, EndsWithTheErrorOfACutStream) {
    GoogleTalk talk;
    talk.model("m", {talk.google("g")});
    Reply reply = events(kGoogleStream.substr(0, kGoogleStream.find("\r\n\r\n") + 4));
    reply.cause = Cause::Closed;
    talk.ask({reply});
    EXPECT_TRUE(talk.cut);
    JsonParser parser;
    JsonDoc doc;
    ASSERT_TRUE(parser.parse(talk.body, doc)) << talk.body;
    ASSERT_EQ(doc.root().size(), 2u);
    auto element = doc.root().elements().begin();
    EXPECT_TRUE((*++element)["error"].is_object()) << talk.body;
}

TEST(GoogleCount, IsPassedToGoogleAndEstimatedForOthers) {
    ScriptedExchange talk;
    talk.caller.path = "v1beta/models/m:countTokens";
    talk.model("m", {talk.google("g")});
    talk.run(R"({"contents":[{"parts":[{"text":"hi"}]}]})", {json(200, R"({"totalTokens": 17})")});
    EXPECT_TRUE(talk.sent.at(0).starts_with("POST /v1beta/models/g:countTokens "));
    EXPECT_EQ(talk.body, R"({"totalTokens": 17})");
    EXPECT_EQ(talk.exchange().record().usage.prompt, 0);
    for (const char *body : {R"({"contents":[{"parts":[{"text":"hello there"}]}]})",
                             R"({"generateContentRequest":{"contents":[{"parts":[{"text":"hello there"}]}]}})"}) {
        ScriptedExchange other;
        other.caller.path = "v1beta/models/m:countTokens";
        other.model("m", {other.claude("c")});
        other.run(body, {});
        EXPECT_TRUE(other.body.starts_with(R"({"totalTokens":)")) << other.body;
        EXPECT_NE(other.body, R"({"totalTokens":0})");
        EXPECT_TRUE(other.sent.empty());
    }
}

TEST(CompressedAnswers, AreReadAndPassedPlain) {
    for (bool stream : {false, true}) {
        for (size_t step : {SIZE_MAX, size_t(1)}) {
            GoogleTalk talk("alt=sse");
            talk.caller.path = stream ? "models/m:streamGenerateContent" : "chat/completions";
            talk.model("m", {stream ? talk.google("g") : talk.openai("g")});
            Reply reply = packed(stream ? events(kGoogleStream) : json(200, kChatJson));
            reply.step = step;
            talk.run(stream ? R"({"contents":[]})" : R"({"model":"m","messages":[]})", {reply});
            EXPECT_EQ(talk.status, 200);
            if (stream) {
                EXPECT_NE(talk.body.find("\"lo\""), std::string::npos) << talk.body;
            } else {
                EXPECT_EQ(talk.body, kChatJson);
            }
            EXPECT_EQ(talk.exchange().record().usage_source, UsageSource::Provider);
        }
    }
}

TEST(CompressedAnswers, ErrorsAreReadToo) {
    ScriptedExchange talk;
    talk.model("m", {talk.openai("gpt-x")});
    talk.run(R"({"model":"m","messages":[]})", {packed(json(400, R"({"error":{"message":"Too hot.","type":"invalid_request_error","param":"temperature"}})"))});
    EXPECT_EQ(talk.status, 400);
    EXPECT_EQ(talk.exchange().error()->param, "temperature");
}

TEST(CompressedAnswers, BrokenOnesAreTriedElsewhere) {
    Reply cut = packed(json(200, kChatJson)), odd = packed(json(200, kChatJson)), unknown = packed(json(200, kChatJson), "br");
    Reply bomb = packed(json(200, std::string(40 << 20, ' ')));
    cut.body.resize(cut.body.size() / 2);
    odd.body[odd.body.size() / 2] ^= 0x55;
    for (const Reply &reply : {cut, odd, unknown, bomb}) {
        ScriptedExchange talk;
        talk.model("m", {talk.openai("a"), talk.openai("b")});
        talk.run(R"({"model":"m","messages":[]})", {reply, json(200, kChatJson)});
        EXPECT_EQ(talk.sent.size(), 2u);
        EXPECT_EQ(talk.body, kChatJson);
    }
}

TEST(CompressedAnswers, ACutStreamIsAnErrorAfterTheCommit) {
    GoogleTalk talk("alt=sse");
    talk.model("m", {talk.google("g")});
    Reply reply = packed(events(kGoogleStream.substr(0, kGoogleStream.find("\r\n\r\n") + 4)));
    talk.ask({reply});
    EXPECT_TRUE(talk.cut);
    EXPECT_NE(talk.body.find("\"error\""), std::string::npos);
}

const char *const kAskedResponses =
    R"({"model":"m","input":"hi","instructions":"Be \u0062rief.","temperature":0.5,"max_output_tokens":64,"metadata":{"a":"b"},)"
    R"("tools":[ {"type":"function","name":"f","parameters":{"type":"object"}} ],"tool_choice":"required","stream":)";

TEST(ResponsesEcho, AnAnswerRepeatsTheRequest) {
    for (bool stream : {false, true}) {
        ScriptedExchange talk;
        talk.caller.path = "responses";
        talk.model("m", {talk.openai("gpt-x")});
        talk.run(kAskedResponses + std::string(stream ? "true}" : "false}"), {json(200, kChatJson)});
        for (const char *said : {R"("instructions":"Be \u0062rief.","max_output_tokens":64,)", R"("temperature":0.5,)", R"("metadata":{"a":"b"}})",
                                 R"("tool_choice":"required","tools":[{"type":"function","name":"f","parameters":{"type":"object"}}])",
                                 R"("top_p":null)", R"("store":false)"}) {
            EXPECT_NE(talk.body.find(said), std::string::npos) << said << '\n' << talk.body;
        }
    }
}

TEST(ResponsesEcho, AnOperatorsWordsAreNotRepeated) {
    ScriptedExchange talk;
    talk.caller.path = "responses";
    talk.model("m", {talk.openai("gpt-x")});
    Exchange &exchange = talk.open();
    exchange.begin(Body(kAskedResponses + std::string("false}")), 1);
    JsonSplice splice(exchange.request().text());
    dialects::Prompt prompt{dialects::Prompt::Place::Prepend, dialects::Prompt::Role::System, "Secret."};
    exchange.caller_dialect().add_prompts(exchange.request(), {&prompt, 1}, splice);
    exchange.edit(splice);
    const std::string answer = exchange.write_answer("No.");
    EXPECT_EQ(answer.find("Secret."), std::string::npos) << answer;
    EXPECT_NE(answer.find(R"("instructions":null)"), std::string::npos);
}

// Numbers of events, in the order in which they came.
std::vector<int64_t> sequence_of(std::string_view stream) {
    std::vector<int64_t> numbers;
    constexpr std::string_view kName = "\"sequence_number\":";
    for (size_t at = stream.find(kName); at != stream.npos; at = stream.find(kName, at + 1)) {
        numbers.push_back(std::stoll(std::string(stream.substr(at + kName.size(), 12))));
    }
    return numbers;
}

TEST(ResponsesSequence, ErrorsOfOursGoOnCounting) {
    const std::string passed = "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\"}}\n\n"
                               "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":1,\"item_id\":\"i\","
                               "\"output_index\":0,\"content_index\":0,\"delta\":\"Hel\"}\n\n";
    const std::string chunk = R"(data: {"id":"c","model":"x","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]})" "\n\n";
    for (bool pass : {true, false}) {
        ScriptedExchange talk;
        talk.caller.path = "responses";
        talk.model("m", {pass ? talk.responses("gpt-x") : talk.openai("gpt-x")});
        Reply reply = events(pass ? passed : chunk);
        reply.cause = Cause::Closed;
        talk.run(R"({"model":"m","input":"hi","stream":true})", {reply});
        EXPECT_TRUE(talk.cut);
        std::vector<int64_t> numbers = sequence_of(talk.body);
        ASSERT_GE(numbers.size(), 4u) << talk.body;
        for (size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], static_cast<int64_t>(i)) << talk.body;
        EXPECT_NE(talk.body.find("response.failed"), std::string::npos);
    }
}

}  // namespace
}  // namespace aigw::gateway
