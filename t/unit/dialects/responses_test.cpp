// What goldens and recordings don't show of the Responses dialect: the grammar of every stream that it writes, signatures
// on their way there and back, limits, first checks.
#include <gtest/gtest.h>

#include <map>

#include "dialects/answers.h"
#include "dialects/plain_reading.h"

namespace aigw::dialects {
namespace {

using chat::Delta;
using Kind = chat::Delta::Kind;

AnswerOptions streamed() {
    AnswerOptions options;
    options.stream = true;
    options.fallback_id = "req-1";
    options.model = "m";
    options.created = 1'700'000'000;
    return options;
}

std::string write(const std::vector<Delta> &deltas, bool stream = true) {
    AnswerOptions options = streamed();
    options.stream = stream;
    auto writer = openai_responses().response_writer(options);
    std::string out;
    for (const Delta &delta : deltas) {
        writer->write(delta, out);
    }
    return out;
}

Delta text(Kind kind, const char *text, uint32_t index = 0) {
    Delta delta{.kind = kind};
    delta.index = index;
    delta.text = {text};
    return delta;
}

Delta call(const char *id, const char *name, uint32_t index) {
    Delta delta{.kind = Kind::ToolStart};
    delta.index = index;
    delta.id = {id};
    delta.name = {name};
    return delta;
}

Delta finish(chat::FinishReason reason) {
    Delta delta{.kind = Kind::Finish};
    delta.finish = reason;
    return delta;
}

std::vector<plain::Json> events(const std::string &stream) {
    std::vector<plain::Json> out;
    for (std::string_view payload : plain::payloads(stream)) {
        out.push_back(plain::parse(payload));
    }
    return out;
}

// Sequence numbers are dense; what is added is done once; deltas come between the two and are what `done` repeats.
void check_grammar(const std::string &stream) {
    std::map<int64_t, bool> items;                  // done?
    std::map<std::string, std::string> said, whole;  // by item, kind and part
    int64_t number = 0;
    std::string last;
    for (const plain::Json &event : events(stream)) {
        ASSERT_TRUE(event);
        EXPECT_EQ(plain::count_of(event.get(), "sequence_number"), number++);
        last = plain::text_of(event.get(), "type");
        int64_t index = plain::count_of(event.get(), "output_index");
        std::string key = std::to_string(index) + "/" + std::to_string(plain::count_of(event.get(), "content_index")) + "/";
        if (last == "response.output_item.added") {
            EXPECT_EQ(index, static_cast<int64_t>(items.size()));
            EXPECT_TRUE(items.emplace(index, false).second);
        } else if (last == "response.output_item.done") {
            ASSERT_TRUE(items.count(index));
            EXPECT_FALSE(items[index]);
            items[index] = true;
        } else if (last.ends_with(".delta")) {
            ASSERT_TRUE(items.count(index));
            EXPECT_FALSE(items[index]);
            said[key + last.substr(0, last.size() - 6)] += plain::text_of(event.get(), "delta");
        } else if (last.ends_with(".done") && last.find("part") == std::string::npos) {
            for (const char *member : {"text", "arguments", "refusal"}) {
                if (json_object_get(event.get(), member)) {
                    whole[key + last.substr(0, last.size() - 5)] = plain::text_of(event.get(), member);
                }
            }
        }
    }
    for (const auto &[index, done] : items) {
        EXPECT_TRUE(done) << index;
    }
    EXPECT_EQ(said, whole);
    EXPECT_TRUE(last == "response.completed" || last == "response.incomplete") << last;
}

TEST(Responses, StreamsKeepTheGrammar) {
    std::string stream = write({text(Kind::Reasoning, "hm"), text(Kind::Reasoning, "m"), text(Kind::Signature, "sig"),
                                text(Kind::Redacted, "data", 1), text(Kind::Text, "a"), text(Kind::Refusal, "no"),
                                text(Kind::Text, "b"), call("c1", "f", 0), call("c2", "g", 1), text(Kind::ToolArgs, "{\\\"b\\\"", 1),
                                text(Kind::ToolArgs, "{}", 0), text(Kind::ToolArgs, ":1}", 1), text(Kind::ToolEnd, "", 1),
                                text(Kind::ToolEnd, "", 0), text(Kind::Text, "after"), call("c3", "h", 2),
                                text(Kind::ToolEnd, "", 2), finish(chat::FinishReason::ToolCalls), {.kind = Kind::End}});
    check_grammar(stream);
    PlainAnswer answer = plain::read("openai_responses", true, stream);
    ASSERT_EQ(answer.choices[0].tools.size(), 3u);
    EXPECT_EQ(answer.choices[0].tools[2].arguments, "{}");
    EXPECT_EQ(answer.choices[0].text, "abafter");
    EXPECT_EQ(answer.ends, 1);
}

TEST(Responses, AnEmptyAnswerIsWhole) {
    check_grammar(write({finish(chat::FinishReason::Stop), {.kind = Kind::End}}));
    PlainAnswer answer = plain::read("openai_responses", false, write({{.kind = Kind::End}}, false));
    EXPECT_EQ(answer.id, "resp_req-1");
}

// An answer that was cut says so, and in which item.
TEST(Responses, ACutCallIsIncomplete) {
    std::string stream = write({call("c1", "f", 0), text(Kind::ToolArgs, "{}"), text(Kind::ToolEnd, ""), call("c2", "f", 1),
                                text(Kind::ToolArgs, "{\\\"a", 1), text(Kind::ToolEnd, "", 1), finish(chat::FinishReason::Length),
                                {.kind = Kind::End}});
    check_grammar(stream);
    std::vector<plain::Json> all = events(stream);
    const json_t *output = json_object_get(json_object_get(all.back().get(), "response"), "output");
    EXPECT_EQ(plain::text_of(json_array_get(output, 0), "status"), "completed");
    EXPECT_EQ(plain::text_of(json_array_get(output, 1), "status"), "incomplete");
    EXPECT_NE(stream.find(R"("incomplete_details":{"reason":"max_output_tokens"})"), std::string::npos);
}

TEST(Responses, AFailureIsTwoEventsAndNothingAfter) {
    chat::ApiError error{502, chat::ErrorKind::Upstream, "upstream_error", "It failed.", "", {}};
    Delta failed{.kind = Kind::Error};
    failed.error = &error;
    std::vector<plain::Json> all = events(write({text(Kind::Text, "a"), failed, {.kind = Kind::End}}));
    ASSERT_GE(all.size(), 2u);
    const json_t *event = all[all.size() - 2].get();
    EXPECT_EQ(plain::text_of(event, "message"), "It failed.");
    EXPECT_EQ(plain::text_of(json_object_get(event, "error"), "message"), "It failed.");
    EXPECT_EQ(plain::text_of(all.back().get(), "type"), "response.failed");
    EXPECT_EQ(plain::count_of(all.back().get(), "sequence_number"), static_cast<Tokens>(all.size()) - 1);
}

// --- signatures

std::string carry(const Dialect &from, const ProviderDialect &to, const std::string &body) {
    JsonParser parser;
    JsonDoc doc;
    EXPECT_TRUE(parser.parse(body, doc)) << body;
    auto request = from.read_request(doc);
    EXPECT_TRUE(request) << body;
    RequestOptions options;
    options.model = "claude-sonnet-4-5";
    auto written = to.write_request(*request, options);
    EXPECT_TRUE(written);
    return written ? written->body : std::string();
}

TEST(Responses, AnthropicsThinkingComesBackAsItWas) {
    for (chat::Signer signer : {chat::Signer::Anthropic, chat::Signer::Google, chat::Signer::OpenAi}) {
        Delta signature = text(Kind::Signature, "Eq+/S==");
        signature.signer = signer;
        std::string answer = write({text(Kind::Reasoning, "h\\n\\u00e4"), signature, text(Kind::Redacted, "R/d=", 1),
                                    text(Kind::Text, "yes"), finish(chat::FinishReason::Stop), {.kind = Kind::End}},
                                   false);
        plain::Json response = plain::parse(answer);
        char *output = json_dumps(json_object_get(response.get(), "output"), JSON_COMPACT);
        std::string items(output);
        free(output);
        std::string body = R"({"model":"m","input":[{"role":"user","content":"hi"},)" + items.substr(1, items.size() - 2) +
                           R"(,{"role":"user","content":"go on"}]})";
        bool anthropic = carry(openai_responses(), anthropic_messages(), body).find(R"("signature":"Eq+/S==")") != std::string::npos;
        EXPECT_EQ(anthropic, signer == chat::Signer::Anthropic);
        EXPECT_NE(carry(openai_responses(), anthropic_messages(), body).find(R"({"type":"redacted_thinking","data":"R/d="})"),
                  std::string::npos);
        bool own = carry(openai_responses(), openai_responses(), body).find(R"("encrypted_content":"Eq+/S==")") != std::string::npos;
        EXPECT_EQ(own, signer == chat::Signer::OpenAi);
    }
}

TEST(Responses, ASignedCallKeepsItsSignature) {
    Delta signed_call = call("c1", "f", 0);
    signed_call.signature = {"G+/S"};
    signed_call.signer = chat::Signer::Google;
    std::string stream = write({signed_call, text(Kind::ToolEnd, ""), {.kind = Kind::End}});
    check_grammar(stream);
    EXPECT_NE(stream.find(R"("encrypted_content":"gemini-call:G+/S")"), std::string::npos);
    std::string body = R"({"model":"m","input":[{"type":"reasoning","summary":[],"encrypted_content":"gemini-call:G+/S"},)"
                       R"({"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}]})";
    JsonParser parser;
    JsonDoc doc;
    ASSERT_TRUE(parser.parse(body, doc));
    auto request = openai_responses().read_request(doc);
    ASSERT_TRUE(request);
    ASSERT_EQ(request->messages.size(), 1u);
    ASSERT_EQ(request->messages[0].parts.size(), 1u);
    EXPECT_EQ(request->messages[0].parts[0].signature.escaped, "G+/S");
    EXPECT_EQ(request->messages[0].parts[0].signer, chat::Signer::Google);
}

// Thinking must stand right before what it led to, and clients keep empty texts beside calls.
TEST(Responses, EmptyTextsPartNothing) {
    std::string body = carry(openai_chat(), openai_responses(),
                             R"({"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"",)"
                             R"("thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"openai:gAAA"}],)"
                             R"("tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},)"
                             R"({"role":"tool","tool_call_id":"c1","content":"42"}]})");
    EXPECT_NE(body.find(R"("encrypted_content":"gAAA"},{"type":"function_call")"), std::string::npos) << body;
}

// --- limits of the reader

std::string event_of(const std::string &type, const std::string &members) {
    return "event: " + type + "\ndata: {\"type\":\"" + type + "\"," + members + "}\n\n";
}

std::string error_of(const std::string &stream) { return read_plain(openai_responses(), true, stream).error; }

TEST(Responses, OpenItemsAreLimited) {
    std::string completed = event_of("response.completed", R"("response":{"status":"completed","output":[]})");
    for (int count : {1024, 1025}) {
        std::string stream;
        for (int i = 0; i < count; ++i) {
            stream += event_of("response.output_item.added", "\"output_index\":" + std::to_string(i) + R"(,"item":{"type":"message"})");
        }
        EXPECT_EQ(error_of(stream + completed), count > 1024 ? "upstream_error" : "") << count;
    }
}

TEST(Responses, PartsOfAnItemAreLimited) {
    std::string completed = event_of("response.completed", R"("response":{"status":"completed","output":[]})");
    for (int count : {4096, 4097}) {
        std::string stream;
        for (int i = 0; i < count; ++i) {
            stream += event_of("response.output_text.delta",
                               "\"output_index\":0,\"delta\":\"a\",\"content_index\":" + std::to_string(i));
        }
        EXPECT_EQ(error_of(stream + completed), count > 4096 ? "upstream_error" : "") << count;
    }
}

// What comes for an item after its end is not told twice.
TEST(Responses, LateDonesAreIgnored) {
    std::string item = R"({"type":"message","content":[{"type":"output_text","text":"a"}]})";
    PlainAnswer answer = read_plain(openai_responses(), true,
                                    event_of("response.output_item.done", "\"output_index\":0,\"item\":" + item) +
                                        event_of("response.output_text.done", R"("output_index":0,"content_index":0,"text":"a")") +
                                        event_of("response.completed", "\"response\":{\"output\":[" + item + "]}"));
    EXPECT_EQ(answer.error, "");
    EXPECT_EQ(answer.choices[0].text, "a");
}

TEST(Responses, AnswersThatAreToBeFetchedLaterAreNone) {
    for (const char *status : {"queued", "in_progress"}) {
        std::string body = std::string(R"({"id":"resp_1","object":"response","status":")") + status + R"(","output":[]})";
        EXPECT_EQ(read_plain(openai_responses(), false, body).error, "upstream_error") << status;
    }
}

// --- first checks and facts

chat::ApiError checked(const char *body) {
    JsonParser parser;
    JsonDoc doc;
    EXPECT_TRUE(parser.parse(body, doc));
    return openai_responses().check(doc.root()).value_or(chat::ApiError{200, {}, "", "", "", {}});
}

TEST(Responses, FirstChecks) {
    EXPECT_EQ(checked(R"({"input":"hi"})").status, 200);
    EXPECT_EQ(checked(R"({"input":[]})").status, 200);
    EXPECT_EQ(checked(R"({"prompt":{"id":"p"}})").status, 200);
    EXPECT_EQ(checked(R"({"previous_response_id":"r","input":null})").status, 200);
    EXPECT_EQ(checked(R"({})").param, "input");
    EXPECT_EQ(checked(R"({"input":1})").param, "input");
    EXPECT_EQ(checked(R"({"input":"hi","stream":1})").param, "stream");
    EXPECT_EQ(checked(R"({"input":"hi","background":true})").param, "background");
    EXPECT_EQ(checked(R"({"input":"hi","max_output_tokens":0})").param, "max_output_tokens");
}

TEST(Responses, Facts) {
    std::string body = R"({"model":"m","stream":true,"max_output_tokens":9,"tools":[{"type":"function","name":"f"}],"input":[)"
                       R"({"role":"user","content":"a"},{"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"https://e.example/a"}]}]})";
    JsonParser parser;
    JsonDoc doc;
    ASSERT_TRUE(parser.parse(body, doc));
    RequestFacts facts = openai_responses().facts(doc.root());
    EXPECT_EQ(facts.model.escaped, "m");
    EXPECT_TRUE(facts.stream && facts.include_usage && facts.has_tools && facts.has_images);
    EXPECT_EQ(facts.message_count, 2u);
    EXPECT_EQ(facts.max_tokens, 9);
}

}  // namespace
}  // namespace aigw::dialects
