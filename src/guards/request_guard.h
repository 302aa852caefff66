// Every text of a request on its way through the rules, in slices of bounded work. Not a list of what is text but of what is
// none (roles, names, ids, media), so that a place nobody thought of is looked at rather than let pass. Works on OpenAI's
// and Anthropic's bodies alike: what a member holds is told by its name. What is masked is spliced in; every other
// value stays byte for byte.
#pragma once

#include <optional>

#include "core/json_splice.h"
#include "guards/json_guard.h"

namespace aigw::guards {

class RequestGuard {
public:
    static constexpr size_t kTurn = 128 << 10;          // bytes of work in one turn of an event loop
    static constexpr size_t kMaxNestedJson = 256 << 10; // bytes of a text that is read as JSON if it is JSON

    enum class State : uint8_t { More, Done, Refused };

    // The document, its text and the rest outlive it.
    RequestGuard(const Plan &plan, Guarding &guarding, const JsonDoc &request);

    // Does about `budget` bytes of work.
    State step(size_t budget = kTurn);
    // Once Done: the edits; empty if nothing was masked.
    const JsonSplice &edits() const { return edits_; }

private:
    enum class Mode : uint8_t { Any, Schema };  // Schema: a tool's parameters, of which only descriptions are text
    struct Frame {
        JsonValue::MemberIterator member, last_member;
        JsonValue::ElementIterator element, last_element;
        Mode mode;
        bool text_data;  // "data" of this object is text, not base64
        bool tool_use;   // "input" of this object is a call's arguments
        std::string_view name;  // of the list, for its elements
    };
    enum class Kind : uint8_t { Text, Arguments, Raw };  // Arguments: a string that holds JSON; Raw: JSON itself

    void enter(JsonValue value, Mode mode, std::string_view name);
    void next_value(size_t &budget);
    void visit(JsonValue value, const Frame &frame, std::string_view name);
    void start(JsonValue value, Kind kind);
    bool holds_json(JsonValue value);
    State advance(size_t &budget);
    State close(std::string_view last);

    std::vector<Frame> stack_;
    JsonSplice edits_;
    JsonParser parser_;
    TextGuard text_;
    std::optional<JsonGuard> json_;  // when the value is JSON
    Unescape unescape_;
    const Plan *plan_;
    Guarding *guarding_;
    JsonValue value_;  // being looked at; absent between two
    Kind kind_ = Kind::Text;
    std::string_view rest_;  // of it
    std::string plain_, out_;
};

}  // namespace aigw::guards
