#include <gtest/gtest.h>

#include "dialects/dialect.h"

namespace aigw::dialects {

namespace {

using chat::Message;
using chat::Part;
using chat::Role;
using Kind = chat::Part::Kind;

JsonText text(std::string_view escaped) { return JsonText{escaped}; }

Part part(Kind kind, std::string_view escaped, int32_t j = 0) {
    Part out;
    out.kind = kind;
    out.text = text(escaped);
    out.origin = {"messages", 0, j};
    return out;
}

Part source(Kind kind, Part::Source from, std::string_view data, std::string_view media_type = {}) {
    Part out = part(kind, {});
    out.source = from;
    out.data = text(data);
    out.media_type = text(media_type);
    return out;
}

Message message(Role role, std::vector<Part> parts) {
    Message out;
    out.role = role;
    out.origin.i = 0;
    out.parts = std::move(parts);
    return out;
}

chat::ChatRequest request(std::vector<Message> messages = {message(Role::User, {part(Kind::Text, "Hi")})}) {
    chat::ChatRequest out;
    out.model = text("asked");
    out.messages = std::move(messages);
    return out;
}

RequestOptions options() {
    RequestOptions out;
    out.model = "gpt-x";
    return out;
}

WrittenRequest write(const chat::ChatRequest &from, RequestOptions with = options()) {
    auto written = openai_chat().write_request(from, with);
    EXPECT_TRUE(written.has_value()) << written.error().message;
    return written.has_value() ? *written : WrittenRequest{};
}

// The list of messages as it was written.
std::string messages_of(std::vector<Message> messages) {
    std::string body = write(request(std::move(messages))).body;
    size_t begin = body.find("\"messages\":") + 11;
    return body.substr(begin, body.size() - begin - 1);
}

std::string refused(const chat::ChatRequest &from) {
    auto written = openai_chat().write_request(from, options());
    EXPECT_FALSE(written.has_value()) << written->body;
    if (written.has_value()) return {};
    EXPECT_EQ(written.error().code, "unsupported_value");
    EXPECT_EQ(written.error().status, 400);
    return written.error().param;
}

TEST(OpenAiRequestWrite, Plain) {
    EXPECT_EQ(write(request()).body, R"({"model":"gpt-x","messages":[{"role":"user","content":"Hi"}]})");
    EXPECT_TRUE(write(request()).dropped.empty());
}

TEST(OpenAiRequestWrite, ParametersAndQuirks) {
    chat::ChatRequest r = request();
    r.max_tokens = 9;
    r.temperature = "0.5";
    r.top_p = "0.9";
    r.stop = {text("a"), text("\\u0062")};
    r.user = text("u");
    RequestOptions o = options();
    o.stream = true;
    EXPECT_EQ(write(r, o).body,
              R"({"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"max_completion_tokens":9,"temperature":0.5,)"
              R"("top_p":0.9,"stop":["a","\u0062"],"user":"u","stream":true,"stream_options":{"include_usage":true}})");
    o.quirks.max_completion_tokens = false;
    EXPECT_NE(write(r, o).body.find("\"max_tokens\":9"), std::string::npos);
}

TEST(OpenAiRequestWrite, ModelIsEscaped) {
    RequestOptions o = options();
    o.model = "a\"b";
    EXPECT_EQ(write(request(), o).body.substr(0, 17), R"({"model":"a\"b",")");
}

TEST(OpenAiRequestWrite, SystemBlocksBecomeOneString) {
    EXPECT_EQ(messages_of({message(Role::System, {part(Kind::Text, "a"), part(Kind::Text, "b")})}),
              R"([{"role":"system","content":"a\nb"}])");
    EXPECT_EQ(messages_of({message(Role::Developer, {part(Kind::Text, "a")})}), R"([{"role":"developer","content":"a"}])");
    RequestOptions o = options();
    o.quirks.developer_role = false;
    EXPECT_NE(write(request({message(Role::Developer, {part(Kind::Text, "a")})}), o).body.find("\"role\":\"system\""),
              std::string::npos);
}

TEST(OpenAiRequestWrite, ImagesAndDocuments) {
    Part pdf = source(Kind::Document, Part::Source::Base64, "JVBE", "application/pdf");
    Part titled = pdf;
    titled.title = text("r.pdf");
    Part plain = source(Kind::Document, Part::Source::PlainText, "words");
    plain.title = text("T");
    EXPECT_EQ(messages_of({message(Role::User, {source(Kind::Image, Part::Source::Url, "https://x"),
                                                source(Kind::Image, Part::Source::Base64, "iVBO", "image\\/png"), pdf, titled,
                                                plain})}),
              R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x"}},)"
              R"({"type":"image_url","image_url":{"url":"data:image\/png;base64,iVBO"}},)"
              R"({"type":"file","file":{"filename":"document.pdf","file_data":"data:application/pdf;base64,JVBE"}},)"
              R"({"type":"file","file":{"filename":"r.pdf","file_data":"data:application/pdf;base64,JVBE"}},)"
              R"({"type":"text","text":"T\n\nwords"}]}])");
}

TEST(OpenAiRequestWrite, ToolResultsGoBeforeTheRestOfTheTurn) {
    Part first = part(Kind::ToolResult, {});
    first.id = text("c1");
    first.content = {part(Kind::Text, "one"), part(Kind::Text, "two")};
    Part second = part(Kind::ToolResult, {});
    second.id = text("c2");
    second.is_error = true;
    second.content = {part(Kind::Text, "no")};
    Part third = part(Kind::ToolResult, {});
    third.id = text("c3");
    third.content = {source(Kind::Image, Part::Source::Base64, "iVBO", "image/png")};
    Part empty = part(Kind::ToolResult, {});
    empty.id = text("c4");
    EXPECT_EQ(messages_of({message(Role::User, {part(Kind::Text, "and?"), first, second, third, empty})}),
              R"([{"role":"tool","tool_call_id":"c1","content":"one\ntwo"},)"
              R"({"role":"tool","tool_call_id":"c2","content":"Error: no"},)"
              R"({"role":"tool","tool_call_id":"c3","content":"[the result follows in the next user message]"},)"
              R"({"role":"tool","tool_call_id":"c4","content":""},)"
              R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO"}},)"
              R"({"type":"text","text":"and?"}]}])");
}

TEST(OpenAiRequestWrite, OnlyToolResultsLeaveNoUserMessage) {
    Part result = part(Kind::ToolResult, {});
    result.id = text("c1");
    result.content = {part(Kind::Text, "ok")};
    EXPECT_EQ(messages_of({message(Role::User, {result})}), R"([{"role":"tool","tool_call_id":"c1","content":"ok"}])");
}

TEST(OpenAiRequestWrite, ToolCallsCarryTheirArgumentsAsAString) {
    Part raw = part(Kind::ToolUse, {});
    raw.id = text("c1");
    raw.name = text("f");
    raw.input = "{\"a\": \"x\\n\"\n}";
    Part escaped = raw;
    escaped.id = text("c2");
    escaped.input = {};
    escaped.arguments = text(R"({\"b\":1})");
    Part none = escaped;
    none.id = text("c3");
    none.arguments = {};
    EXPECT_EQ(messages_of({message(Role::Assistant, {raw, escaped, none})}),
              R"([{"role":"assistant","content":null,"tool_calls":[)"
              R"({"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\": \"x\\n\"\n}"}},)"
              R"({"id":"c2","type":"function","function":{"name":"f","arguments":"{\"b\":1}"}},)"
              R"({"id":"c3","type":"function","function":{"name":"f","arguments":"{}"}}]}])");
}

TEST(OpenAiRequestWrite, ThinkingIsLeftOutAndListed) {
    Part signed_thinking = part(Kind::Thinking, "hm", 0);
    signed_thinking.signature = text("sig");
    Part redacted = part(Kind::RedactedThinking, {}, 1);
    auto written = write(request({message(Role::Assistant, {signed_thinking, redacted, part(Kind::Text, "a", 2),
                                                            part(Kind::Text, "b", 3)}),
                                  message(Role::Assistant, {part(Kind::Thinking, "only", 0)})}));
    EXPECT_EQ(written.body, R"({"model":"gpt-x","messages":[{"role":"assistant","content":"ab"}]})");
    EXPECT_EQ(written.dropped, (std::vector<std::string>{"messages[0].content[0]", "messages[0].content[1]",
                                                         "messages[0].content[0]"}));
}

TEST(OpenAiRequestWrite, CacheMarksAreListed) {
    chat::ChatRequest r = request();
    r.messages[0].parts[0].cache_control = R"({"type":"ephemeral"})";
    chat::Tool tool;
    tool.origin = {"tools", 0};
    tool.name = text("f");
    tool.cache_control = "{}";
    r.tools.push_back(tool);
    auto written = write(r);
    EXPECT_EQ(written.dropped,
              (std::vector<std::string>{"messages[0].content[0].cache_control", "tools[0].cache_control"}));
    EXPECT_EQ(written.body.find("cache_control"), std::string::npos);
}

TEST(OpenAiRequestWrite, ToolsAndTheirChoice) {
    chat::ChatRequest r = request();
    r.tool_choice.mode = chat::ToolChoice::Mode::Required;
    EXPECT_EQ(write(r).body.find("tool_choice"), std::string::npos) << "a choice among no tools is an error there";
    chat::Tool tool;
    tool.name = text("f");
    tool.description = text("");
    tool.has_description = true;
    tool.parameters = R"({"type":"object"})";
    tool.strict = false;
    r.tools.push_back(tool);
    r.tool_choice.parallel = false;
    EXPECT_NE(write(r).body.find(
                  R"("tools":[{"type":"function","function":{"name":"f","description":"","parameters":{"type":"object"},)"
                  R"("strict":false}}],"tool_choice":"required","parallel_tool_calls":false)"),
              std::string::npos)
        << write(r).body;
    r.tool_choice.mode = chat::ToolChoice::Mode::Named;
    r.tool_choice.name = text("f");
    EXPECT_NE(write(r).body.find(R"("tool_choice":{"type":"function","function":{"name":"f"}})"), std::string::npos);
    r.tool_choice.mode = chat::ToolChoice::Mode::None;
    EXPECT_NE(write(r).body.find(R"("tool_choice":"none")"), std::string::npos);
}

TEST(OpenAiRequestWrite, FormatHasAName) {
    chat::ChatRequest r = request();
    r.format.kind = chat::ResponseFormat::Kind::JsonSchema;
    r.format.schema = R"({"type":"object"})";
    EXPECT_NE(write(r).body.find(
                  R"("response_format":{"type":"json_schema","json_schema":{"name":"response","schema":{"type":"object"}}})"),
              std::string::npos);
    r.format.kind = chat::ResponseFormat::Kind::JsonObject;
    EXPECT_NE(write(r).body.find(R"("response_format":{"type":"json_object"})"), std::string::npos);
}

TEST(OpenAiRequestWrite, StrictOnlyWhereTheSchemaAllowsIt) {
    auto strict = [](std::string_view schema) {
        chat::ChatRequest r = request();
        r.format.kind = chat::ResponseFormat::Kind::JsonSchema;
        r.format.schema = schema;
        r.format.strict = true;
        auto written = write(r);
        bool there = written.body.find("\"strict\":true") != std::string::npos;
        EXPECT_EQ(written.dropped.empty(), there) << schema;
        return there;
    };
    EXPECT_TRUE(strict(R"({"type":"string"})"));
    EXPECT_TRUE(strict(R"({"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false})"));
    EXPECT_TRUE(strict(R"({"type":"object","properties":{},"additionalProperties":false,"default":{"type":"object"}})"));
    EXPECT_FALSE(strict(R"({"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":false})"));
    EXPECT_FALSE(strict(R"({"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]})"));
    EXPECT_FALSE(strict(R"({"type":"array","items":{"type":"object","properties":{"a":{}},"additionalProperties":false}})"));
    EXPECT_FALSE(strict(R"({"anyOf":[{"type":"string"},{"type":"object"}]})"));
}

TEST(OpenAiRequestWrite, ReasoningBecomesAnEffort) {
    using Mode = chat::Reasoning::Mode;
    auto effort = [](chat::Reasoning reasoning) {
        chat::ChatRequest r = request();
        r.reasoning = reasoning;
        std::string body = write(r).body;
        size_t at = body.find("\"reasoning_effort\":\"");
        return at == std::string::npos ? std::string() : body.substr(at + 20, body.find('"', at + 20) - at - 20);
    };
    EXPECT_EQ(effort({Mode::Unset, {}, 0}), "");
    EXPECT_EQ(effort({Mode::Off, {}, 0}), "");
    EXPECT_EQ(effort({Mode::Effort, text("low"), 0}), "low");
    EXPECT_EQ(effort({Mode::Effort, text("max"), 0}), "xhigh");
    EXPECT_EQ(effort({Mode::Budget, {}, 1024}), "low");
    EXPECT_EQ(effort({Mode::Budget, {}, 2048}), "medium");
    EXPECT_EQ(effort({Mode::Budget, {}, 31999}), "high");
    EXPECT_EQ(effort({Mode::Adaptive, {}, 0}), "high");
    EXPECT_EQ(effort({Mode::Adaptive, text("medium"), 0}), "medium");
}

TEST(OpenAiRequestWrite, AUserThatIsTooLongIsLeftOut) {
    const std::string longest(62, 'x');  // and a character of two bytes, written as an escape of six
    auto with_user = [](const std::string &escaped) {
        chat::ChatRequest from = request();
        from.user = text(escaped);
        return write(from);
    };
    const WrittenRequest fits = with_user(longest + "\\u00fc");
    EXPECT_NE(fits.body.find("\"user\":\"" + longest + "\\u00fc\""), std::string::npos) << fits.body;
    EXPECT_TRUE(fits.dropped.empty());
    const WrittenRequest over = with_user(longest + "x\\u00fc");
    EXPECT_EQ(over.body.find("\"user\":"), std::string::npos) << over.body;
    EXPECT_EQ(over.dropped, std::vector<std::string>{"user"});
}

TEST(OpenAiRequestWrite, RefusesByPathOrDropsWhereAllowed) {
    chat::ChatRequest r = request();
    r.top_k = "5";
    EXPECT_EQ(refused(r), "top_k");
    r = request();
    r.stop.assign(5, text("x"));
    EXPECT_EQ(refused(r), "stop");
    r.paths.stop = "stop_sequences";
    EXPECT_EQ(refused(r), "stop_sequences");
    r.stop.resize(4);
    EXPECT_TRUE(openai_chat().write_request(r, options()).has_value());
    r = request();
    r.extras = {{"metadata", "{}", true}, {"container", "{}", false}};
    EXPECT_EQ(refused(r), "container");
    EXPECT_EQ(refused(request({message(Role::User, {part(Kind::Other, {}, 2)})})), "messages[0].content[2].type");
    EXPECT_EQ(refused(request({message(Role::User, {source(Kind::Image, Part::Source::FileId, "f")})})),
              "messages[0].content[0].source");
    EXPECT_EQ(refused(request({message(Role::User, {source(Kind::Document, Part::Source::Url, "https://x")})})),
              "messages[0].content[0].source");
    EXPECT_EQ(refused(request({message(Role::Assistant, {source(Kind::Image, Part::Source::Url, "https://x")})})),
              "messages[0].content[0].type");

    r.top_k = "5";
    r.stop.assign(5, text("x"));
    r.messages[0].parts.push_back(part(Kind::Other, {}, 1));
    RequestOptions drop = options();
    drop.drop_unsupported = true;
    auto written = write(r, drop);
    EXPECT_EQ(written.dropped, (std::vector<std::string>{"messages[0].content[1].type", "top_k", "stop", "metadata",
                                                         "container"}));
    EXPECT_NE(written.body.find(R"("stop":["x","x","x","x"])"), std::string::npos);
}

std::string passed(std::string_view body, bool stream) {
    JsonParser parser;
    JsonDoc doc;
    EXPECT_TRUE(parser.parse(body, doc).has_value());
    RequestOptions o = options();
    o.stream = stream;
    JsonSplice splice(doc.text());
    openai_chat().pass_request(doc, o, splice);
    std::string out;
    splice.append_to(out);
    return out;
}

TEST(OpenAiRequestPass, OnlyModelAndUsageChange) {
    EXPECT_EQ(passed(R"({ "messages":[ 1e2 ],  "model" : "m" , "x":"\u00e9"})", false),
              R"({ "messages":[ 1e2 ],  "model" : "gpt-x" , "x":"\u00e9"})");
    EXPECT_EQ(passed(R"({"model":"gpt-x","n":1})", false), R"({"model":"gpt-x","n":1})");
    EXPECT_EQ(passed(R"({"model":"m","stream":true})", true),
              R"({"model":"gpt-x","stream":true,"stream_options":{"include_usage":true}})");
    EXPECT_EQ(passed(R"({"model":"m","stream_options":null})", true),
              R"({"model":"gpt-x","stream_options":{"include_usage":true}})");
    EXPECT_EQ(passed(R"({"model":"m","stream_options":{"include_usage":false,"a":1}})", true),
              R"({"model":"gpt-x","stream_options":{"include_usage":true,"a":1}})");
    EXPECT_EQ(passed(R"({"model":"m","stream_options":{"include_usage": true}})", true),
              R"({"model":"gpt-x","stream_options":{"include_usage": true}})");
}

}  // namespace

}  // namespace aigw::dialects
