// The texts of an answer on their way from the reader to the writer, through the rules for answers. Each choice's text,
// reasoning and refusal and each tool call's arguments are a text of their own; what is held back of one comes out before
// anything follows it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/delta.h"
#include "guards/delta_guard.h"

namespace aigw::gateway {

class AnswerGuard {
public:
    static constexpr size_t kMaxTexts = 1024;  // open at once; an answer with more is refused

    // `next` gets what may pass. All outlive it.
    AnswerGuard(const guards::Plan &plan, guards::Guarding &guarding, chat::DeltaSink &next)
        : plan_(plan), guarding_(guarding), next_(next) {}

    // False: refused (Guarding says by what); nothing more is to be passed.
    bool pass(const chat::Delta &delta);

private:
    using Kind = chat::Delta::Kind;

    struct Text {
        Text(const guards::Plan &plan, guards::Guarding &guarding, const chat::Delta &first);

        Kind kind;
        uint32_t choice, index;
        guards::DeltaGuard guard;
    };

    bool feed(const chat::Delta &delta);
    // Ends the texts of `delta`'s choice that it ends.
    bool flush_before(const chat::Delta &delta);
    bool flush(Text &text);
    void put_out(const Text &text);
    static bool ends(const chat::Delta &delta, const Text &text);

    const guards::Plan &plan_;
    guards::Guarding &guarding_;
    chat::DeltaSink &next_;
    std::vector<std::unique_ptr<Text>> texts_;
    bool thinking_changed_ = false;  // a signature would no longer fit
    std::string safe_;               // scratch
};

}  // namespace aigw::gateway
