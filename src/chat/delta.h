// A piece of an answer, between a dialect's reader and a dialect's writer. A whole JSON answer is the same sequence in
// one go. All texts are views that live for the call only and are still JSON-escaped, so that a translation copies
// them as they are.
//
// Order: Start, then any of the content kinds, then Finish, then Usage if it is known (it may come earlier and more
// than once: the last one counts), then End. Error may replace anything; nothing follows it.
#pragma once

#include <cstdint>

#include "chat/error.h"
#include "chat/signer.h"
#include "chat/usage.h"
#include "core/json.h"

namespace aigw::chat {

enum class FinishReason : uint8_t { None, Stop, Length, ToolCalls, ContentFilter };

struct Delta {
    enum class Kind : uint8_t {
        Start,      // id, model: as the provider wrote them; once
        Text,       // text
        Reasoning,  // text of a thinking block
        Signature,  // text, signer: of the thinking block `index`, which may have no text (Gemini signs texts so)
        Redacted,   // text, signer: data of a whole redacted thinking block
        Refusal,    // text
        ToolStart,  // id, name of tool call `index`; signature, signer: of the call, where the vendor signs calls
        ToolArgs,   // text: the next piece of the arguments' JSON, escaped as inside a JSON string
        ToolEnd,    // tool call `index` is complete (an argument-less call has had no ToolArgs)
        Finish,     // finish; text: the provider's own word; stop_sequence: the one that was hit, if told
        Usage,      // usage
        End,        // the provider's terminal event: the answer is whole
        Error,      // error
        // Numbers up to here are kept in records; new kinds follow.
        Logprobs,   // raw: elements of OpenAI's logprobs.content, of the text just told; with commas between, a list's inside
        Citation,   // id: URL; name: title; text: the words of the source; begin, end: where in the choice's text
    };

    Kind kind;
    uint32_t choice = 0;
    uint32_t index = 0;  // tools: ordinal among the choice's calls; thinking: ordinal among its thinking blocks
    JsonText text{};
    JsonText id{};
    JsonText name{};  // ToolStart: the function's; Start: the model's
    JsonText stop_sequence{};
    JsonText signature{};  // ToolStart
    Signer signer = Signer::Anthropic;
    FinishReason finish = FinishReason::None;
    std::string_view raw{};           // Logprobs: JSON
    int64_t begin = -1, end = -1;     // Citation: in characters; -1: not told
    const chat::Usage *usage = nullptr;
    bool partial = false;  // Usage: told at the start, the completion is not in it yet; not for writers
    const ApiError *error = nullptr;

    // Content-bearing: the first such delta commits the attempt. End counts, else an empty answer were a failure.
    bool is_content() const {
        switch (kind) {
        case Kind::Text:
        case Kind::Reasoning:
        case Kind::Refusal:
        case Kind::ToolArgs:
            return !text.empty();
        case Kind::Redacted:
        case Kind::ToolStart:
        case Kind::End:
            return true;
        default:
            return false;
        }
    }
};

class DeltaSink {
public:
    virtual ~DeltaSink() = default;
    virtual void on_delta(const Delta &delta) = 0;
};

}  // namespace aigw::chat
