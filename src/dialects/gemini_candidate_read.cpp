#include "dialects/gemini_candidate_read.h"

#include "core/json_writer.h"
#include "dialects/common.h"
#include "dialects/gemini_fields.h"
#include "dialects/gemini_logprobs.h"
#include "dialects/gemini_signature.h"

namespace aigw::dialects::google {

using chat::Delta;
using chat::DeltaSink;
using Kind = chat::Delta::Kind;

namespace {

constexpr std::string_view kMalformed = "The provider's answer is malformed.";

// Unique within the answer, the same at every reading of it.
std::string made_up_id(JsonText answer_id, uint32_t choice, uint32_t ordinal) {
    static constexpr size_t kTail = 24;
    std::string id = "call_";
    std::string_view tail = answer_id.escaped;
    if (tail.size() > kTail) tail.remove_prefix(tail.size() - kTail);
    for (char c : tail) {
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) id += c;
    }
    if (choice > 0) id += "_" + std::to_string(choice);
    return id + "_" + std::to_string(ordinal);
}

}  // namespace

void CandidateReader::tell(Kind kind, uint32_t index, JsonText text, DeltaSink &sink) {
    Delta delta{.kind = kind, .choice = choice_, .index = index, .text = text};
    delta.signer = chat::Signer::Google;
    sink.on_delta(delta);
}

// A signature is the thought's, or, where it stands on something else, a block of its own behind that.
void CandidateReader::text(JsonText text, bool thought, JsonText signature, DeltaSink &sink) {
    if (!text.empty()) {
        if (thought && !in_thought_) ++thoughts_;
        tell(thought ? Kind::Reasoning : Kind::Text, thought ? thoughts_ - 1 : 0, text, sink);
        in_thought_ = thought;
    }
    if (signature.empty()) return;
    Signature told = read_signature(signature);  // of another vendor, where a gateway stands behind us
    if (!thought || !in_thought_ || told.redacted) ++thoughts_;
    Delta delta{.kind = told.redacted ? Kind::Redacted : Kind::Signature, .choice = choice_, .index = thoughts_ - 1};
    delta.text = told.signer == chat::Signer::Google ? signature : JsonText{told.text};
    delta.signer = told.signer;
    sink.on_delta(delta);
    in_thought_ = false;
}

void CandidateReader::start_call(JsonValue call, JsonText name, JsonText signature, JsonText answer_id, DeltaSink &sink) {
    in_thought_ = false;
    std::string made;
    Delta start{.kind = Kind::ToolStart, .choice = choice_, .index = calls_, .id = call["id"].text(), .name = name};
    if (start.id.empty()) {
        made = made_up_id(answer_id, choice_, calls_);
        start.id = JsonText{made};
    }
    start.signature = signature;
    start.signer = chat::Signer::Google;
    ++calls_;
    sink.on_delta(start);
}

void CandidateReader::end_call(JsonText args, DeltaSink &sink) {
    if (!args.empty()) tell(Kind::ToolArgs, calls_ - 1, args, sink);
    tell(Kind::ToolEnd, calls_ - 1, {}, sink);
    args_.reset();
}

chat::Result<void> CandidateReader::call(JsonValue call, JsonText signature, JsonText answer_id, DeltaSink &sink) {
    JsonText name = call["name"].text();
    auto end_open = [&] {
        std::string escaped;
        if (!args_->empty()) append_json_escaped(escaped, args_->json());
        end_call(JsonText{escaped}, sink);
    };
    if (!name.empty()) {
        if (args_) end_open();
        if (calls_ >= kMaxToolCalls) return chat::fail(broken_answer("The provider sent too many tool calls."));
        start_call(call, name, signature, answer_id, sink);
        args_.emplace();
    } else if (!args_) {
        return {};  // the end of a call, told twice
    }
    for (JsonValue piece : field(call, "partialArgs").elements()) {
        if (!args_->add(piece)) return chat::fail(broken_answer(kMalformed));
    }
    if (field(call, "willContinue").is_true()) return {};
    JsonValue args = call["args"];
    if (args && !args.is_object() && !args.is_null()) return chat::fail(broken_answer(kMalformed));
    if (args.size() == 0 || !args_->empty()) {
        end_open();
        return {};
    }
    std::string compact, escaped;
    append_compact(compact, args.raw());
    append_json_escaped(escaped, compact);
    end_call(JsonText{escaped}, sink);
    return {};
}

chat::Result<void> CandidateReader::part(JsonValue part, JsonText answer_id, DeltaSink &sink) {
    if (!part.is_object()) return chat::fail(broken_answer(kMalformed));
    JsonText signature = field(part, "thoughtSignature").text();
    JsonValue call = field(part, "functionCall");
    if (call.is_object()) return this->call(call, signature, answer_id, sink);
    text(part["text"].text(), part["thought"].is_true(), signature, sink);
    return {};
}

chat::Result<void> CandidateReader::read(JsonValue candidate, JsonText answer_id, DeltaSink &sink) {
    for (JsonValue one : candidate["content"]["parts"].elements()) {
        if (auto read = part(one, answer_id, sink); !read) return read;
    }
    if (std::string logprobs = read_logprobs(field(candidate, "logprobsResult")); !logprobs.empty()) {
        Delta delta{.kind = Kind::Logprobs, .choice = choice_};
        delta.raw = logprobs;
        sink.on_delta(delta);
    }
    for (JsonValue chunk : field(field(candidate, "groundingMetadata"), "groundingChunks").elements()) {
        Delta delta{.kind = Kind::Citation, .choice = choice_, .id = chunk["web"]["uri"].text(), .name = chunk["web"]["title"].text()};
        if (!delta.id.empty()) sink.on_delta(delta);
    }
    if (JsonValue reason = field(candidate, "finishReason")) end_ = read_finish(reason);
    return {};
}

void CandidateReader::finish(DeltaSink &sink) {
    if (args_) {
        std::string escaped;
        if (!args_->empty()) append_json_escaped(escaped, args_->json());
        end_call(JsonText{escaped}, sink);
    }
    Delta delta{.kind = Kind::Finish, .choice = choice_};
    delta.text = JsonText{end_.word};
    delta.finish = end_.reason == chat::FinishReason::None ? chat::FinishReason::Stop : end_.reason;
    if (calls_ > 0 && delta.finish == chat::FinishReason::Stop) delta.finish = chat::FinishReason::ToolCalls;
    sink.on_delta(delta);
}

}  // namespace aigw::dialects::google
