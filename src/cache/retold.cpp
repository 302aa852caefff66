#include "cache/retold.h"

#include <algorithm>

namespace aigw::cache {

namespace {

// Members whose presence says it; null, false and empty are absence.
constexpr const char *kTelling[] = {
    "logprobs", "top_logprobs", "audio", "web_search_options", "functions",  // Chat Completions
    "background", "conversation",                                           // Responses
    "container", "mcp_servers",                                             // Messages
};

bool is_said(JsonValue value) {
    if (!value || value.is_null() || (value.is_bool() && !value.is_true())) {
        return false;
    }
    return !(value.is_array() || value.is_object()) || value.size() > 0;
}

bool is_plain_tool(JsonValue tool) {
    JsonValue type = tool["type"];
    if (type.equals("function")) {
        return true;
    }
    if (!type || type.is_null() || type.equals("custom")) {
        return tool["input_schema"].is_object() || tool["functionDeclarations"].is_array() || tool["parameters"].is_object();
    }
    return false;
}

bool is_text_only(JsonValue modalities) {
    for (JsonValue one : modalities.elements()) {
        if (!one.equals("text") && !one.equals("TEXT")) {
            return false;
        }
    }
    return true;
}

bool cites(JsonValue content) {
    for (JsonValue part : content.elements()) {
        if (part["citations"]["enabled"].is_true() || part["type"].equals("search_result") || cites(part["content"])) {
            return true;
        }
    }
    return false;
}

}  // namespace

// Recurses as deep as the parser let the text nest.
bool can_be_retold(JsonValue body) {
    if (std::any_of(std::begin(kTelling), std::end(kTelling), [&](const char *name) { return is_said(body[name]); })) {
        return false;
    }
    JsonValue generation = body["generationConfig"];
    if (!is_text_only(body["modalities"]) || !is_text_only(generation["responseModalities"])
        || is_said(generation["responseLogprobs"])) {
        return false;
    }
    for (JsonValue tool : body["tools"].elements()) {
        if (!is_plain_tool(tool)) {
            return false;
        }
    }
    for (JsonValue message : body["messages"].elements()) {
        if (cites(message["content"])) {
            return false;
        }
    }
    return true;
}

}  // namespace aigw::cache
