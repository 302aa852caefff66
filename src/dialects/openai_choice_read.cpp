#include "dialects/openai_choice_read.h"

#include <algorithm>
#include <array>

#include "core/json_writer.h"
#include "dialects/common.h"
#include "dialects/openai_chat.h"
#include "dialects/tool_arguments.h"

namespace aigw::dialects::openai {

using chat::Delta;
using chat::DeltaSink;
using chat::FinishReason;
using Kind = chat::Delta::Kind;

namespace {

struct FinishWord {
    std::string_view word;
    FinishReason reason;
};

constexpr std::array<FinishWord, 17> kFinishWords{{{"stop", FinishReason::Stop},
                                                   {"length", FinishReason::Length},
                                                   {"max_tokens", FinishReason::Length},
                                                   {"model_length", FinishReason::Length},
                                                   {"model_context_window_exceeded", FinishReason::Length},
                                                   {"tool_calls", FinishReason::ToolCalls},
                                                   {"tool_call", FinishReason::ToolCalls},
                                                   {"tool_use", FinishReason::ToolCalls},
                                                   {"function_call", FinishReason::ToolCalls},
                                                   {"content_filter", FinishReason::ContentFilter},
                                                   {"content_filtered", FinishReason::ContentFilter},
                                                   {"guardrail_intervened", FinishReason::ContentFilter},
                                                   {"prohibited_content", FinishReason::ContentFilter},
                                                   {"recitation", FinishReason::ContentFilter},
                                                   {"refusal", FinishReason::ContentFilter},
                                                   {"safety", FinishReason::ContentFilter},
                                                   {"sensitive", FinishReason::ContentFilter}}};

// Routers pass on words of whoever is behind them, in whatever case.
bool same_word(JsonText word, std::string_view known) {
    return std::equal(word.escaped.begin(), word.escaped.end(), known.begin(), known.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
}

FinishReason finish_reason(JsonText word) {
    for (const FinishWord &known : kFinishWords) {
        if (same_word(word, known.word)) return known.reason;
    }
    return FinishReason::Stop;  // eos, end_turn, "", and words yet unknown
}

bool is_anthropic(JsonValue format) { return format.is_string() && format.text().escaped.starts_with("anthropic"); }

}  // namespace

Delta ChoiceReader::make(Kind kind, JsonText text) const {
    Delta delta{};
    delta.kind = kind;
    delta.choice = choice_;
    delta.text = text;
    return delta;
}

void ChoiceReader::text(Kind kind, JsonText text, DeltaSink &sink) {
    if (text.empty()) return;
    if (block_open_) block_closed_ = true;
    sink.on_delta(make(kind, text));
}

void ChoiceReader::read_text(JsonText piece, DeltaSink &sink) { text(Kind::Text, piece, sink); }

void ChoiceReader::thinking(Kind kind, JsonText text, JsonValue index, DeltaSink &sink) {
    if (text.empty()) return;
    std::optional<int64_t> key = index ? index.as_int64() : std::nullopt;
    bool other = block_open_ && key && block_key_ && *key != *block_key_;
    // A signature ends the text before it; more text or a redacted block begins the next.
    if (other || (block_closed_ && kind != Kind::Signature) || (block_open_ && kind == Kind::Redacted)) {
        ++block_;
        block_closed_ = false;
    }
    block_open_ = true;
    block_key_ = key;
    Delta delta = make(kind, text);
    delta.index = block_;
    sink.on_delta(delta);
    if (kind != Kind::Reasoning) block_closed_ = true;
}

// Databricks' thinking of Claude: a summary with Anthropic's signature.
void ChoiceReader::summary(JsonValue pieces, DeltaSink &sink) {
    for (JsonValue piece : pieces.elements()) {
        thinking(Kind::Reasoning, piece["text"].text(), {}, sink);
        thinking(Kind::Signature, piece["signature"].text(), {}, sink);
    }
}

// A string, or Mistral's list of texts and thinking, or Databricks'.
void ChoiceReader::content(JsonValue value, DeltaSink &sink) {
    if (value.is_string()) return text(Kind::Text, value.text(), sink);
    for (JsonValue part : value.elements()) {
        if (part.is_string()) {
            text(Kind::Text, part.text(), sink);
        } else if (part["type"].equals("thinking")) {
            JsonValue inner = part["thinking"];
            thinking(Kind::Reasoning, inner.text(), {}, sink);
            for (JsonValue piece : inner.elements()) {
                thinking(Kind::Reasoning, piece["text"].text(), {}, sink);
            }
        } else if (part["type"].equals("reasoning")) {
            summary(part["summary"], sink);
        } else {
            text(Kind::Text, part["text"].text(), sink);
        }
    }
}

bool is_failure(JsonText finish) {
    constexpr std::array<std::string_view, 3> kFailures{"error", "network_error", "insufficient_system_resource"};
    return std::any_of(kFailures.begin(), kFailures.end(), [&](std::string_view word) { return same_word(finish, word); });
}

void ChoiceReader::thinking_blocks(JsonValue blocks, DeltaSink &sink) {
    for (JsonValue block : blocks.elements()) {
        JsonValue index = block["index"];
        if (block["type"].equals("redacted_thinking")) {
            thinking(Kind::Redacted, block["data"].text(), index, sink);
            continue;
        }
        thinking(Kind::Reasoning, block["thinking"].text(), index, sink);
        thinking(Kind::Signature, block["signature"].text(), index, sink);
    }
}

void ChoiceReader::reasoning_details(JsonValue details, bool with_text, DeltaSink &sink) {
    for (JsonValue detail : details.elements()) {
        JsonValue index = detail["index"];
        bool encrypted = detail["type"].equals("reasoning.encrypted");
        if (with_text && !encrypted) {
            thinking(Kind::Reasoning, detail["text"].text(), index, sink);
            thinking(Kind::Reasoning, detail["summary"].text(), index, sink);
        }
        if (!is_anthropic(detail["format"])) continue;
        if (encrypted) {
            thinking(Kind::Redacted, detail["data"].text(), index, sink);
        } else {
            thinking(Kind::Signature, detail["signature"].text(), index, sink);
        }
    }
}

// The same thinking may stand in several members: the one that says most is taken.
void ChoiceReader::reasoning(JsonValue blocks, JsonValue details, std::array<JsonValue, 2> plain, DeltaSink &sink) {
    if (blocks.is_array() && blocks.size() > 0) return thinking_blocks(blocks, sink);
    bool signed_details = false;
    for (JsonValue detail : details.elements()) {
        signed_details |= is_anthropic(detail["format"]);
    }
    if (signed_details) return reasoning_details(details, true, sink);
    for (JsonValue value : plain) {
        if (!value.is_string() || value.text().empty()) continue;
        return thinking(Kind::Reasoning, value.text(), {}, sink);
    }
    reasoning_details(details, true, sink);
}

// The call that a piece belongs to, by the provider's index, else by id, else the latest. Null: a new one is one too many.
ChoiceReader::Call *ChoiceReader::call_of(JsonValue entry, JsonText id, bool named) {
    std::optional<int64_t> index = entry["index"] ? entry["index"].as_int64() : std::nullopt;
    Call *found = nullptr;
    for (Call &call : calls_) {
        if (index ? call.index == index : !id.empty() && call.id == id.escaped) found = &call;
    }
    if (!index && id.empty() && !named && !calls_.empty()) found = &calls_.back();
    // Some servers give every call index 0: another id and a name of its own make it another call.
    if (found && index && named && !id.empty() && found->started && found->id != id.escaped) found = nullptr;
    if (found) return found;
    if (calls_.size() >= kMaxToolCalls) return nullptr;
    calls_.push_back({index, std::string(id.escaped), false});
    return &calls_.back();
}

chat::Result<void> ChoiceReader::call_piece(Call &call, JsonValue function, JsonText signature, JsonText answer_id,
                                            DeltaSink &sink) {
    JsonText name = function["name"].text();
    JsonValue arguments = function["arguments"];
    auto ordinal = static_cast<uint32_t>(&call - calls_.data());
    if (!call.started && !name.empty()) {
        call.started = true;
        if (call.id.empty()) call.id = made_up_call_id(answer_id, ordinal);
        if (block_open_) block_closed_ = true;
        Delta start = make(Kind::ToolStart);
        start.index = ordinal;
        start.id = JsonText{call.id};
        start.name = name;
        start.signature = signature;
        start.signer = chat::Signer::Google;
        sink.on_delta(start);
    }
    std::string escaped;
    Delta piece = make(Kind::ToolArgs, arguments.text());
    if (arguments.is_object()) {  // the object itself instead of its text
        append_json_escaped(escaped, arguments.raw());
        piece.text = JsonText{escaped};
    }
    if (piece.text.empty()) return {};
    if (!call.started) return chat::fail(broken_answer("The provider sent a tool call without a name."));
    piece.index = ordinal;
    sink.on_delta(piece);
    return {};
}

chat::Result<void> ChoiceReader::tool_call(JsonValue entry, JsonText answer_id, DeltaSink &sink) {
    JsonValue function = entry["function"];
    if (!function.is_object()) return {};
    JsonText id = entry["id"].text();
    Call *call = call_of(entry, id, !function["name"].text().empty());
    if (!call) return chat::fail(broken_answer("The provider sent too many tool calls."));
    if (call->id.empty()) call->id = id.escaped;
    JsonText signature = entry["extra_content"]["google"]["thought_signature"].text();
    return call_piece(*call, function, signature, answer_id, sink);
}

chat::Result<void> ChoiceReader::read(JsonValue delta, JsonText answer_id, DeltaSink &sink) {
    if (finished_) return {};
    static constexpr JsonNames kMembers{"thinking_blocks", "reasoning_details", "reasoning_content", "reasoning",
                                        "content",         "refusal",           "tool_calls",        "function_call"};
    auto [blocks, details, plain, other_plain, told, refusal, tool_calls, old] = delta.pick(kMembers);
    reasoning(blocks, details, {plain, other_plain}, sink);
    content(told, sink);
    text(Kind::Refusal, refusal.text(), sink);
    for (JsonValue entry : tool_calls.elements()) {
        if (auto read = tool_call(entry, answer_id, sink); !read) return read;
    }
    if (!old.is_object() || (old["name"].text().empty() && old["arguments"].text().empty())) return {};
    if (calls_.empty()) calls_.emplace_back();
    return call_piece(calls_.front(), old, {}, answer_id, sink);
}

void ChoiceReader::finish(JsonText word, DeltaSink &sink) {
    if (finished_) return;
    finished_ = true;
    bool called = false;
    for (uint32_t i = 0; i < calls_.size(); ++i) {
        if (!calls_[i].started) continue;
        called = true;
        Delta end = make(Kind::ToolEnd);
        end.index = i;
        sink.on_delta(end);
    }
    Delta delta = make(Kind::Finish, word);
    delta.finish = finish_reason(word);
    // A forced call finishes with stop.
    if (called && delta.finish == FinishReason::Stop) delta.finish = FinishReason::ToolCalls;
    sink.on_delta(delta);
}

}  // namespace aigw::dialects::openai
