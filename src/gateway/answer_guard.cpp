#include "gateway/answer_guard.h"

namespace aigw::gateway {

using chat::Delta;
using State = guards::TextGuard::State;

AnswerGuard::Text::Text(const guards::Plan &plan, guards::Guarding &guarding, const Delta &first)
    : kind(first.kind), choice(first.choice), index(first.kind == Kind::ToolArgs ? first.index : 0),
      guard(plan, guarding,
            kind == Kind::ToolArgs ? guards::DeltaGuard::Content::Json : guards::DeltaGuard::Content::Text) {}

bool AnswerGuard::pass(const Delta &delta) {
    if (!flush_before(delta)) {
        return false;
    }
    switch (delta.kind) {
    case Kind::Text:
    case Kind::Reasoning:
    case Kind::Refusal:
    case Kind::ToolArgs:
        return feed(delta);
    case Kind::Signature:
        if (!thinking_changed_) {
            next_.on_delta(delta);
        }
        return true;
    case Kind::Logprobs:
    case Kind::Citation:  // what they say of a text that the rules may have changed
        return true;
    default:
        next_.on_delta(delta);
        return true;
    }
}

// Tool calls may come side by side; everything else of a choice comes one after the other.
bool AnswerGuard::ends(const Delta &delta, const Text &text) {
    if (delta.kind == Kind::End) {
        return true;
    }
    if (delta.choice != text.choice) {
        return false;
    }
    switch (delta.kind) {
    case Kind::Finish:
        return true;
    case Kind::ToolEnd:
        return text.kind == Kind::ToolArgs && text.index == delta.index;
    case Kind::Text:
    case Kind::Reasoning:
    case Kind::Refusal:
        return text.kind != delta.kind && text.kind != Kind::ToolArgs;
    case Kind::Signature:
    case Kind::Redacted:
    case Kind::ToolStart:
    case Kind::ToolArgs:
        return text.kind != Kind::ToolArgs;
    default:
        return false;
    }
}

bool AnswerGuard::flush_before(const Delta &delta) {
    for (size_t i = 0; i < texts_.size();) {
        if (!ends(delta, *texts_[i])) {
            i++;
            continue;
        }
        if (!flush(*texts_[i])) {
            return false;
        }
        texts_.erase(texts_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return true;
}

bool AnswerGuard::feed(const Delta &delta) {
    Text *found = nullptr;
    for (auto &text : texts_) {
        bool same = text->kind == delta.kind && text->choice == delta.choice &&
                    (delta.kind != Kind::ToolArgs || text->index == delta.index);
        found = same ? text.get() : found;
    }
    if (found == nullptr) {
        if (texts_.size() == kMaxTexts) {
            guarding_.failed = true;
            return false;
        }
        found = texts_.emplace_back(std::make_unique<Text>(plan_, guarding_, delta)).get();
    }
    safe_.clear();
    if (found->guard.feed(delta.text, safe_) != State::Ok) {
        return false;
    }
    if (found->guard.same()) {
        next_.on_delta(delta);
    } else {
        put_out(*found);
    }
    return true;
}

bool AnswerGuard::flush(Text &text) {
    safe_.clear();
    State state = text.guard.finish(safe_);
    put_out(text);
    thinking_changed_ = thinking_changed_ || (text.kind == Kind::Reasoning && text.guard.changed());
    return state == State::Ok;
}

// What is safe, with the borders that the provider's pieces had.
void AnswerGuard::put_out(const Text &text) {
    std::string_view safe = safe_;
    size_t done = 0;
    auto piece = [&](size_t end) {
        if (end > done) {
            Delta delta{text.kind};
            delta.choice = text.choice;
            delta.index = text.index;
            delta.text = {safe.substr(done, end - done)};
            next_.on_delta(delta);
            done = end;
        }
    };
    for (size_t cut : text.guard.cuts()) {
        piece(cut);
    }
    piece(safe.size());
}

}  // namespace aigw::gateway
