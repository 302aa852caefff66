// One choice of an answer, fed delta by delta (a whole message is one delta): text, thinking, tool calls. Servers differ
// in what they send more than once, leave out or wrap; what comes out is in the order and numbering of chat/delta.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chat/delta.h"
#include "chat/error.h"
#include "core/json.h"

namespace aigw::dialects::openai {

// A finish reason that means that the answer broke off.
bool is_failure(JsonText finish);

class ChoiceReader {
public:
    static constexpr size_t kMaxToolCalls = 1024;

    explicit ChoiceReader(uint32_t choice) : choice_(choice) {}

    uint32_t choice() const { return choice_; }
    bool finished() const { return finished_; }
    // `answer_id` is what made-up call ids are derived from.
    chat::Result<void> read(JsonValue delta, JsonText answer_id, chat::DeltaSink &sink);
    // A piece of a text that is no message: legacy completions.
    void read_text(JsonText text, chat::DeltaSink &sink);
    // `word` is the provider's finish_reason; empty counts as stop.
    void finish(JsonText word, chat::DeltaSink &sink);

private:
    struct Call {
        std::optional<int64_t> index;  // the provider's
        std::string id;
        bool started = false;
    };

    chat::Delta make(chat::Delta::Kind kind, JsonText text = {}) const;
    void text(chat::Delta::Kind kind, JsonText text, chat::DeltaSink &sink);
    void content(JsonValue value, chat::DeltaSink &sink);
    void summary(JsonValue pieces, chat::DeltaSink &sink);
    void reasoning(JsonValue blocks, JsonValue details, std::array<JsonValue, 2> plain, chat::DeltaSink &sink);
    void thinking_blocks(JsonValue blocks, chat::DeltaSink &sink);
    void reasoning_details(JsonValue details, bool with_text, chat::DeltaSink &sink);
    void thinking(chat::Delta::Kind kind, JsonText text, JsonValue index, chat::DeltaSink &sink);
    chat::Result<void> tool_call(JsonValue entry, JsonText answer_id, chat::DeltaSink &sink);
    Call *call_of(JsonValue entry, JsonText id, bool named);
    chat::Result<void> call_piece(Call &call, JsonValue function, JsonText signature, JsonText answer_id,
                                  chat::DeltaSink &sink);

    uint32_t choice_;
    bool finished_ = false;
    std::vector<Call> calls_;
    // Thinking blocks: the number of the current one, whether anything of it was told, whether it is complete.
    uint32_t block_ = 0;
    bool block_open_ = false;
    bool block_closed_ = false;
    std::optional<int64_t> block_key_;  // the provider's number of it
};

}  // namespace aigw::dialects::openai
