// The plain reading of answers of the Responses API.
#pragma once

#include "dialects/plain_json.h"

namespace aigw::dialects::plain {

// What encrypted_content holds: another vendor's stands behind its name.
inline void responses_signature(const std::string &encrypted, PlainChoice &to) {
    if (encrypted.empty()) return;
    bool redacted = encrypted.rfind("anthropic-redacted:", 0) == 0;
    bool named = redacted || encrypted.rfind("anthropic:", 0) == 0;
    (redacted ? to.redacted : to.signatures).push_back(named ? encrypted.substr(encrypted.find(':') + 1) : encrypted);
}

inline void responses_item(const json_t *item, PlainChoice &to) {
    std::string type = text_of(item, "type");
    size_t i;
    json_t *part;
    if (type == "message") {
        json_array_foreach(json_object_get(item, "content"), i, part) {
            to.text += text_of(part, "text");
            to.refusal += text_of(part, "refusal");
        }
    } else if (type == "function_call") {
        to.tools.push_back({text_of(item, "call_id"), text_of(item, "name"), text_of(item, "arguments")});
    } else if (type == "reasoning") {
        std::string text;
        for (const char *list : {"summary", "content"}) {
            json_array_foreach(json_object_get(item, list), i, part) {
                text += (text.empty() ? "" : "\n\n") + text_of(part, "text");
            }
        }
        to.reasoning += text;
        responses_signature(text_of(item, "encrypted_content"), to);
    }
}

inline void responses_end(const json_t *response, PlainAnswer &to) {
    PlainChoice &choice = to.choices[0];
    std::string reason = text_of(json_object_get(response, "incomplete_details"), "reason");
    choice.finish = reason.empty() ? chat::FinishReason::Stop
                    : reason == "content_filter" ? chat::FinishReason::ContentFilter
                                                 : chat::FinishReason::Length;
    const json_t *usage = json_object_get(response, "usage");
    if (!json_is_object(usage)) return;
    const json_t *input = json_object_get(usage, "input_tokens_details");
    to.usage = {count_of(usage, "input_tokens"), count_of(usage, "output_tokens"), count_of(input, "cached_tokens"),
                count_of(input, "cache_write_tokens"),
                count_of(json_object_get(usage, "output_tokens_details"), "reasoning_tokens")};
}

inline void responses_answer(const json_t *root, PlainAnswer &to) {
    to.id = text_of(root, "id");
    to.model = text_of(root, "model");
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(root, "output"), i, item) responses_item(item, to.choices[0]);
    responses_end(root, to);
}

// Items as they are when they are done, in their order.
inline void responses_event(const json_t *root, PlainAnswer &to) {
    std::string type = text_of(root, "type");
    const json_t *response = json_object_get(root, "response");
    if (type == "response.created") {
        to.id = text_of(response, "id");
        to.model = text_of(response, "model");
        to.choices[0];
    } else if (type == "response.output_item.done") {
        responses_item(json_object_get(root, "item"), to.choices[0]);
    } else if (type == "response.completed" || type == "response.incomplete") {
        ++to.ends;
        responses_end(response, to);
    } else if (type == "error" || type == "response.failed") {
        to.error = "failed";
    }
}

}  // namespace aigw::dialects::plain
