// ai_prompt in messages: instructions are blocks of `system`, the rest are messages.
#include "core/json_splice.h"
#include "core/json_writer.h"
#include "dialects/anthropic_pass.h"

namespace aigw::dialects::anthropic {

namespace {

std::string text_block(std::string_view text) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("type").string("text").key("text").string(text).end_object();
    return out;
}

// What `system` holds already, as blocks.
std::string blocks_of(JsonValue system) {
    if (system.is_string())
        return system.text().empty() ? "" : "{\"type\":\"text\",\"text\":" + std::string(system.raw()) + "}";
    std::string blocks;
    for (JsonValue block : system.elements())
        add_element(blocks, block.raw());
    return blocks;
}

}  // namespace

void add_prompts(const JsonDoc &doc, std::span<const Prompt> prompts, JsonSplice &splice) {
    const JsonValue root = doc.root(), messages = root["messages"];
    std::string before, after, first, last;
    for (const Prompt &prompt : prompts) {
        const bool opens = prompt.place == Prompt::Place::Prepend;
        if (prompt.role == Prompt::Role::System)
            add_element(opens ? before : after, text_block(prompt.text));
        else
            add_element(opens ? first : last, prompt_message(prompt));
    }
    if (!before.empty() || !after.empty()) {
        add_element(before, blocks_of(root["system"]));
        add_element(before, after);
        splice.set(root, "system", "[" + before + "]");
    }
    if (!first.empty() || !last.empty())
        splice.replace(messages, with_elements(messages, 0, first, last));
}

}  // namespace aigw::dialects::anthropic
