// Edits of a body that stays in its dialect.
#include "dialects/gemini_fields.h"
#include "dialects/gemini_request_write.h"
#include "dialects/gemini_signature.h"

#include "core/json_writer.h"

namespace aigw::dialects::google {

namespace {

// As it is spelled in `object`; else camelCase.
std::string spelled(JsonValue object, std::string_view camel) {
    for (const auto &[key, value, at] : object.members()) {
        if (camel_case(key) == camel) return key.decode();
    }
    return std::string(camel);
}

// What another vendor signed: without the signature; a call without one is refused, but for this word.
void strip_foreign(JsonValue part, JsonSplice &splice) {
    JsonValue signature = field(part, "thoughtSignature");
    if (!signature || read_signature(signature.text()).signer == chat::Signer::Google) return;
    if (field(part, "functionCall")) {
        splice.replace(signature, "\"skip_thought_signature_validator\"");
    } else {
        splice.remove(part, spelled(part, "thoughtSignature"));
    }
}

std::string text_part(std::string_view text) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("text").string(text).end_object();
    return out;
}

std::string content_of(const Prompt &prompt) {
    return std::string("{\"role\":\"") + (prompt.role == Prompt::Role::Assistant ? "model" : "user") +
           "\",\"parts\":[" + text_part(prompt.text) + "]}";
}

std::string elements_of(JsonValue list) {
    std::string out;
    each(list, [&](JsonValue element, int32_t) {
        add_element(out, element.raw());
        return true;
    });
    return out;
}

}  // namespace

void pass_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice) {
    JsonValue root = doc.root();
    if (root["model"]) splice.remove(root, "model");  // the path says it
    each(field(root, "contents"), [&](JsonValue content, int32_t) {
        return each(field(content, "parts"), [&](JsonValue part, int32_t) {
            strip_foreign(part, splice);
            return true;
        });
    });
    if (!options.max_tokens) return;
    std::string limit = std::to_string(*options.max_tokens);
    if (JsonValue config = field(root, "generationConfig"); config.is_object()) {
        splice.set(config, spelled(config, "maxOutputTokens"), limit);
    } else {
        splice.set(root, spelled(root, "generationConfig"), "{\"maxOutputTokens\":" + limit + "}");
    }
}

void add_prompts(const JsonDoc &doc, std::span<const Prompt> prompts, JsonSplice &splice) {
    JsonValue root = doc.root(), system = field(root, "systemInstruction");
    std::string before, after, first, last;
    for (const Prompt &prompt : prompts) {
        bool opens = prompt.place == Prompt::Place::Prepend;
        if (prompt.role == Prompt::Role::System) {
            add_element(opens ? before : after, text_part(prompt.text));
        } else {
            add_element(opens ? first : last, content_of(prompt));
        }
    }
    if (!before.empty() || !after.empty()) {
        add_element(before, elements_of(field(system, "parts")));
        add_element(before, after);
        splice.set(root, spelled(root, "systemInstruction"), "{\"parts\":[" + before + "]}");
    }
    if (!first.empty() || !last.empty()) {
        add_element(first, elements_of(field(root, "contents")));
        add_element(first, last);
        splice.set(root, "contents", "[" + first + "]");
    }
}

}  // namespace aigw::dialects::google
