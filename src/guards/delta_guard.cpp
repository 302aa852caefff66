#include "guards/delta_guard.h"

#include "core/json_writer.h"

namespace aigw::guards {

using State = TextGuard::State;

DeltaGuard::DeltaGuard(const Plan &plan, Guarding &guarding, Content content, TextGuard::Way way)
    : content_(content), text_(plan, guarding, way, TextGuard::Pieces::Kept), json_(plan, guarding, way) {}

State DeltaGuard::pass(std::string_view plain, std::string &escaped) {
    size_t start = escaped.size();
    safe_.clear();
    cuts_.clear();
    State state = content_ == Content::Text ? text_.feed(plain, safe_) : json_.feed(plain, safe_);
    escape(start, escaped);
    return state;
}

// Appends what is safe, piece by piece. `start`: where the call's output begins.
void DeltaGuard::escape(size_t start, std::string &escaped) {
    std::string_view safe = safe_;
    size_t done = 0;
    if (content_ == Content::Text) {
        for (size_t cut : text_.cuts()) {
            append_json_escaped(escaped, safe.substr(done, cut - done));
            cuts_.push_back(escaped.size() - start);
            done = cut;
        }
    }
    append_json_escaped(escaped, safe.substr(done));
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
    size_t start = escaped.size();
    plain_.clear();
    unescape_.finish(plain_);
    State state = plain_.empty() ? State::Ok : pass(plain_, escaped);
    cuts_.clear();
    if (state == State::Ok) {
        safe_.clear();
        state = content_ == Content::Text ? text_.finish(safe_) : json_.finish(safe_);
        escape(start, escaped);
    }
    same_ = false;
    return state;
}

}  // namespace aigw::guards
