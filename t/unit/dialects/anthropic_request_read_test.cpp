#include <gtest/gtest.h>

#include "dialects/anthropic_support.h"

using namespace aigw;
using namespace aigw::dialects;
using namespace aigw::dialects::test;
using chat::Part;
using chat::Reasoning;
using chat::Role;

namespace {

// A request that holds `members` besides the model, and if it names none a message.
std::string request_with(const std::string &members) {
    const bool has_messages = members.find("\"messages\"") != std::string::npos;
    return R"({"model":"m")" + std::string(has_messages ? "" : R"(,"messages":[{"role":"user","content":"hi"}])") +
           (members.empty() ? "" : "," + members) + "}";
}

struct Read {
    explicit Read(const std::string &members)
        : parsed(request_with(members)), result(anthropic_messages().read_request(parsed.doc())) {}
    chat::ChatRequest &operator*() { return result.value(); }
    chat::ChatRequest *operator->() { return &result.value(); }
    std::string extras() {
        std::string out;
        for (const auto &extra : result.value().extras)
            out += extra.path + "=" + std::string(extra.raw) + (extra.hint ? " hint\n" : "\n");
        return out;
    }
    Parsed parsed;
    chat::Result<chat::ChatRequest> result;
};

std::string fault_of(const std::string &members) {
    Read read(members);
    return read.result ? "no fault" : read.result.error().code + " " + read.result.error().param;
}

std::string fault_of_block(const std::string &block, const std::string &role = "user") {
    return fault_of(R"("messages":[{"role":")" + role + R"(","content":[{"type":"text","text":"a"},)" + block + "]}]");
}

Part only_part(Read &read) {
    EXPECT_TRUE(read.result.has_value());
    EXPECT_EQ(read->messages.size(), 1u);
    EXPECT_EQ(read->messages[0].parts.size(), 1u);
    return read->messages[0].parts[0];
}

}  // namespace

TEST(AnthropicRequestRead, ReadsPlainRequest) {
    Read read(R"("max_tokens":10,"temperature":0.50,"top_p":0.9,"top_k":5,"stop_sequences":["a","\n"],"stream":true,)"
              R"("metadata":{"user_id":"u1"})");
    ASSERT_TRUE(read.result.has_value());
    EXPECT_TRUE(read->model == "m");
    EXPECT_EQ(read->max_tokens, 10);
    EXPECT_EQ(read->temperature, "0.50");
    EXPECT_EQ(read->top_p, "0.9");
    EXPECT_EQ(read->top_k, "5");
    ASSERT_EQ(read->stop.size(), 2u);
    EXPECT_TRUE(read->stop[1] == "\n");
    EXPECT_TRUE(read->stream);
    EXPECT_TRUE(read->user == "u1");
    EXPECT_EQ(read.extras(), "");
    ASSERT_EQ(read->messages.size(), 1u);
    EXPECT_TRUE(read->messages[0].parts[0].text == "hi");
    EXPECT_EQ(read->messages[0].parts[0].origin.path(), "messages[0]");
}

TEST(AnthropicRequestRead, TakesNullAsAbsent) {
    Read read(R"("max_tokens":null,"system":null,"tools":null,"tool_choice":null,"thinking":null,"stop_sequences":null,)"
              R"("metadata":null,"temperature":null,"container":null,"stream":null,"output_config":null)");
    ASSERT_TRUE(read.result.has_value());
    EXPECT_EQ(read.extras(), "");
    EXPECT_FALSE(read->max_tokens.has_value());
}

TEST(AnthropicRequestRead, PutsTheSystemPromptFirst) {
    Read text(R"("system":"be kind")");
    ASSERT_EQ(text->messages.size(), 2u);
    EXPECT_EQ(text->messages[0].role, Role::System);
    EXPECT_EQ(text->messages[0].parts[0].origin.path(), "system");

    Read blocks(R"("system":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}])");
    ASSERT_EQ(blocks->messages[0].parts.size(), 2u);
    EXPECT_EQ(blocks->messages[0].parts[1].cache_control, R"({"type":"ephemeral"})");
    EXPECT_EQ(blocks->messages[0].parts[1].origin.path(), "system[1]");

    Read inside(R"("messages":[{"role":"user","content":"a"},{"role":"system","content":"b"}])");
    EXPECT_EQ(inside->messages[1].role, Role::System);
}

TEST(AnthropicRequestRead, ReadsImagesOfEverySource) {
    const auto image = [](const std::string &source) {
        return R"("messages":[{"role":"user","content":[{"type":"image","source":)" + source + "}]}]";
    };
    Read base64(image(R"({"type":"base64","media_type":"image/png","data":"AAAA"})"));
    EXPECT_EQ(only_part(base64).source, Part::Source::Base64);
    EXPECT_TRUE(only_part(base64).media_type == "image/png");
    EXPECT_TRUE(only_part(base64).data == "AAAA");
    Read url(image(R"({"type":"url","url":"https://e.com/a.png"})"));
    EXPECT_EQ(only_part(url).source, Part::Source::Url);
    Read file(image(R"({"type":"file","file_id":"file_1"})"));
    EXPECT_EQ(only_part(file).source, Part::Source::FileId);
    EXPECT_TRUE(only_part(file).data == "file_1");
}

TEST(AnthropicRequestRead, ReadsDocumentsOfEverySource) {
    const auto document = [](const std::string &source) {
        return R"("messages":[{"role":"user","content":[{"type":"document","title":"T","source":)" + source + "}]}]";
    };
    Read pdf(document(R"({"type":"base64","media_type":"application/pdf","data":"JVBE"})"));
    EXPECT_EQ(only_part(pdf).kind, Part::Kind::Document);
    EXPECT_TRUE(only_part(pdf).title == "T");
    Read text(document(R"({"type":"text","media_type":"text/plain","data":"plain"})"));
    EXPECT_EQ(only_part(text).source, Part::Source::PlainText);
    Read content(document(R"({"type":"content","content":"whole"})"));
    EXPECT_EQ(only_part(content).source, Part::Source::PlainText);
    EXPECT_TRUE(only_part(content).data == "whole");
    Read url(document(R"({"type":"url","url":"https://e.com/a.pdf"})"));
    EXPECT_EQ(only_part(url).source, Part::Source::Url);
    Read file(document(R"({"type":"file","file_id":"f"})"));
    EXPECT_EQ(only_part(file).source, Part::Source::FileId);

    Read blocks(document(R"({"type":"content","content":[{"type":"text","text":"one"},{"type":"image",)"
                         R"("source":{"type":"url","url":"u"}},{"type":"text","text":"two"}]})"));
    ASSERT_TRUE(blocks.result.has_value());
    const auto &parts = blocks->messages[0].parts;
    ASSERT_EQ(parts.size(), 3u);
    EXPECT_EQ(parts[0].kind, Part::Kind::Document);
    EXPECT_EQ(parts[1].kind, Part::Kind::Image);
    EXPECT_TRUE(parts[2].data == "two");
    EXPECT_TRUE(parts[2].title == "T");
}

TEST(AnthropicRequestRead, ReadsToolCallsAndResults) {
    Read read(R"("messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{"a": 1}}]},)"
              R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":[)"
              R"({"type":"text","text":"r"},{"type":"image","source":{"type":"url","url":"u"}}]},)"
              R"({"type":"tool_result","tool_use_id":"t2","content":"s"},{"type":"tool_result","tool_use_id":"t3"}]}])");
    ASSERT_TRUE(read.result.has_value());
    const Part &call = read->messages[0].parts[0];
    EXPECT_EQ(call.input, R"({"a": 1})");
    EXPECT_TRUE(call.name == "f");
    const auto &results = read->messages[1].parts;
    EXPECT_TRUE(results[0].is_error);
    ASSERT_EQ(results[0].content.size(), 2u);
    EXPECT_EQ(results[0].content[1].origin.path("type"), "messages[1].content[0].content[1].type");
    EXPECT_TRUE(results[1].content[0].text == "s");
    EXPECT_TRUE(results[2].content.empty());
}

TEST(AnthropicRequestRead, ReadsThinkingBlocks) {
    Read read(R"("messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"hm\n","signature":"c2ln"},)"
              R"({"type":"redacted_thinking","data":"eHg="},{"type":"compaction","content":"before"}]}])");
    ASSERT_TRUE(read.result.has_value());
    const auto &parts = read->messages[0].parts;
    EXPECT_EQ(parts[0].kind, Part::Kind::Thinking);
    EXPECT_EQ(parts[0].signature.escaped, "c2ln");
    EXPECT_EQ(parts[0].text.escaped, "hm\\n");
    EXPECT_EQ(parts[1].kind, Part::Kind::RedactedThinking);
    EXPECT_EQ(parts[1].data.escaped, "eHg=");
    EXPECT_TRUE(parts[2].text == "before");
}

TEST(AnthropicRequestRead, MarksBlocksThatOnlyAnthropicKnows) {
    for (const char *type : {"server_tool_use", "web_search_tool_result", "search_result", "container_upload"}) {
        Read read(R"("messages":[{"role":"user","content":[{"type":")" + std::string(type) + R"(","x":1}]}])");
        EXPECT_EQ(only_part(read).kind, Part::Kind::Other) << type;
    }
    Read inner(R"("messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":)"
               R"([{"type":"tool_result","tool_use_id":"u"},{"type":"search_result","title":"x"}]}]}])");
    ASSERT_TRUE(inner.result.has_value());
    for (const Part &part : inner->messages[0].parts[0].content)
        EXPECT_EQ(part.kind, Part::Kind::Other);
}

TEST(AnthropicRequestRead, ReadsTools) {
    Read read(R"("tools":[{"name":"f","description":"","input_schema":{"type":"object"},"strict":true,)"
              R"("cache_control":{"type":"ephemeral"},"defer_loading":false},{"type":"custom","name":"g"},)"
              R"({"type":"web_search_20250305","name":"web_search"},{"name":"h","defer_loading":true,"input_examples":[1]}])");
    ASSERT_TRUE(read.result.has_value());
    ASSERT_EQ(read->tools.size(), 3u);
    EXPECT_TRUE(read->tools[0].has_description);
    EXPECT_EQ(read->tools[0].parameters, R"({"type":"object"})");
    EXPECT_EQ(read->tools[0].strict, true);
    EXPECT_EQ(read->tools[0].cache_control, R"({"type":"ephemeral"})");
    EXPECT_FALSE(read->tools[1].has_description);
    EXPECT_TRUE(read->tools[1].parameters.empty());
    EXPECT_EQ(read.extras(), "tools[2].type=\"web_search_20250305\"\ntools[3].defer_loading=true hint\n"
                             "tools[3].input_examples=[1]\n");
}

TEST(AnthropicRequestRead, ReadsToolChoice) {
    using Mode = chat::ToolChoice::Mode;
    const struct {
        const char *json;
        Mode mode;
    } rows[] = {{"auto", Mode::Auto}, {"any", Mode::Required}, {"none", Mode::None}};
    for (const auto &row : rows) {
        Read read(R"("tool_choice":{"type":")" + std::string(row.json) + "\"}");
        EXPECT_EQ(read->tool_choice.mode, row.mode);
        EXPECT_FALSE(read->tool_choice.parallel.has_value());
    }
    Read named(R"("tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true})");
    EXPECT_EQ(named->tool_choice.mode, Mode::Named);
    EXPECT_TRUE(named->tool_choice.name == "f");
    EXPECT_EQ(named->tool_choice.parallel, false);
}

TEST(AnthropicRequestRead, ReadsThinkingAndEffort) {
    Read budget(R"("thinking":{"type":"enabled","budget_tokens":2048},"output_config":{"effort":"high"})");
    EXPECT_EQ(budget->reasoning.mode, Reasoning::Mode::Budget);
    EXPECT_EQ(budget->reasoning.budget, 2048);
    EXPECT_EQ(budget.extras(), "output_config.effort=\"high\" hint\n");
    Read adaptive(R"("thinking":{"type":"adaptive","display":"omitted"},"output_config":{"effort":"max"})");
    EXPECT_EQ(adaptive->reasoning.mode, Reasoning::Mode::Adaptive);
    EXPECT_TRUE(adaptive->reasoning.effort == "max");
    EXPECT_EQ(adaptive.extras(), "thinking.display=\"omitted\" hint\n");
    Read off(R"("thinking":{"type":"disabled"})");
    EXPECT_EQ(off->reasoning.mode, Reasoning::Mode::Off);
    Read effort(R"("output_config":{"effort":"low"})");
    EXPECT_EQ(effort->reasoning.mode, Reasoning::Mode::Effort);
}

TEST(AnthropicRequestRead, ReadsOutputFormats) {
    for (const std::string &members : {std::string(R"("output_config":{"format":{"type":"json_schema","schema":{"a":1}}})"),
                                       std::string(R"("output_format":{"type":"json_schema","schema":{"a":1}})")}) {
        Read read(members);
        ASSERT_TRUE(read.result.has_value());
        EXPECT_EQ(read->format.kind, chat::ResponseFormat::Kind::JsonSchema);
        EXPECT_EQ(read->format.schema, R"({"a":1})");
    }
}

TEST(AnthropicRequestRead, ToolReferencesAreWordsInsideAResultOnly) {
    const std::string_view reference = R"({"type":"tool_reference","tool_name":"a\"\u00fc"})";
    const std::string result = R"({"type":"tool_result","tool_use_id":"c","content":[)" + std::string(reference) + "]}";
    Read read(R"("messages":[{"role":"user","content":[)" + result + "," + std::string(reference) + "]}]");
    const auto &parts = read->messages[0].parts;
    ASSERT_EQ(parts.size(), 2u);
    ASSERT_EQ(parts[0].content.size(), 1u);
    EXPECT_EQ(parts[0].content[0].kind, Part::Kind::Text);
    EXPECT_EQ(parts[0].content[0].text.decode(), "Tool available: a\"\u00fc");
    EXPECT_EQ(parts[1].kind, Part::Kind::Other);
}

TEST(AnthropicRequestRead, SortsTheRestIntoHintsAndOthers) {
    Read read(R"("service_tier":"standard_only","context_management":{"edits":[]},"cache_control":{"type":"ephemeral"},)"
              R"("container":"c","mcp_servers":[{"url":"u"}],"metadata":{"user_id":"u","team":"t"},"inference_geo":"eu",)"
              R"("messages":[{"role":"assistant","name":"n","content":[{"type":"text","text":"a","citations":[{"x":1}]},)"
              R"({"type":"document","context":"c","citations":{"enabled":true},"source":{"type":"url","url":"u"}}]}])");
    ASSERT_TRUE(read.result.has_value());
    EXPECT_EQ(read.extras(), "messages[0].content[0].citations=[{\"x\":1}] hint\n"
                             "messages[0].content[1].citations={\"enabled\":true}\n"
                             "messages[0].content[1].context=\"c\"\n"
                             "messages[0].name=\"n\"\n"
                             "metadata.team=\"t\" hint\n"
                             "service_tier=\"standard_only\" hint\n"
                             "context_management={\"edits\":[]} hint\n"
                             "cache_control={\"type\":\"ephemeral\"} hint\n"
                             "container=\"c\"\n"
                             "mcp_servers=[{\"url\":\"u\"}]\n"
                             "inference_geo=\"eu\"\n");
}

TEST(AnthropicRequestRead, TakesDefaultsAsAbsent) {
    Read read(R"("service_tier":"auto","mcp_servers":[],"messages":[{"role":"user","content":[)"
              R"({"type":"document","citations":{"enabled":false},"source":{"type":"url","url":"u"}},)"
              R"({"type":"text","text":"a","citations":[]}]}])");
    ASSERT_TRUE(read.result.has_value());
    EXPECT_EQ(read.extras(), "");
}

TEST(AnthropicRequestRead, NamesTheFieldAtFault) {
    EXPECT_EQ(fault_of(R"("max_tokens":0)"), "invalid_value max_tokens");
    EXPECT_EQ(fault_of(R"("max_tokens":-1)"), "invalid_value max_tokens");
    EXPECT_EQ(fault_of(R"("max_tokens":1.5)"), "invalid_value max_tokens");
    EXPECT_EQ(fault_of(R"("max_tokens":1000000001)"), "invalid_value max_tokens");
    EXPECT_EQ(fault_of(R"("max_tokens":1000000000)"), "no fault");
    EXPECT_EQ(fault_of(R"("temperature":1.01)"), "invalid_value temperature");
    EXPECT_EQ(fault_of(R"("temperature":1e400)"), "invalid_value temperature");
    EXPECT_EQ(fault_of(R"("top_p":"x")"), "invalid_value top_p");
    EXPECT_EQ(fault_of(R"("top_k":-1)"), "invalid_value top_k");
    EXPECT_EQ(fault_of(R"("stop_sequences":"x")"), "invalid_value stop_sequences");
    EXPECT_EQ(fault_of(R"("stop_sequences":["x",1])"), "invalid_value stop_sequences[1]");
    EXPECT_EQ(fault_of(R"("stream":"yes")"), "invalid_value stream");
    EXPECT_EQ(fault_of(R"("metadata":[])"), "invalid_value metadata");
    EXPECT_EQ(fault_of(R"("metadata":{"user_id":1})"), "invalid_value metadata.user_id");
    EXPECT_EQ(fault_of(R"("system":1)"), "invalid_value system");
    EXPECT_EQ(fault_of(R"("system":[{"type":"text"}])"), "missing_field system[0].text");
    EXPECT_EQ(fault_of(R"("messages":[])"), "invalid_value messages");
    EXPECT_EQ(fault_of(R"("messages":{})"), "invalid_value messages");
    EXPECT_EQ(fault_of(R"("messages":[1])"), "invalid_value messages[0]");
    EXPECT_EQ(fault_of(R"("messages":[{"content":"a"}])"), "missing_field messages[0].role");
    EXPECT_EQ(fault_of(R"("messages":[{"role":"tool","content":"a"}])"), "invalid_value messages[0].role");
    EXPECT_EQ(fault_of(R"("messages":[{"role":"user"}])"), "missing_field messages[0].content");
    EXPECT_EQ(fault_of(R"("messages":[{"role":"user","content":1}])"), "invalid_value messages[0].content");
    EXPECT_EQ(fault_of(R"("tools":{})"), "invalid_value tools");
    EXPECT_EQ(fault_of(R"("tools":[{}])"), "missing_field tools[0].name");
    EXPECT_EQ(fault_of(R"("tools":[{"name":"f","input_schema":"x"}])"), "invalid_value tools[0].input_schema");
    EXPECT_EQ(fault_of(R"("tools":[{"name":"f","strict":1}])"), "invalid_value tools[0].strict");
    EXPECT_EQ(fault_of(R"("tool_choice":"auto")"), "invalid_value tool_choice");
    EXPECT_EQ(fault_of(R"("tool_choice":{"type":"x"})"), "invalid_value tool_choice.type");
    EXPECT_EQ(fault_of(R"("tool_choice":{"type":"tool"})"), "missing_field tool_choice.name");
    EXPECT_EQ(fault_of(R"("thinking":{"type":"enabled"})"), "missing_field thinking.budget_tokens");
    EXPECT_EQ(fault_of(R"("thinking":{"type":1})"), "invalid_value thinking.type");
    EXPECT_EQ(fault_of(R"("output_config":{"effort":1})"), "invalid_value output_config.effort");
    EXPECT_EQ(fault_of(R"("output_config":{"format":{"type":"json_schema"}})"), "missing_field output_config.format.schema");
    EXPECT_EQ(fault_of(R"("output_format":{"type":"x"})"), "invalid_value output_format.type");
}

TEST(AnthropicRequestRead, NamesTheBlockAtFault) {
    EXPECT_EQ(fault_of_block("1"), "invalid_value messages[0].content[1]");
    EXPECT_EQ(fault_of_block("{}"), "missing_field messages[0].content[1].type");
    EXPECT_EQ(fault_of_block(R"({"type":1})"), "invalid_value messages[0].content[1].type");
    EXPECT_EQ(fault_of_block(R"({"type":"text","text":1})"), "invalid_value messages[0].content[1].text");
    EXPECT_EQ(fault_of_block(R"({"type":"text","text":"a","cache_control":1})"),
              "invalid_value messages[0].content[1].cache_control");
    EXPECT_EQ(fault_of_block(R"({"type":"image"})"), "missing_field messages[0].content[1].source");
    EXPECT_EQ(fault_of_block(R"({"type":"image","source":{"type":"text","data":"x"}})"),
              "invalid_value messages[0].content[1].source.type");
    EXPECT_EQ(fault_of_block(R"({"type":"image","source":{"type":"base64","data":"x"}})"),
              "missing_field messages[0].content[1].source.media_type");
    EXPECT_EQ(fault_of_block(R"({"type":"document","source":{"type":"content"}})"),
              "invalid_value messages[0].content[1].source.content");
    EXPECT_EQ(fault_of_block(R"({"type":"tool_use","id":"a","name":"b","input":{}})"),
              "invalid_value messages[0].content[1].type");
    EXPECT_EQ(fault_of_block(R"({"type":"tool_use","id":"a","name":"b","input":[]})", "assistant"),
              "invalid_value messages[0].content[1].input");
    EXPECT_EQ(fault_of_block(R"({"type":"tool_use","name":"b"})", "assistant"), "missing_field messages[0].content[1].id");
    EXPECT_EQ(fault_of_block(R"({"type":"tool_result","tool_use_id":"a"})", "assistant"),
              "invalid_value messages[0].content[1].type");
    EXPECT_EQ(fault_of_block(R"({"type":"tool_result"})"), "missing_field messages[0].content[1].tool_use_id");
    EXPECT_EQ(fault_of_block(R"({"type":"tool_result","tool_use_id":"a","content":[{"type":"text"}]})"),
              "missing_field messages[0].content[1].content[0].text");
    EXPECT_EQ(fault_of_block(R"({"type":"redacted_thinking"})", "assistant"), "missing_field messages[0].content[1].data");
}

// Whether there must be a model is the gateway's to say: ai_gateway model= names one too.
TEST(AnthropicRequestRead, WantsAnObjectAndTakesOneWithoutAModel) {
    const Parsed without(R"({"max_tokens":1,"messages":[{"role":"user","content":"a"}]})");
    const auto unnamed = anthropic_messages().read_request(without.doc());
    ASSERT_TRUE(unnamed.has_value());
    EXPECT_TRUE(unnamed->model.empty());
    const Parsed list("[]");
    EXPECT_EQ(anthropic_messages().read_request(list.doc()).error().code, "invalid_value");
}

TEST(AnthropicRequestRead, PassSplicesTheModelOnly) {
    const Parsed parsed(R"( {"model" : "logical","x":[1, 2],"max_tokens":1e2} )");
    JsonSplice splice(parsed.doc().text());
    RequestOptions options;
    options.model = "claude-\"x\"";
    anthropic_messages().pass_request(parsed.doc(), options, splice);
    std::string out;
    splice.append_to(out);
    EXPECT_EQ(out, R"( {"model" : "claude-\"x\"","x":[1, 2],"max_tokens":1e2} )");

    JsonSplice same(parsed.doc().text());
    options.model = "logical";
    anthropic_messages().pass_request(parsed.doc(), options, same);
    EXPECT_TRUE(same.empty());
}

TEST(AnthropicRequestRead, PassTakesOutThinkingThatNobodySigned) {
    const auto pass = [](const std::string &content) {
        const Parsed parsed(R"({"model":"m","messages":[{"role":"user","content":"q"},{"role":"assistant","content":)" + content +
                            R"(},{"role":"user","content":[{"type":"thinking","thinking":"not mine"}]}]})");
        JsonSplice splice(parsed.doc().text());
        RequestOptions options;
        options.model = "m";
        anthropic_messages().pass_request(parsed.doc(), options, splice);
        std::string out;
        splice.append_to(out);
        EXPECT_NE(out.find("not mine"), std::string::npos);
        const size_t from = out.find(R"("assistant","content":)") + 22;
        return out.substr(from, out.find(R"(},{"role":"user","content":[{)") - from);
    };
    EXPECT_EQ(pass(R"([{"type":"thinking","thinking":"hm","signature":""}, {"type":"text","text":"a" }, {"type":"thinking",)"
                   R"("thinking":"x"}])"),
              R"([{"type":"text","text":"a" }])");
    for (const char *same : {R"([ {"type":"thinking","thinking":"hm","signature":"s"}, {"type":"text","text":"a"}])",
                             R"([{"type":"thinking","thinking":"hm","signature":""}])", R"("text")", "[]"})
        EXPECT_EQ(pass(same), same);
}
