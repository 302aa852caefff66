#include "guards/request_guard.h"

#include <algorithm>

#include "core/json_writer.h"

namespace aigw::guards {

namespace {

constexpr size_t kNodeCost = 64;  // of one value that is no text, in bytes of work

// Strings under these names are no text; what is below an object or list of such a name is looked at.
constexpr JsonNames kNoText{
    "role",        "type",     "id",           "name",   "model",     "tool_call_id", "tool_use_id", "call_id", "media_type", "mime_type",
    "format",      "signature", "file_id",     "url",    "file_data", "detail",       "status",      "stop",    "stop_sequences",
    "service_tier", "encrypted_content", "reasoning_effort", "verbosity", "prompt_cache_key", "finish_reason", "stop_reason", "ttl",
    // Google's, who takes two spellings of each.
    "mimeType", "fileUri", "file_uri", "thoughtSignature", "thought_signature", "stopSequences", "cachedContent", "cached_content",
    "responseMimeType", "response_mime_type", "thinkingLevel", "thinking_level",
    // Of Responses, where an image's URL is a string.
    "image_url", "file_url", "phase", "previous_response_id", "conversation", "truncation", "effort"};
// Nothing below these is text.
constexpr JsonNames kNoTextBelow{"tool_choice", "stream_options", "logit_bias", "cache_control", "modalities", "include",
                                            "toolConfig", "tool_config", "safetySettings", "safety_settings", "responseModalities",
                                            "client_metadata"};
constexpr JsonNames kSchemas{"parameters", "input_schema", "schema", "parametersJsonSchema", "parameters_json_schema",
                                        "responseSchema", "response_schema", "responseJsonSchema", "response_json_schema"};
// What is text in a schema.
constexpr JsonNames kSchemaTexts{"description", "title", "default", "example", "examples", "$comment"};

// A call's arguments and its result's values: JSON whose names are not the dialect's.
bool is_google_call(std::string_view object, std::string_view member) {
    return (member == "args" && (object == "functionCall" || object == "function_call")) ||
           (member == "response" && (object == "functionResponse" || object == "function_response"));
}

bool ends_with(JsonValue text, std::string_view tail) {
    std::string_view plain = text.text().escaped;
    return plain.size() >= tail.size() && plain.substr(plain.size() - tail.size()) == tail;
}

}  // namespace

RequestGuard::RequestGuard(const Plan &plan, Guarding &guarding, const JsonDoc &request)
    : edits_(request.text()), text_(plan, guarding, TextGuard::Way::Outgoing), plan_(&plan), guarding_(&guarding) {
    enter(request.root(), Mode::Any, "");
}

void RequestGuard::enter(JsonValue value, Mode mode, std::string_view name) {
    auto members = value.members();
    auto elements = value.elements();
    JsonValue type = value.is_object() ? value["type"] : JsonValue();
    stack_.push_back({members.first, members.last, elements.first, elements.last, mode, type.equals("text"), ends_with(type, "tool_use"), name});
}

RequestGuard::State RequestGuard::step(size_t budget) {
    while (budget > 0) {
        if (value_) {
            if (State state = advance(budget); state == State::Refused) {
                return state;
            }
        } else if (stack_.empty()) {
            return State::Done;
        } else {
            next_value(budget);
        }
    }
    return value_ || !stack_.empty() ? State::More : State::Done;
}

// One member or element more.
void RequestGuard::next_value(size_t &budget) {
    budget -= std::min(budget, kNodeCost);
    Frame &frame = stack_.back();
    if (frame.member != frame.last_member) {
        JsonValue::Member member = *frame.member;
        ++frame.member;
        visit(member.value, frame, member.key.escaped);
    } else if (frame.element != frame.last_element) {
        JsonValue value = *frame.element;
        ++frame.element;
        visit(value, frame, frame.name);
    } else {
        stack_.pop_back();
    }
}

// A name that is written with escapes is one that nobody knows: its value is text.
void RequestGuard::visit(JsonValue value, const Frame &frame, std::string_view name) {
    Mode mode = frame.mode == Mode::Schema || kSchemas.contains(name) ? Mode::Schema : Mode::Any;
    if (value.is_object() || value.is_array()) {
        if ((name == "input" && frame.tool_use) || is_google_call(frame.name, name)) {
            start(value, Kind::Raw);
        } else if (!kNoTextBelow.contains(name)) {
            enter(value, mode, name);
        }
        return;
    }
    if (!value.is_string() || value.text().empty()) {
        return;
    }
    bool media = name == "data" && !frame.text_data;
    bool is_text = frame.mode == Mode::Schema ? kSchemaTexts.contains(name) : !media && !kNoText.contains(name);
    if (is_text) {
        start(value, name == "arguments" || holds_json(value) ? Kind::Arguments : Kind::Text);
    }
}

// A tool's result is often JSON in a string: its own escapes are read too.
bool RequestGuard::holds_json(JsonValue value) {
    std::string_view escaped = value.text().escaped;
    size_t first = escaped.find_first_not_of(" \t");
    if (first == std::string_view::npos || (escaped[first] != '{' && escaped[first] != '[') || escaped.size() > kMaxNestedJson ||
        escaped.find('\\') == std::string_view::npos) {
        return false;
    }
    JsonDoc nested;
    std::string plain = value.text().decode();
    return parser_.parse(plain, nested).has_value();
}

void RequestGuard::start(JsonValue value, Kind kind) {
    value_ = value;
    kind_ = kind;
    rest_ = kind == Kind::Raw ? value.raw() : value.text().escaped;
    out_.clear();
    if (kind == Kind::Text) {
        out_.reserve(rest_.size());
        text_.begin();
    } else {
        json_.emplace(*plan_, *guarding_, TextGuard::Way::Outgoing);
    }
}

// One slice more of the value at hand.
RequestGuard::State RequestGuard::advance(size_t &budget) {
    std::string_view slice = rest_.substr(0, std::min(budget, TextGuard::kSlice));
    rest_.remove_prefix(slice.size());
    budget -= std::min(budget, slice.size() + kNodeCost);
    std::string_view plain = slice;
    if (kind_ != Kind::Raw && (unescape_.waiting() || slice.find('\\') != std::string_view::npos)) {
        plain_.clear();
        unescape_.feed(slice, plain_);
        if (rest_.empty()) {
            unescape_.finish(plain_);
        }
        plain = plain_;
    }
    if (rest_.empty()) {
        return close(plain);
    }
    TextGuard::State state = kind_ == Kind::Text ? text_.feed(plain, out_) : json_->feed(plain, out_);
    return state == TextGuard::State::Ok ? State::More : State::Refused;
}

// With the last bytes of the value at hand.
RequestGuard::State RequestGuard::close(std::string_view last) {
    TextGuard::State state;
    if (kind_ == Kind::Text) {
        state = text_.finish(last, out_);
    } else {
        state = json_->feed(last, out_);
        state = state == TextGuard::State::Ok ? json_->finish(out_) : state;
    }
    if (state != TextGuard::State::Ok) {
        return State::Refused;
    }
    bool changed = kind_ == Kind::Text ? text_.changed() : json_->changed();
    if (changed && kind_ == Kind::Raw) {
        edits_.replace(value_, out_);
    } else if (changed) {
        std::string json = "\"";
        append_json_escaped(json, out_);
        json.push_back('"');
        edits_.replace(value_, std::move(json));
    }
    value_ = {};
    json_.reset();
    return State::More;
}

}  // namespace aigw::guards
