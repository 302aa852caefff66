#include "guards/json_guard.h"

#include <algorithm>

#include "core/json_writer.h"
#include "guards/chars.h"

namespace aigw::guards {

namespace {

using State = TextGuard::State;

bool is_structure(char c) { return c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_number(char c) { return is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'; }

}  // namespace

size_t JsonGuard::held() const {
    return place_ == Place::Number ? number_.size() : place_ == Place::Between ? 0 : text_.held() + (unescape_.waiting() ? 1 : 0);
}

State JsonGuard::feed(std::string_view json, std::string &out) {
    State state = State::Ok;
    while (!json.empty() && state == State::Ok) {
        switch (place_) {
        case Place::Between:
            state = between(json.front(), out);
            json.remove_prefix(place_ == Place::Number || place_ == Place::Bare ? 0 : 1);
            break;
        case Place::String: state = string_piece(json, out); break;
        case Place::Number: state = number_piece(json, out); break;
        case Place::Bare: state = bare_piece(json, out); break;
        }
    }
    return state;
}

State JsonGuard::finish(std::string &out) {
    switch (place_) {
    case Place::String: {  // cut off: no quote is written
        State state = end_string(out);
        return state;
    }
    case Place::Number: return end_number(out);
    case Place::Bare: return end_bare(out);
    case Place::Between: break;
    }
    return State::Ok;
}

State JsonGuard::between(char c, std::string &out) {
    if (c == '"') {
        place_ = Place::String;
        in_name_ = expects_name();
        after_backslash_ = false;
        begin_text();
        out.push_back(c);
    } else if (is_structure(c) || is_blank(c)) {
        structure(c);
        out.push_back(c);
    } else {
        place_ = is_digit(c) || c == '-' ? Place::Number : Place::Bare;
        number_.clear();
        begin_text();
    }
    return State::Ok;
}

void JsonGuard::structure(char c) {
    if (c == '{' || c == '[') {
        if (stack_.size() < kMaxDepth) {
            stack_.push_back(c);
        }
        name_next_ = c == '{';
    } else if ((c == '}' || c == ']') && !stack_.empty()) {
        stack_.pop_back();
    } else if (c == ',') {
        name_next_ = !stack_.empty() && stack_.back() == '{';
    } else if (c == ':') {
        name_next_ = false;
    }
    if (c == ',' && name_next_) {
        name_.clear();
    }
}

void JsonGuard::begin_text() {
    text_.begin(in_name_ || name_.empty() ? std::string() : name_ + ": ");
    if (in_name_) {
        name_.clear();
    }
}

State JsonGuard::string_piece(std::string_view &rest, std::string &out) {
    size_t end = 0;
    for (; end < rest.size(); ++end) {
        if (after_backslash_) {
            after_backslash_ = false;
        } else if (rest[end] == '\\') {
            after_backslash_ = true;
        } else if (rest[end] == '"') {
            break;
        }
    }
    plain_.clear();
    safe_.clear();
    unescape_.feed(rest.substr(0, end), plain_);
    if (in_name_ && name_.size() < kMaxName) {
        name_.append(plain_, 0, kMaxName - name_.size());
    }
    State state = text_.feed(plain_, safe_);
    append_json_escaped(out, safe_);
    bool closed = end < rest.size();
    rest.remove_prefix(end);
    if (state != State::Ok || !closed) {
        return state;
    }
    state = end_string(out);
    if (state == State::Ok) {
        out.push_back('"');
        rest.remove_prefix(1);
    }
    return state;
}

State JsonGuard::end_string(std::string &out) {
    plain_.clear();
    safe_.clear();
    unescape_.finish(plain_);
    State state = text_.feed(plain_, safe_);
    state = state == State::Ok ? text_.finish(safe_) : state;
    append_json_escaped(out, safe_);
    changed_ = changed_ || text_.changed();
    place_ = Place::Between;
    in_name_ = false;
    return state;
}

State JsonGuard::number_piece(std::string_view &rest, std::string &out) {
    while (!rest.empty() && is_number(rest.front()) && number_.size() < kMaxNumber) {
        number_.push_back(rest.front());
        rest.remove_prefix(1);
    }
    if (rest.empty()) {
        return State::Ok;
    }
    if (is_structure(rest.front()) || is_blank(rest.front())) {
        return end_number(out);
    }
    place_ = Place::Bare;
    safe_.clear();
    State state = text_.feed(number_, safe_);
    out.append(safe_);
    return state;
}

State JsonGuard::end_number(std::string &out) {
    safe_.clear();
    State state = text_.feed(number_, safe_);
    state = state == State::Ok ? text_.finish(safe_) : state;
    place_ = Place::Between;
    changed_ = changed_ || text_.changed();
    if (!text_.changed()) {
        out.append(safe_);
        return state;
    }
    out.push_back('"');
    append_json_escaped(out, safe_);
    out.push_back('"');
    return state;
}

// Words that are no JSON, and true, false, null.
State JsonGuard::bare_piece(std::string_view &rest, std::string &out) {
    size_t end = 0;
    while (end < rest.size() && rest[end] != '"' && !(is_structure(rest[end]) && rest[end] != ':') && rest[end] != '\n') {
        ++end;
    }
    safe_.clear();
    State state = text_.feed(rest.substr(0, end), safe_);
    out.append(safe_);
    bool ended = end < rest.size();
    rest.remove_prefix(end);
    return state == State::Ok && ended ? end_bare(out) : state;
}

State JsonGuard::end_bare(std::string &out) {
    safe_.clear();
    State state = text_.finish(safe_);
    out.append(safe_);
    changed_ = changed_ || text_.changed();
    place_ = Place::Between;
    return state;
}

}  // namespace aigw::guards
