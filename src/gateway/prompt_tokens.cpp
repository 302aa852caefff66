#include "gateway/prompt_tokens.h"

#include <algorithm>

#include "tokens/estimate.h"

namespace aigw::gateway {
namespace {

// Members whose strings are not text for the model: encodings, ids, names of things in the format.
constexpr std::string_view kNotText[] = {"data",      "url",        "image_url",  "file_data",    "type",
                                         "role",      "id",         "tool_use_id", "tool_call_id", "signature",
                                         "media_type", "cache_control", "format",  "detail",       "file_id",
                                         "mimeType", "mime_type", "fileUri", "file_uri", "thoughtSignature", "thought_signature",
                                         "call_id",   "file_url",   "status",     "phase",        "encrypted_content"};
constexpr int kMaxDepth = 16;  // of members inside a message; deeper text is an estimate's rounding error

bool is_text_member(JsonText key) {
    for (std::string_view name : kNotText) {
        if (key == name) {
            return false;
        }
    }
    return true;
}

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
    JsonValue type = object["type"];
    if (type.equals("image_url") || type.equals("image") || type.equals("input_image")) {
        fixed += image_tokens(object);
        return;
    }
    for (const char *media : {"inlineData", "inline_data", "fileData", "file_data"}) {  // Google's
        if (object[media].is_object()) {
            fixed += google_tokens(object[media]);
            return;
        }
    }
    for (auto member : object.members()) {
        if (is_text_member(member.key)) {
            value(member.value, depth);
        }
    }
    // A text document carries its text in source.data.
    JsonValue source = object["source"];
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
Tokens instructions(JsonValue body) {
    Tokens out = tokens::kRequestTokens;
    if (JsonValue tools = body["tools"]; tools.size() > 0) {
        bool claude = bool((*tools.elements().begin())["input_schema"]);
        out += claude ? tokens::kAnthropicToolsTokens : tokens::kToolsTokens;
    } else if (body["functions"].size() > 0) {
        out += tokens::kToolsTokens;
    }
    if (body["thinking"].is_object() && !body["thinking"]["type"].equals("disabled")) {
        out += tokens::kThinkingTokens;
    }
    if (body["output_config"]["format"] || body["output_format"]) {
        out += tokens::kAnthropicSchemaTokens;
    }
    return out;
}

}  // namespace

Tokens estimate_prompt(JsonValue body) {
    if (JsonValue inner = body["generateContentRequest"]; inner.is_object()) {  // Google's countTokens
        body = inner;
    }
    Estimate estimate;
    estimate.fixed = instructions(body);
    estimate.value(body["system"], 0);
    for (const char *texts : {"prompt", "input", "query", "documents"}) {  // of calls that are no chat
        estimate.value(body[texts], 0);
    }
    for (JsonValue message : body["messages"].elements()) {
        estimate.fixed += tokens::kMessageTokens;
        estimate.value(message, 0);
    }
    for (const char *google : {"systemInstruction", "system_instruction", "contents"}) {
        estimate.fixed += tokens::kMessageTokens * static_cast<Tokens>(body[google].is_array() ? body[google].size() : 0);
        estimate.value(body[google], 0);
    }
    if (JsonValue instructions = body["instructions"]; instructions.is_string()) {  // Responses
        estimate.fixed += tokens::kMessageTokens;
        estimate.value(instructions, 0);
    }
    for (JsonValue item : body["input"].elements()) {
        estimate.fixed += item.is_object() ? tokens::kMessageTokens : 0;
    }
    for (const char *list : {"tools", "functions"}) {
        for (JsonValue tool : body[list].elements()) {
            estimate.fixed += tokens::kToolTokens;
            estimate.text.add_schema(tool);
        }
    }
    for (JsonValue schema : {body["response_format"], body["output_config"], body["output_format"], body["text"]["format"]}) {
        estimate.text.end_text();
        estimate.text.add_plain(schema.raw());
    }
    return estimate.fixed + estimate.text.tokens();
}

}  // namespace aigw::gateway
