// ai_prompt in chat completions: everything is a message. What is put in front of the conversation stands behind the
// instructions that open it.
#include "core/json_splice.h"
#include "dialects/openai_chat.h"
#include "dialects/prompts.h"

namespace aigw::dialects::openai {

namespace {

size_t opening_instructions(JsonValue messages) {
    size_t count = 0;
    for (JsonValue message : messages.elements()) {
        if (!message["role"].equals("system") && !message["role"].equals("developer")) break;
        count++;
    }
    return count;
}

}  // namespace

void add_prompts(const JsonDoc &doc, std::span<const Prompt> prompts, JsonSplice &splice) {
    JsonValue messages = doc.root()["messages"];
    std::string instructions, before, after;
    for (const Prompt &prompt : prompts) {
        bool opens = prompt.place == Prompt::Place::Prepend;
        std::string &to = !opens ? after : prompt.role == Prompt::Role::System ? instructions : before;
        add_element(to, prompt_message(prompt));
    }
    std::string list = with_elements(messages, opening_instructions(messages), before, after);
    bool empty = list == "[]";
    splice.replace(messages, instructions.empty() ? list : "[" + instructions + (empty ? "" : ",") + list.substr(1));
}

}  // namespace aigw::dialects::openai
