// Messages that an operator adds to every request (ai_prompt). In the caller's own dialect, before anything else looks at
// the body. Lines keep their order: of two that are put in front, the first stands first.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/json.h"

namespace aigw::dialects {

struct Prompt {
    enum class Place : uint8_t { Prepend, Append };
    enum class Role : uint8_t { System, User, Assistant };

    Place place;
    Role role;
    std::string_view text;  // plain UTF-8
};

// {"role":...,"content":...}, as both dialects write it.
std::string prompt_message(const Prompt &prompt);
// The elements of `list`, as JSON, with `first` before the element `at` and `last` at the end; each is elements joined by
// commas, or empty.
std::string with_elements(JsonValue list, size_t at, std::string_view first, std::string_view last);
// Appends an element to elements joined by commas.
void add_element(std::string &elements, std::string_view json);

}  // namespace aigw::dialects
