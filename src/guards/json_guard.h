// JSON text on its way through the rules: the arguments of a tool call, whole or in pieces cut anywhere. Each string (names
// too) is a text of its own, read without its escapes and written with them, with its member's name for context; a number
// that is masked becomes a string. What is not JSON is a text as well, so that nothing passes unseen; that the output
// is JSON is promised where the input was.
#pragma once

#include "guards/text_guard.h"
#include "guards/unescape.h"

namespace aigw::guards {

class JsonGuard {
public:
    static constexpr size_t kMaxDepth = 256;  // of objects and lists; deeper members have no context
    static constexpr size_t kMaxNumber = 64;  // bytes; longer ones are text
    static constexpr size_t kMaxName = 64;    // bytes of a name that are context

    JsonGuard(const Plan &plan, Guarding &guarding, TextGuard::Way way) : text_(plan, guarding, way) {}

    // Pieces of JSON source; what is safe is appended to `out`.
    TextGuard::State feed(std::string_view json, std::string &out);
    TextGuard::State finish(std::string &out);
    size_t held() const;
    bool changed() const { return changed_; }

private:
    //            "              digit, -          other
    //  Between ------> String  --------> Number  -------> Bare
    //     ^______________|__________________|_______________|
    enum class Place : uint8_t { Between, String, Number, Bare };

    TextGuard::State between(char c, std::string &out);
    TextGuard::State string_piece(std::string_view &rest, std::string &out);
    TextGuard::State number_piece(std::string_view &rest, std::string &out);
    TextGuard::State bare_piece(std::string_view &rest, std::string &out);
    TextGuard::State end_string(std::string &out);
    TextGuard::State end_number(std::string &out);
    TextGuard::State end_bare(std::string &out);
    void begin_text();
    void structure(char c);
    bool expects_name() const { return !stack_.empty() && stack_.back() == '{' && name_next_; }

    TextGuard text_;
    Unescape unescape_;
    Place place_ = Place::Between;
    bool after_backslash_ = false;
    bool name_next_ = false;
    bool in_name_ = false;
    bool changed_ = false;
    std::string stack_;    // open brackets
    std::string name_;     // of the member whose value comes
    std::string number_;
    std::string plain_, safe_;  // scratch
};

}  // namespace aigw::guards
