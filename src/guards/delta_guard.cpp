#include "guards/delta_guard.h"

#include "core/json_writer.h"

namespace aigw::guards {

using State = TextGuard::State;

DeltaGuard::DeltaGuard(const Plan &plan, Guarding &guarding, Content content, TextGuard::Way way)
    : content_(content), text_(plan, guarding, way), json_(plan, guarding, way) {}

State DeltaGuard::pass(std::string_view plain, std::string &escaped) {
    safe_.clear();
    State state = content_ == Content::Text ? text_.feed(plain, safe_) : json_.feed(plain, safe_);
    append_json_escaped(escaped, safe_);
    return state;
}

State DeltaGuard::feed(JsonText piece, std::string &escaped) {
    bool waited = held() > 0 || unescape_.waiting();
    std::string_view plain = piece.escaped;
    if (unescape_.waiting() || plain.find('\\') != std::string_view::npos) {
        plain_.clear();
        unescape_.feed(piece.escaped, plain_);
        plain = plain_;
    }
    State state = pass(plain, escaped);
    same_ = !waited && held() == 0 && !unescape_.waiting() && safe_ == plain;
    return state;
}

State DeltaGuard::finish(std::string &escaped) {
    plain_.clear();
    unescape_.finish(plain_);
    State state = pass(plain_, escaped);
    if (state == State::Ok) {
        safe_.clear();
        state = content_ == Content::Text ? text_.finish(safe_) : json_.finish(safe_);
        append_json_escaped(escaped, safe_);
    }
    same_ = false;
    return state;
}

}  // namespace aigw::guards
