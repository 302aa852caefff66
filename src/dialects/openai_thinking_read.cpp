// Thinking of an earlier answer, as clients send it back: LiteLLM's thinking_blocks, OpenRouter's reasoning_details, or
// plain text. Signatures are kept with the name of their maker: the first list that is there wins, the others repeat it.
#include "dialects/openai_chat.h"
#include "dialects/signature.h"

namespace aigw::dialects::openai {

namespace {

using chat::Message;
using chat::Origin;
using chat::Part;

void set_signature(JsonText carried, JsonText &to, Part &part) {
    CarriedSignature split = split_signature(carried);
    to = split.text;
    part.signer = split.signer;
}

Part thinking_part(const Origin &origin, std::string_view inner, int32_t j) {
    Part part;
    part.kind = Part::Kind::Thinking;
    part.origin = origin;
    part.origin.inner = inner;
    part.origin.j = j;
    return part;
}

bool read_block(JsonValue block, Part &part, RequestReading &reading) {
    if (!block.is_object()) return reading.wrong(part.origin.path(), "an object");
    reading.rest(block, part.origin.path(), {"type", "thinking", "signature", "data", "cache_control", "index"}, {"format", "id"});
    if (block["type"].equals("redacted_thinking")) {
        part.kind = Part::Kind::RedactedThinking;
        if (!reading.need(block["data"], part.origin.path("data"), part.data)) return false;
        set_signature(part.data, part.data, part);
        return true;
    }
    if (!block["type"].equals("thinking")) {
        return reading.wrong(part.origin.path("type"), "one of thinking, redacted_thinking");
    }
    JsonValue text = block["thinking"], signature = block["signature"];
    if (given(text) && !text.is_string()) return reading.wrong(part.origin.path("thinking"), "a string");
    if (given(signature) && !signature.is_string()) return reading.wrong(part.origin.path("signature"), "a string");
    part.text = text.text();
    set_signature(signature.text(), part.signature, part);
    return true;
}

// Entries of other vendors stay as unsigned thinking, so that a writer lists them.
bool read_detail(JsonValue detail, Part &part, RequestReading &reading) {
    if (!detail.is_object()) return reading.wrong(part.origin.path(), "an object");
    JsonValue format = detail["format"];
    bool anthropic = format.is_string() && format.text().decode().starts_with("anthropic");
    if (detail["type"].equals("reasoning.encrypted")) {
        if (!anthropic) return true;
        part.kind = Part::Kind::RedactedThinking;
        return reading.need(detail["data"], part.origin.path("data"), part.data);
    }
    part.text = detail["type"].equals("reasoning.summary") ? detail["summary"].text() : detail["text"].text();
    if (anthropic) part.signature = detail["signature"].text();
    return true;
}

template <class ReadOne>
bool read_list(JsonValue list, const Origin &origin, std::string_view name, ReadOne read_one, Message &to,
               RequestReading &reading) {
    if (!list.is_array()) return reading.wrong(origin.path(name), "a list");
    int32_t j = 0;
    for (JsonValue element : list.elements()) {
        Part part = thinking_part(origin, name, j++);
        if (!read_one(element, part, reading)) return false;
        to.parts.push_back(std::move(part));
    }
    return true;
}

bool has_elements(JsonValue value) { return given(value) && !(value.is_array() && value.size() == 0); }

}  // namespace

bool read_thinking(JsonValue message, const Origin &origin, Message &to, RequestReading &reading) {
    if (JsonValue blocks = message["thinking_blocks"]; has_elements(blocks)) {
        return read_list(blocks, origin, "thinking_blocks", read_block, to, reading);
    }
    if (JsonValue details = message["reasoning_details"]; has_elements(details)) {
        return read_list(details, origin, "reasoning_details", read_detail, to, reading);
    }
    for (std::string_view name : {"reasoning_content", "reasoning"}) {
        JsonValue text = message[name];
        if (!given(text)) continue;
        if (!text.is_string()) return reading.wrong(origin.path(name), "a string");
        if (text.text().empty()) continue;
        Part part = thinking_part(origin, name, -1);
        part.text = text.text();
        to.parts.push_back(std::move(part));
        return true;
    }
    return true;
}

}  // namespace aigw::dialects::openai
