// One candidate of an answer, part by part. Every content part of an event is whole but for calls whose arguments come in
// pieces (partialArgs): those wait until they are complete.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "chat/delta.h"
#include "chat/error.h"
#include "core/json.h"
#include "dialects/gemini_finish.h"
#include "dialects/gemini_partial_args.h"

namespace aigw::dialects::google {

class CandidateReader {
public:
    static constexpr uint32_t kMaxToolCalls = 1024;

    explicit CandidateReader(uint32_t choice) : choice_(choice) {}

    uint32_t choice() const { return choice_; }
    const Finish &end() const { return end_; }
    // `answer_id` is what made-up call ids are derived from.
    chat::Result<void> read(JsonValue candidate, JsonText answer_id, chat::DeltaSink &sink);
    // Tells the end; of a body that is known to be whole a missing reason is STOP.
    void finish(chat::DeltaSink &sink);

private:
    chat::Result<void> part(JsonValue part, JsonText answer_id, chat::DeltaSink &sink);
    chat::Result<void> call(JsonValue call, JsonText signature, JsonText answer_id, chat::DeltaSink &sink);
    void start_call(JsonValue call, JsonText name, JsonText signature, JsonText answer_id, chat::DeltaSink &sink);
    void end_call(JsonText args, chat::DeltaSink &sink);
    void text(JsonText text, bool thought, JsonText signature, chat::DeltaSink &sink);
    void tell(chat::Delta::Kind kind, uint32_t index, JsonText text, chat::DeltaSink &sink);

    uint32_t choice_;
    uint32_t calls_ = 0;
    uint32_t thoughts_ = 0;
    bool in_thought_ = false;          // more of the last thought may come
    std::optional<PartialArgs> args_;  // of the call that is open
    Finish end_;
};

}  // namespace aigw::dialects::google
