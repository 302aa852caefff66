#include "gateway/prompt_tokens.h"

#include <algorithm>

#include "tokens/estimate.h"

namespace aigw::gateway {
namespace {

// Members whose strings are not text for the model: encodings, ids, names of things in the format.
constexpr JsonNames kNotText{"data",      "url",        "image_url",  "file_data",    "type",
                                         "role",      "id",         "tool_use_id", "tool_call_id", "signature",
                                         "media_type", "cache_control", "format",  "detail",       "file_id",
                                         "mimeType", "mime_type", "fileUri", "file_uri", "thoughtSignature", "thought_signature",
                                         "call_id",   "file_url",   "status",     "phase",        "encrypted_content"};
// Members of a request that are looked at.
constexpr JsonNames kMembers{"system", "prompt", "input", "query", "documents", "messages", "systemInstruction", "system_instruction",
                             "contents", "instructions", "tools", "functions", "thinking", "response_format", "output_config",
                             "output_format", "text"};
// Of an object in it.
constexpr JsonNames kPartMembers{"type", "source", "inlineData", "inline_data", "fileData", "file_data"};
constexpr int kMaxDepth = 16;  // of members inside a message; deeper text is an estimate's rounding error

struct Estimate {
    tokens::TextEstimator text;
    Tokens fixed = 0;

    void value(JsonValue v, int depth);
    void part(JsonValue object, int depth);
};

// Small images cost less than large ones; their size is known only from their encoding.
Tokens image_tokens(JsonValue part) {
    JsonText data = part["source"]["data"].text();
    JsonValue image = part["image_url"];
    JsonText url = image.is_string() ? image.text() : image["url"].text();
    if (url.escaped.starts_with("data:")) {
        data = url;
    }
    if (data.empty()) {
        return tokens::kImageTokens;
    }
    return std::min(tokens::kImageTokens, static_cast<Tokens>(data.escaped.size()) / tokens::kBase64PerImageToken + 1);
}

Tokens google_tokens(JsonValue media) {
    JsonText data = media["data"].text();
    if (data.empty()) {
        return tokens::kImageTokens;
    }
    return std::min(tokens::kImageTokens, static_cast<Tokens>(data.escaped.size()) / tokens::kBase64PerImageToken + 1);
}

// An image, or an object whose members are text.
void Estimate::part(JsonValue object, int depth) {
    auto [type, source, inline_data, inline_data_too, file_data, file_data_too] = object.pick(kPartMembers);
    if (type.equals("image_url") || type.equals("image") || type.equals("input_image")) {
        fixed += image_tokens(object);
        return;
    }
    for (JsonValue media : {inline_data, inline_data_too, file_data, file_data_too}) {  // Google's
        if (media.is_object()) {
            fixed += google_tokens(media);
            return;
        }
    }
    for (auto member : object.members()) {
        if (!kNotText.contains(member.key.escaped)) {
            value(member.value, depth);
        }
    }
    // A text document carries its text in source.data.
    if (source["type"].equals("text")) {
        text.add(source["data"].text());
    }
}

void Estimate::value(JsonValue v, int depth) {
    if (!v || depth > kMaxDepth) {
        return;
    }
    text.end_text();
    if (v.is_string()) {
        text.add(v.text());
    } else if (v.is_array()) {
        for (JsonValue element : v.elements()) {
            value(element, depth + 1);
        }
    } else if (v.is_object()) {
        part(v, depth + 1);
    } else {
        text.add_plain(v.raw());
    }
}

// What providers add to a request that uses these features; Claude's share is the larger one.
Tokens instructions(JsonValue tools, JsonValue functions, JsonValue thinking, bool schema) {
    Tokens out = tokens::kRequestTokens;
    if (tools.size() > 0) {
        bool claude = bool((*tools.elements().begin())["input_schema"]);
        out += claude ? tokens::kAnthropicToolsTokens : tokens::kToolsTokens;
    } else if (functions.size() > 0) {
        out += tokens::kToolsTokens;
    }
    if (thinking.is_object() && !thinking["type"].equals("disabled")) {
        out += tokens::kThinkingTokens;
    }
    return out + (schema ? tokens::kAnthropicSchemaTokens : 0);
}

}  // namespace

Tokens estimate_prompt(JsonValue body) {
    if (JsonValue inner = body["generateContentRequest"]; inner.is_object()) {  // Google's countTokens
        body = inner;
    }
    auto [system, prompt, input, query, documents, messages, system_instruction, system_instruction_too, contents, told, tools, functions,
          thinking, response_format, output_config, output_format, text] = body.pick(kMembers);
    Estimate estimate;
    estimate.fixed = instructions(tools, functions, thinking, output_config["format"] || output_format);
    estimate.value(system, 0);
    for (JsonValue texts : {prompt, input, query, documents}) {  // of calls that are no chat
        estimate.value(texts, 0);
    }
    for (JsonValue message : messages.elements()) {
        estimate.fixed += tokens::kMessageTokens;
        estimate.value(message, 0);
    }
    for (JsonValue google : {system_instruction, system_instruction_too, contents}) {
        estimate.fixed += tokens::kMessageTokens * static_cast<Tokens>(google.is_array() ? google.size() : 0);
        estimate.value(google, 0);
    }
    if (told.is_string()) {  // Responses' instructions
        estimate.fixed += tokens::kMessageTokens;
        estimate.value(told, 0);
    }
    for (JsonValue item : input.elements()) {
        estimate.fixed += item.is_object() ? tokens::kMessageTokens : 0;
    }
    for (JsonValue list : {tools, functions}) {
        for (JsonValue tool : list.elements()) {
            estimate.fixed += tokens::kToolTokens;
            estimate.text.add_schema(tool);
        }
    }
    for (JsonValue schema : {response_format, output_config, output_format, text["format"]}) {
        estimate.text.end_text();
        estimate.text.add_plain(schema.raw());
    }
    return estimate.fixed + estimate.text.tokens();
}

}  // namespace aigw::gateway
