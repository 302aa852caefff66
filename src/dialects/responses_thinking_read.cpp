// Reasoning items of `input`: earlier thinking, with the signature that its maker wants back.
#include "dialects/responses.h"
#include "dialects/signature.h"

namespace aigw::dialects::responses {

namespace {

using chat::Part;

// The texts of a list of {type,text}.
bool read_texts(JsonValue list, const std::string &param, std::vector<JsonText> &to, RequestReading &reading) {
    if (!given(list)) return true;
    if (!list.is_array()) return reading.wrong(param, "a list");
    int32_t i = 0;
    for (JsonValue element : list.elements()) {
        reading.rest(element, param + "[" + std::to_string(i++) + "]", {"type", "text"});
        if (!element["text"].is_string()) return reading.wrong(param, "a list of objects with a text");
        if (!element["text"].text().empty()) to.push_back(element["text"].text());
    }
    return true;
}

JsonText joined(const std::vector<JsonText> &texts, RequestReading &reading) {
    if (texts.size() < 2) return texts.empty() ? JsonText() : texts.front();
    std::string all;
    for (JsonText text : texts) {
        all.append(all.empty() ? "" : kParagraph).append(text.escaped);
    }
    reading.out.made.push_back(std::make_shared<const std::string>(std::move(all)));
    return JsonText{*reading.out.made.back()};
}

}  // namespace

Encrypted split_encrypted(JsonText content) {
    for (std::string_view prefix : {kAnthropicPrefix, kRedactedPrefix}) {
        if (content.escaped.starts_with(prefix)) {
            return {{content.escaped.substr(prefix.size())}, chat::Signer::Anthropic, prefix == kRedactedPrefix, false};
        }
    }
    CarriedSignature carried = split_signature(content);
    // Without a prefix it is what a provider of this dialect made.
    if (carried.text.escaped.size() == content.escaped.size()) return {content, chat::Signer::OpenAi, false, false};
    return {carried.text, carried.signer, false, carried.of_call};
}

bool read_thinking(JsonValue item, Part &part, RequestReading &reading) {
    part.kind = Part::Kind::Thinking;
    std::vector<JsonText> texts;
    if (!read_texts(item["summary"], part.origin.path("summary"), texts, reading)) return false;
    if (!read_texts(item["content"], part.origin.path("content"), texts, reading)) return false;
    part.text = joined(texts, reading);

    JsonValue content = item["encrypted_content"];
    if (!given(content)) return true;
    if (!content.is_string()) return reading.wrong(part.origin.path("encrypted_content"), "a string");
    Encrypted encrypted = split_encrypted(content.text());
    part.signer = encrypted.signer;
    if (encrypted.redacted) part.kind = Part::Kind::RedactedThinking;
    (encrypted.redacted ? part.data : part.signature) = encrypted.text;
    return true;
}

JsonText call_signature(JsonValue item) {
    if (!item["type"].equals("reasoning")) return {};
    Encrypted encrypted = split_encrypted(item["encrypted_content"].text());
    return encrypted.of_call ? encrypted.text : JsonText();
}

bool is_foreign(JsonValue item) {
    return item["type"].equals("reasoning") && split_encrypted(item["encrypted_content"].text()).signer != chat::Signer::OpenAi;
}

}  // namespace aigw::dialects::responses
