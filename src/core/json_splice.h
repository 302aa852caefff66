// Edits of a JSON text that leave every other byte as it was. Edits may come in any order but may not overlap.
// The result is a list of views into the original text and into the splice itself: nothing large is copied.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace aigw {

class JsonSplice {
public:
    explicit JsonSplice(std::string_view text) : text_(text) {}

    void replace(JsonValue value, std::string json);
    // Replaces the member's value, or adds the member at the end of the object.
    void set(JsonValue object, std::string_view plain_key, std::string json);
    // Takes the member out with the comma that goes with it; nothing if there is none.
    void remove(JsonValue object, std::string_view plain_key);

    bool empty() const { return edits_.empty(); }
    // The edited text in order. Valid while the text and this object live unchanged.
    std::vector<std::string_view> pieces() const;
    void append_to(std::string &out) const;

private:
    struct Edit {
        size_t begin, end;
        std::string with;
    };
    std::string_view text_;
    std::vector<Edit> edits_;
};

}  // namespace aigw
