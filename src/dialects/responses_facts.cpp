// What a Responses body says of itself, its first check, and an operator's messages in it (ai_prompt): instructions go to
// `instructions`, the rest are items of `input`.
#include "core/json_splice.h"
#include "core/json_writer.h"
#include "dialects/responses.h"

namespace aigw::dialects::responses {

namespace {

bool shows_image(JsonValue parts) {
    for (JsonValue part : parts.elements()) {
        if (part["type"].equals("input_image")) return true;
    }
    return false;
}

std::string json_string(std::string_view first, JsonText middle, std::string_view last) {
    std::string out;
    JsonWriter json(out);
    json.begin_string().append(first);
    if (!first.empty() && !middle.empty()) json.append("\n\n");
    json.append(middle);
    if (!last.empty() && !(first.empty() && middle.empty())) json.append("\n\n");
    json.append(last).end_string();
    return out;
}

void add_paragraph(std::string &text, std::string_view more) { text.append(text.empty() ? "" : "\n\n").append(more); }

// The items of `input`; a string is the user's message.
std::string items_of(JsonValue input, std::string_view first, std::string_view last) {
    if (!input.is_string()) {
        size_t opening = 0;
        for (JsonValue item : input.elements()) {
            if (!item["role"].equals("system") && !item["role"].equals("developer")) break;
            ++opening;
        }
        return with_elements(input, opening, first, last);
    }
    std::string items(first);
    add_element(items, "{\"role\":\"user\",\"content\":" + std::string(input.raw()) + "}");
    add_element(items, last);
    return "[" + items + "]";
}

}  // namespace

RequestFacts facts(JsonValue body) {
    RequestFacts facts;
    JsonValue input = body["input"];
    facts.model = body["model"].text();
    facts.stream = body["stream"].is_true();
    facts.include_usage = true;
    facts.message_count = input.is_string() ? 1 : input.size();
    facts.has_tools = body["tools"].size() > 0;
    for (JsonValue item : input.elements()) {
        facts.has_images = facts.has_images || shows_image(item["content"]) || shows_image(item["output"]);
    }
    facts.max_tokens = body["max_output_tokens"].as_int64();
    return facts;
}

// `input` may be absent only where a provider holds what is to be answered.
std::optional<chat::ApiError> check(JsonValue body) {
    JsonValue input = body["input"];
    bool held = given(body["prompt"]) || given(body["previous_response_id"]) || given(body["conversation"]);
    if (!given(input) && !held) return missing_member("input");
    if (given(input) && !input.is_string() && !input.is_array()) return wrong_member("input", "a string or an array");
    for (std::string_view name : {"stream", "background"}) {
        if (auto error = check_bool(body, name)) return error;
    }
    // Its answer would have to be asked for later, by a path that is not here.
    if (body["background"].is_true()) return chat::unsupported("background", "answers are not kept here");
    return check_integer(body, "max_output_tokens", 1, kMaxTokens);
}

void add_prompts(const JsonDoc &doc, std::span<const Prompt> prompts, JsonSplice &splice) {
    JsonValue root = doc.root(), instructions = root["instructions"];
    std::string before, after, first, last;
    for (const Prompt &prompt : prompts) {
        bool opens = prompt.place == Prompt::Place::Prepend;
        if (prompt.role == Prompt::Role::System) {
            add_paragraph(opens ? before : after, prompt.text);
        } else {
            add_element(opens ? first : last, prompt_message(prompt));
        }
    }
    if (!before.empty() || !after.empty()) {
        splice.set(root, "instructions", json_string(before, instructions.text(), after));
    }
    if (!first.empty() || !last.empty()) splice.set(root, "input", items_of(root["input"], first, last));
}

}  // namespace aigw::dialects::responses
