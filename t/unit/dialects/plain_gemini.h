// The plain reading of Google's answers.
#pragma once

#include "dialects/plain_json.h"

namespace aigw::dialects::plain {

// $.a.b[0] of partialArgs: sets or extends the string there.
inline void put_at(json_t *root, const std::string &path, const json_t *piece) {
    json_t *at = root;
    size_t pos = 1;
    std::string name;
    while (true) {
        bool index = path[pos] == '[';
        size_t end = path.find_first_of(index ? "]" : ".[", pos + 1);
        if (end == std::string::npos) end = path.size();
        name = path.substr(pos + 1, end - pos - 1);
        pos = index ? end + 1 : end;
        bool last = pos >= path.size();
        json_t *next = index ? json_array_get(at, std::stoul(name)) : json_object_get(at, name.c_str());
        json_t *text = json_object_get(piece, "stringValue");
        if (last) {
            json_t *value = text ? json_string((text_of(next) + text_of(text)).c_str())
                                 : json_deep_copy(json_object_get(piece, "numberValue"));
            if (index) {
                next ? json_array_set_new(at, std::stoul(name), value) : json_array_append_new(at, value);
            } else {
                json_object_set_new(at, name.c_str(), value);
            }
            return;
        }
        if (!next) {
            next = path[pos] == '[' ? json_array() : json_object();
            index ? json_array_append_new(at, next) : json_object_set_new(at, name.c_str(), next);
        }
        at = next;
    }
}

struct GeminiCalls {
    Json partial;  // of the call that is open
};

// In thoughtSignature another vendor's is base64 of its name, a colon and it.
inline std::string unwrapped(const std::string &base64) {
    static const std::string kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    uint32_t bits = 0;
    int held = 0;
    for (char c : base64) {
        size_t value = kAlphabet.find(c);
        if (value == std::string::npos) break;
        bits = bits << 6 | static_cast<uint32_t>(value);
        held += 6;
        if (held < 8) continue;
        held -= 8;
        out += static_cast<char>(bits >> held & 255);
    }
    return out.rfind("anthropic", 0) == 0 || out.rfind("openai:", 0) == 0 ? out : base64;
}

inline void gemini_part(const json_t *part, PlainChoice &to, GeminiCalls &calls) {
    std::string text = text_of(part, "text");
    (json_is_true(json_object_get(part, "thought")) ? to.reasoning : to.text) += text;
    std::string signature = unwrapped(text_of(part, "thoughtSignature"));
    if (signature.rfind("anthropic-redacted:", 0) == 0) {
        to.redacted.push_back(signature.substr(19));
    } else if (!signature.empty()) {
        to.signatures.push_back(signature.substr(signature.rfind("anthropic:", 0) == 0 ? 10 : 0));
    }
    const json_t *call = json_object_get(part, "functionCall");
    if (!call) return;
    if (std::string name = text_of(call, "name"); !name.empty()) {
        to.tools.push_back({text_of(call, "id"), name, {}});
        calls.partial.reset(json_object());
    }
    if (to.tools.empty()) return;
    size_t i;
    json_t *piece;
    json_array_foreach(json_object_get(call, "partialArgs"), i, piece) {
        put_at(calls.partial.get(), text_of(piece, "jsonPath"), piece);
    }
    const json_t *args = json_object_get(call, "args");
    char *json = json_dumps(args ? args : calls.partial.get(), JSON_COMPACT);
    to.tools.back().arguments = json;
    free(json);
}

inline chat::FinishReason gemini_finish(const json_t *reason) {
    using chat::FinishReason;
    std::string word = text_of(reason);
    if (word == "STOP" || word == "OTHER" || json_integer_value(reason) == 1) return FinishReason::Stop;
    if (word == "MAX_TOKENS" || json_integer_value(reason) == 2) return FinishReason::Length;
    return FinishReason::ContentFilter;
}

inline void gemini(const json_t *root, PlainAnswer &to, GeminiCalls &calls) {
    if (to.id.empty()) to.id = text_of(root, "responseId");
    if (to.model.empty()) to.model = text_of(root, "modelVersion");
    size_t i, j;
    json_t *candidate, *part;
    json_array_foreach(json_object_get(root, "candidates"), i, candidate) {
        PlainChoice &choice = to.choices[static_cast<uint32_t>(count_of(candidate, "index"))];
        json_array_foreach(json_object_get(json_object_get(candidate, "content"), "parts"), j, part) {
            gemini_part(part, choice, calls);
        }
        if (const json_t *reason = json_object_get(candidate, "finishReason")) {
            choice.finish = gemini_finish(reason);
            to.ends = 1;  // there is no end mark: what tells the reason ends it
        }
    }
    if (json_object_get(json_object_get(root, "promptFeedback"), "blockReason")) {
        to.choices[0].finish = chat::FinishReason::ContentFilter;
        to.ends = 1;
    }
    const json_t *usage = json_object_get(root, "usageMetadata");
    if (!json_object_get(usage, "promptTokenCount") && !json_object_get(usage, "candidatesTokenCount")) return;
    Tokens thoughts = count_of(usage, "thoughtsTokenCount");
    to.usage = {count_of(usage, "promptTokenCount") + count_of(usage, "toolUsePromptTokenCount"),
                count_of(usage, "candidatesTokenCount") + thoughts, count_of(usage, "cachedContentTokenCount"), 0, thoughts};
}

}  // namespace aigw::dialects::plain
