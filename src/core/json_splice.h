// Edits of a JSON text that leave every other byte as it was. Edits may come in any order but may not overlap
// (of two edits of one value or member the later one counts; an edit inside something removed is forgotten).
// The result is a list of views into the original text and into the splice itself: nothing large is copied.
// Does not check that what is put in is JSON. Documents may be dropped once their edits are recorded.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace aigw {

class JsonSplice {
public:
    explicit JsonSplice(std::string_view text) : text_(text) {}

    void replace(JsonValue value, std::string json);
    // Replaces the member's value, or adds the member at the end of the object. Of a name that stands twice only
    // the last member stays.
    void set(JsonValue object, std::string_view plain_key, std::string json);
    // Takes the member out (each one of that name) with the comma that goes with it; nothing if there is none.
    void remove(JsonValue object, std::string_view plain_key);

    bool empty() const { return edits_.empty() && objects_.empty(); }
    // The edited text in order. Valid while the text and this object live unchanged.
    std::vector<std::string_view> pieces() const;
    void append_to(std::string &out) const;

private:
    struct Edit {
        size_t begin, end;
        std::string with;
    };
    struct Member {
        size_t key_begin, end;
        bool removed = false;
    };
    struct Addition {
        std::string key;
        std::string with;  // "key":value
    };
    // An object that gains or loses members.
    struct Object {
        std::vector<Member> members;
        std::vector<Addition> additions;
    };
    struct Cut {
        size_t begin, end;
        std::string_view with;
    };

    Object &object_of(JsonValue object);
    void add(Object &object, std::string_view plain_key, const std::string &json);
    static void cut_object(size_t begin, const Object &object, std::vector<Cut> &cuts);

    std::string_view text_;
    std::vector<Edit> edits_;
    std::map<size_t, Object> objects_;  // by offset of the opening brace
};

}  // namespace aigw
