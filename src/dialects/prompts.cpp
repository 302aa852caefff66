#include "dialects/prompts.h"

#include "core/json_writer.h"

namespace aigw::dialects {

std::string prompt_message(const Prompt &prompt) {
    static constexpr const char *kRoles[] = {"system", "user", "assistant"};
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("role").string(kRoles[static_cast<size_t>(prompt.role)]);
    json.key("content").string(prompt.text).end_object();
    return out;
}

void add_element(std::string &elements, std::string_view json) {
    if (!json.empty()) {
        elements.append(elements.empty() ? "" : ",").append(json);
    }
}

std::string with_elements(JsonValue list, size_t at, std::string_view first, std::string_view last) {
    std::string elements;
    size_t i = 0;
    for (JsonValue element : list.elements()) {
        if (i++ == at) {
            add_element(elements, first);
        }
        add_element(elements, element.raw());
    }
    if (i <= at) {
        add_element(elements, first);
    }
    add_element(elements, last);
    return "[" + elements + "]";
}

}  // namespace aigw::dialects
