// docs/carried.md, row by row: what becomes of each field of a caller when the provider speaks the other dialect. The
// table below is what the page must say and what the dialects must do. AIGW_CARRIED_UPDATE=1 rewrites the page's tables.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "dialects/carried_bedrock.h"
#include "dialects/carried_completions.h"
#include "dialects/carried_gemini.h"
#include "dialects/carried_native.h"
#include "dialects/carried_responses.h"
#include "dialects/carried_rows.h"
#include "dialects/dialect.h"
#include "source_dir.h"

namespace aigw::dialects {
namespace {

const Row kFromOpenAi[] = {
    {"messages: system, developer", R"("messages":[{"role":"developer","content":"Be brief."},)" USER "]", Fate::Carried,
     R"("system":"Be brief.")", "`system`"},
    {"messages: user, assistant", R"("messages":[)" USER R"(,{"role":"assistant","content":"yes"},)" USER "]",
     Fate::Carried, R"({"role":"assistant","content":"yes"})", "`messages`; neighbours of one role are merged"},
    {"content parts: text", R"("messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}])",
     Fate::Carried, R"({"type":"text","text":"b"})", "text blocks"},
    {"content parts: image_url, data URL",
     R"("messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}])",
     Fate::Carried, R"("media_type":"image/png","data":"AAAA")", "image block, base64"},
    {"content parts: image_url, https",
     R"("messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://e.example/a.png"}}]}])",
     Fate::Carried, R"("url":"https://e.example/a.png")", "image block, URL; never fetched by us"},
    {"content parts: file, PDF as data URL",
     R"("messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AAAA"}}]}])",
     Fate::Carried, R"("type":"document")", "document block"},
    {"content parts: file_id",
     R"("messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}])", Fate::Refused,
     "messages[0].content[0]", "the file lies at another provider"},
    {"content parts: input_audio",
     R"("messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]}])",
     Fate::Refused, "messages[0].content[0]", ""},
    {"assistant refusal", R"("messages":[)" USER R"(,{"role":"assistant","content":null,"refusal":"No."},)" USER "]",
     Fate::Carried, "No.", "text"},
    {"assistant tool_calls, tool messages",
     R"("messages":[)" USER
     R"(,{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},)"
     R"({"role":"tool","tool_call_id":"c1","content":"42"}],"tools":[{"type":"function","function":{"name":"f"}}])",
     Fate::Carried, R"("tool_use_id":"c1")", "tool_use and tool_result blocks; arguments become an object"},
    {"thinking_blocks, signed",
     R"("messages":[)" USER
     R"(,{"role":"assistant","content":"yes","thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"sig"}]},)" USER
     R"(],"reasoning_effort":"low","max_tokens":4000)",
     Fate::Carried, R"("signature":"sig")", "thinking blocks, byte for byte, first in their turn"},
    {"reasoning_content, unsigned",
     R"("messages":[)" USER R"(,{"role":"assistant","content":"yes","reasoning_content":"hm"},)" USER "]", Fate::Hint,
     "messages[1].reasoning_content", "nobody signed it"},
    {"message name", R"("messages":[{"role":"user","name":"bob","content":"hi"}])", Fate::Hint, "messages[0].name", ""},
    {"cache_control on parts and tools",
     R"("messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}])",
     Fate::Carried, R"("cache_control":{"type":"ephemeral"})", "the same"},
    {"tools", R"("tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}])",
     Fate::Carried, R"("name":"f","description":"d")", "`tools` with `input_schema`"},
    {"tools: custom", R"("tools":[{"type":"custom","custom":{"name":"f"}}])", Fate::Refused, "tools[0]", ""},
    {"functions, function_call (old)", R"("functions":[{"name":"f"}],"function_call":{"name":"f"})", Fate::Carried,
     R"("tool_choice":{"type":"tool","name":"f"})", "as `tools`, `tool_choice`"},
    {"tool_choice auto", R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto")", Fate::Carried,
     R"({"type":"auto"})", "`auto`"},
    {"tool_choice required", R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required")",
     Fate::Carried, R"({"type":"any"})", "`any`; `auto` and listed beside thinking"},
    {"tool_choice none", R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none")", Fate::Carried,
     R"({"type":"none"})", "`none`"},
    {"tool_choice named",
     R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"f"}})",
     Fate::Carried, R"({"type":"tool","name":"f"})", "`tool`"},
    {"parallel_tool_calls", R"("tools":[{"type":"function","function":{"name":"f"}}],"parallel_tool_calls":false)",
     Fate::Carried, R"("disable_parallel_tool_use":true)", "`disable_parallel_tool_use`"},
    {"response_format json_schema",
     R"("response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object","properties":{}}}})",
     Fate::Carried, R"("output_config":{"format":{"type":"json_schema")", "`output_config.format`"},
    {"response_format json_schema: name",
     R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{}}}})", Fate::Hint, "response_format.json_schema.name", "a label"},
    {"response_format json_object", R"("response_format":{"type":"json_object"})", Fate::Carried, R"("system":[)",
     "a sentence in `system` that asks for one JSON object: Anthropic has no such switch"},
    {"max_tokens, max_completion_tokens", R"("max_completion_tokens":77)", Fate::Carried, R"("max_tokens":77)",
     "`max_tokens`; the provider's `max_output` if absent"},
    {"temperature to 1", R"("temperature":0.5)", Fate::Carried, R"("temperature":0.5)", "the same"},
    {"temperature over 1", R"("temperature":1.5)", Fate::Hint, "temperature", "1"},
    {"top_p", R"("top_p":0.5)", Fate::Carried, R"("top_p":0.5)", "the same"},
    {"top_k", R"("top_k":5)", Fate::Carried, R"("top_k":5)", "the same"},
    {"stop", R"("stop":["x"])", Fate::Carried, R"("stop_sequences":["x"])", "`stop_sequences`"},
    {"reasoning_effort, reasoning, thinking", R"("reasoning_effort":"low","max_tokens":4000)", Fate::Carried,
     R"("thinking":{"type":"enabled","budget_tokens":1024})", "`thinking`; newer models get adaptive thinking and an effort"},
    {"user", R"("user":"u")", Fate::Carried, R"("metadata":{"user_id":"u"})", "`metadata.user_id`"},
    {"stream", R"("stream":true)", Fate::Carried, R"("stream":true)", "the same"},
    {"stream_options.include_usage", R"("stream":true,"stream_options":{"include_usage":true})", Fate::Carried,
     R"("stream":true)", "answered by us: Anthropic always tells usage"},
    {"seed", R"("seed":1)", Fate::Hint, "seed", ""},
    {"logit_bias", R"("logit_bias":{"1":1})", Fate::Hint, "logit_bias", ""},
    {"metadata", R"("metadata":{"a":"b"})", Fate::Hint, "metadata", "kept for `$ai_metadata_NAME`"},
    {"store", R"("store":true)", Fate::Hint, "store", ""},
    {"service_tier", R"("service_tier":"flex")", Fate::Hint, "service_tier", ""},
    {"prompt_cache_key", R"("prompt_cache_key":"k")", Fate::Hint, "prompt_cache_key", ""},
    {"safety_identifier", R"("safety_identifier":"s")", Fate::Hint, "safety_identifier", ""},
    {"prediction", R"("prediction":{"type":"content","content":"x"})", Fate::Hint, "prediction", ""},
    {"n over 1", R"("n":2)", Fate::Refused, "n", ""},
    {"logprobs", R"("logprobs":true)", Fate::Refused, "logprobs", ""},
    {"top_logprobs", R"("top_logprobs":3)", Fate::Refused, "top_logprobs", ""},
    {"frequency_penalty not 0", R"("frequency_penalty":1)", Fate::Refused, "frequency_penalty", ""},
    {"presence_penalty not 0", R"("presence_penalty":1)", Fate::Refused, "presence_penalty", ""},
    {"modalities with audio", R"("modalities":["text","audio"])", Fate::Refused, "modalities", ""},
    {"audio", R"("audio":{"voice":"alloy","format":"wav"})", Fate::Refused, "audio", ""},
    {"web_search_options", R"("web_search_options":{})", Fate::Refused, "web_search_options", ""},
    {"any other member", R"("guided_regex":"x")", Fate::Refused, "guided_regex", ""},
    {"defaults: n 1, penalties 0, logprobs false, store false",
     R"("n":1,"frequency_penalty":0,"presence_penalty":0,"logprobs":false,"store":false)", Fate::Carried, R"("messages")",
     "count as absent"},
};

const Row kFromAnthropic[] = {
    {"system, text or blocks", R"("system":[{"type":"text","text":"Be brief."}])", Fate::Carried,
     R"("role":"system","content")", "a system message"},
    {"messages: user, assistant, system", R"("messages":[)" USER R"(,{"role":"assistant","content":"yes"},)" USER "]",
     Fate::Carried, R"({"role":"assistant","content":"yes"})", "`messages`"},
    {"text blocks", R"("messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}])",
     Fate::Carried, R"({"type":"text","text":"b"})", "text parts"},
    {"image, base64",
     R"("messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}])",
     Fate::Carried, "data:image/png;base64,AAAA", "image_url part, data URL"},
    {"image, URL",
     R"("messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://e.example/a.png"}}]}])",
     Fate::Carried, R"("url":"https://e.example/a.png")", "image_url part"},
    {"image or document, file id",
     R"("messages":[{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}])", Fate::Refused,
     "messages[0].content[0].source", "the file lies at another provider"},
    {"document, PDF base64",
     R"("messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"}}]}])",
     Fate::Carried, "data:application/pdf;base64,AAAA", "file part"},
    {"document, text",
     R"("messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"}}]}])",
     Fate::Carried, "words", "text part"},
    {"tool_use, tool_result",
     R"("messages":[)" USER
     R"(,{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{"a":1}}]},)"
     R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"42"}]}],"tools":[{"name":"f","input_schema":{"type":"object"}}])",
     Fate::Carried, R"("tool_call_id":"c1")", "tool_calls and tool messages; input becomes a string"},
    {"tool_result is_error",
     R"("messages":[)" USER
     R"(,{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}}]},)"
     R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"bad","is_error":true}]}])",
     Fate::Carried, "bad", "marked in the text"},
    {"tool_reference in a tool_result",
     R"("messages":[)" USER
     R"(,{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}}]},)"
     R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"tool_reference","tool_name":"WebFetch"}]}]}])",
     Fate::Carried, "Tool available: WebFetch", "named in the text"},
    {"thinking, redacted_thinking in the history",
     R"("messages":[)" USER
     R"(,{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"yes"}]},)" USER "]",
     Fate::Hint, "messages[1].content[0]", "another vendor signed it"},
    {"cache_control", R"("messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}])",
     Fate::Hint, "messages[0].content[0].cache_control", ""},
    {"tools", R"("tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}])", Fate::Carried,
     R"("function":{"name":"f","description":"d")", "function tools"},
    {"tools: Anthropic's own (web search, code, computer)",
     R"("tools":[{"type":"web_search_20250305","name":"web_search"}])", Fate::Refused, "tools[0].type",
     "they run at Anthropic"},
    {"tool_choice any", R"("tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"any"})",
     Fate::Carried, R"("tool_choice":"required")", "`required`"},
    {"tool_choice tool", R"("tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"tool","name":"f"})",
     Fate::Carried, R"("function":{"name":"f"})", "named"},
    {"disable_parallel_tool_use",
     R"("tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true})",
     Fate::Carried, R"("parallel_tool_calls":false)", "`parallel_tool_calls`"},
    {"output_config.format, output_format",
     R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{},"additionalProperties":false}}})",
     Fate::Carried, R"("response_format":{"type":"json_schema")", "`response_format`"},
    {"max_tokens", R"("max_tokens":77)", Fate::Carried, R"("max_completion_tokens":77)",
     "`max_completion_tokens`, or `max_tokens` by format"},
    {"temperature", R"("temperature":0.5)", Fate::Carried, R"("temperature":0.5)", "the same"},
    {"top_p", R"("top_p":0.5)", Fate::Carried, R"("top_p":0.5)", "the same"},
    {"top_k", R"("top_k":5)", Fate::Refused, "top_k", ""},
    {"stop_sequences, up to four", R"("stop_sequences":["x"])", Fate::Carried, R"("stop":["x"])", "`stop`"},
    {"stop_sequences, more", R"("stop_sequences":["a","b","c","d","e"])", Fate::Refused, "stop_sequences", ""},
    {"thinking, output_config.effort", R"("thinking":{"type":"enabled","budget_tokens":2048})", Fate::Carried,
     R"("reasoning_effort":"medium")", "`reasoning_effort`"},
    {"metadata.user_id, up to 64 bytes", R"("metadata":{"user_id":"u"})", Fate::Carried, R"("user":"u")", "`user`"},
    {"metadata.user_id, longer",
     R"("metadata":{"user_id":"01234567890123456789012345678901234567890123456789012345678901234"})", Fate::Hint,
     "metadata.user_id", "OpenAI refuses it"},
    {"stream", R"("stream":true)", Fate::Carried, R"("include_usage":true)", "the same, with usage asked for"},
    {"context_management", R"("context_management":{"edits":[]})", Fate::Hint, "context_management", ""},
    {"service_tier", R"("service_tier":"standard_only")", Fate::Hint, "service_tier", ""},
    {"betas (body)", R"("betas":["b"])", Fate::Hint, "betas", ""},
    {"thread", R"("thread":{"type":"create"})", Fate::Refused, "thread",
     "an OpenAI-shaped provider holds no conversations; `ai_unsupported drop` does not drop it, Anthropic's SDKs then send all turns"},
    {"container", R"("container":"c")", Fate::Refused, "container", ""},
    {"mcp_servers", R"("mcp_servers":[{"type":"url","url":"https://e.example","name":"n"}])", Fate::Refused,
     "mcp_servers", ""},
    {"any other member", R"("speed":"fast")", Fate::Refused, "speed", ""},
};

struct Direction {
    const char *title;
    const Dialect &from;
    const ProviderDialect &to;
    const Row *begin, *end;
    const char *model;
};

const Direction kDirections[] = {
    {"OpenAI chat completions to an Anthropic provider", openai_chat(), anthropic_messages(), std::begin(kFromOpenAi),
     std::end(kFromOpenAi), "claude-sonnet-4-5"},
    {"Anthropic messages to an OpenAI-shaped provider", anthropic_messages(), openai_chat(), std::begin(kFromAnthropic),
     std::end(kFromAnthropic), "gpt-x"},
    {"OpenAI chat completions to Bedrock (Converse)", openai_chat(), bedrock_converse(), std::begin(kOpenAiToConverse),
     std::end(kOpenAiToConverse), "anthropic.claude-sonnet-4-5"},
    {"Anthropic messages to Bedrock (Converse)", anthropic_messages(), bedrock_converse(), std::begin(kAnthropicToConverse),
     std::end(kAnthropicToConverse), "anthropic.claude-sonnet-4-5"},
    {"OpenAI chat completions to Gemini", openai_chat(), gemini(), std::begin(kOpenAiToGemini), std::end(kOpenAiToGemini),
     "gemini-2.5-flash"},
    {"Anthropic messages to Gemini", anthropic_messages(), gemini(), std::begin(kAnthropicToGemini),
     std::end(kAnthropicToGemini), "gemini-2.5-flash"},
    {"Gemini to an OpenAI-shaped provider", gemini(), openai_chat(), std::begin(kGeminiToOpenAi), std::end(kGeminiToOpenAi),
     "gpt-x"},
    {"Gemini to an Anthropic provider", gemini(), anthropic_messages(), std::begin(kGeminiToAnthropic),
     std::end(kGeminiToAnthropic), "claude-sonnet-4-5"},
    {"OpenAI chat completions to Ollama", openai_chat(), ollama_chat(), std::begin(kOpenAiToOllama), std::end(kOpenAiToOllama),
     "qwen3"},
    {"Anthropic messages to Ollama", anthropic_messages(), ollama_chat(), std::begin(kAnthropicToOllama),
     std::end(kAnthropicToOllama), "qwen3"},
    {"OpenAI chat completions to Cohere", openai_chat(), cohere_chat(), std::begin(kOpenAiToCohere), std::end(kOpenAiToCohere),
     "command-a"},
    {"Anthropic messages to Cohere", anthropic_messages(), cohere_chat(), std::begin(kAnthropicToCohere),
     std::end(kAnthropicToCohere), "command-a"},
    {"OpenAI Responses to an OpenAI-shaped provider", openai_responses(), openai_chat(), std::begin(kResponsesToOpenAi),
     std::end(kResponsesToOpenAi), "gpt-x"},
    {"OpenAI Responses to an Anthropic provider", openai_responses(), anthropic_messages(), std::begin(kResponsesToAnthropic),
     std::end(kResponsesToAnthropic), "claude-sonnet-4-5"},
    {"OpenAI chat completions to a provider of Responses", openai_chat(), openai_responses(), std::begin(kOpenAiToResponses),
     std::end(kOpenAiToResponses), "gpt-x"},
    {"Anthropic messages to a provider of Responses", anthropic_messages(), openai_responses(),
     std::begin(kAnthropicToResponses), std::end(kAnthropicToResponses), "gpt-x"},
    {"Legacy completions to an OpenAI-shaped provider of chats", openai_completions(), openai_chat(), std::begin(kCompletionsToOpenAi),
     std::end(kCompletionsToOpenAi), "gpt-x"},
    {"Legacy completions to an Anthropic provider", openai_completions(), anthropic_messages(), std::begin(kCompletionsToAnthropic),
     std::end(kCompletionsToAnthropic), "claude-sonnet-4-5"},
};

std::string body_of(const Direction &way, const Row &row) {
    std::string members = row.members;
    if (way.from.model_in_path()) {
        const bool told = members.find("\"contents\":") != std::string::npos;
        return "{" + std::string(told ? "" : R"("contents":[{"parts":[{"text":"hi"}]}],)") + members + "}";
    }
    std::string body = R"({"model":"m",)";
    if (&way.from == &openai_responses()) {
        return body + (members.find("\"input\":") == std::string::npos ? R"("input":"hi",)" : "") + members + "}";
    }
    if (&way.from == &openai_completions()) {
        return body + (members.find("\"prompt\":") == std::string::npos ? R"("prompt":"hi",)" : "") + members + "}";
    }
    if (members.find("\"messages\":") == std::string::npos) {
        body += R"("messages":[)" USER "],";
    }
    if (members.find("max_tokens\":") == std::string::npos && members.find("completion_tokens") == std::string::npos) {
        body += R"("max_tokens":4096,)";
    }
    return body + members + "}";
}

chat::Result<WrittenRequest> translate(const Direction &way, const Row &row) {
    std::string body = body_of(way, row);
    JsonParser parser;
    JsonDoc doc;
    EXPECT_TRUE(parser.parse(body, doc)) << body;
    auto request = way.from.read_request(doc);
    if (!request) {
        return chat::fail(request.error());
    }
    RequestOptions options;
    options.model = way.model;
    options.stream = request->stream;
    return way.to.write_request(*request, options);
}

void check(const Direction &way, const Row &row) {
    SCOPED_TRACE(std::string(way.title) + ": " + row.field);
    auto written = translate(way, row);
    if (row.fate == Fate::Refused) {
        ASSERT_FALSE(written) << written->body;
        EXPECT_EQ(written.error().status, 400);
        EXPECT_TRUE(written.error().param.starts_with(row.shown)) << written.error().param;
        return;
    }
    ASSERT_TRUE(written) << written.error().param << ": " << written.error().message;
    if (row.fate == Fate::Hint) {
        bool listed = false;
        for (const std::string &path : written->dropped) {
            listed = listed || path.starts_with(row.shown);
        }
        EXPECT_TRUE(listed) << testing::PrintToString(written->dropped);
        return;
    }
    EXPECT_TRUE(written->dropped.empty()) << testing::PrintToString(written->dropped);
    EXPECT_NE(written->body.find(row.shown), std::string::npos) << written->body;
}

TEST(Carried, EveryFieldDoesWhatThePageSays) {
    int counts[3] = {0, 0, 0};
    for (const Direction &way : kDirections) {
        for (const Row *row = way.begin; row != way.end; ++row) {
            check(way, *row);
            ++counts[static_cast<int>(row->fate)];
        }
    }
    std::cout << "fields: carried " << counts[0] << ", hint " << counts[1] << ", refused " << counts[2] << ", total "
              << counts[0] + counts[1] + counts[2] << '\n';
}

std::string table_of(const Direction &way) {
    std::ostringstream out;
    out << "## " << way.title << "\n\n| field | | becomes |\n|---|---|---|\n";
    for (const Row *row = way.begin; row != way.end; ++row) {
        out << "| " << row->field << " | " << fate_name(row->fate) << " | " << row->becomes << " |\n";
    }
    return out.str();
}

TEST(Carried, ThePageHasTheseTables) {
    const std::string path = std::string(AIGW_SOURCE_DIR) + "/docs/carried.md";
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    std::string page = text.str();
    std::string tables;
    for (const Direction &way : kDirections) tables += (tables.empty() ? "" : "\n") + table_of(way);
    if (std::getenv("AIGW_CARRIED_UPDATE")) {
        std::ofstream(path) << page.substr(0, page.find("## OpenAI chat completions to")) << tables;
        return;
    }
    EXPECT_NE(page.find(tables), std::string::npos) << "docs/carried.md differs: run with AIGW_CARRIED_UPDATE=1";
}

}  // namespace
}  // namespace aigw::dialects
