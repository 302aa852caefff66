// Answers of generateContent and streamGenerateContent: the same object, whole or once an event. There is no end mark: a
// stream is whole when its body ended and every candidate had said why it ends. Old models say that in every event, so
// the end is told at the body's end. Usage is cumulative: the last counts.
#include "dialects/gemini_response_read.h"

#include <vector>

#include "dialects/common.h"
#include "dialects/gemini_candidate_read.h"
#include "dialects/gemini_fields.h"
#include "dialects/gemini_usage.h"

namespace aigw::dialects::google {

using chat::Delta;
using chat::DeltaSink;
using Kind = chat::Delta::Kind;

namespace {

constexpr size_t kMaxCandidates = 128;
constexpr std::string_view kMalformed = "The provider's answer is malformed.";
constexpr std::string_view kCut = "The provider's answer was cut off.";

bool is_error(JsonValue root) {
    if (root.is_array()) return root.size() > 0 && is_error(*root.elements().begin());
    return root.is_object() && field(root, "error");
}

class Reader final : public ResponseReader {
public:
    chat::Result<void> event(const SseEvent &event, const JsonDoc *doc, DeltaSink &sink) override {
        if (ended_ || event.data.empty() || event.data == "[DONE]") return {};
        return checked(read(doc ? doc->root() : JsonValue(), sink));
    }

    chat::Result<void> answer(const JsonDoc &doc, DeltaSink &sink) override {
        if (ended_) return {};
        if (auto done = read(doc.root(), sink); !done) return checked(std::move(done));
        if (candidates_.empty() && !blocked()) return checked(chat::fail(broken_answer(kMalformed)));
        return checked(end(sink));
    }

    chat::Result<void> finish(DeltaSink &sink) override {
        if (ended_) return {};
        bool whole = !candidates_.empty() || blocked();
        for (const CandidateReader &candidate : candidates_) {
            whole = whole && candidate.end().reason != chat::FinishReason::None;
        }
        if (!whole) return checked(chat::fail(broken_answer(kCut)));
        return checked(end(sink));
    }

private:
    chat::Result<void> checked(chat::Result<void> result) {
        if (!result) ended_ = true;
        return result;
    }

    bool blocked() const { return !block_reason_.empty(); }

    chat::Result<void> read(JsonValue root, DeltaSink &sink) {
        if (is_error(root)) return chat::fail(read_error_value(200, root));
        JsonValue candidates = root["candidates"];
        if (!root.is_object() || (candidates && !candidates.is_array() && !candidates.is_null())) {
            return chat::fail(broken_answer(kMalformed));
        }
        start(root, sink);
        for (JsonValue candidate : candidates.elements()) {
            if (auto done = read_candidate(candidate, sink); !done) return done;
        }
        JsonValue reason = field(field(root, "promptFeedback"), "blockReason");
        if (reason) block_reason_ = reason.is_string() ? reason.text().decode() : "OTHER";
        tell_usage(field(root, "usageMetadata"), sink);
        return {};
    }

    void start(JsonValue root, DeltaSink &sink) {
        if (started_) return;
        started_ = true;
        JsonText id = field(root, "responseId").text();
        id_ = id.escaped;
        sink.on_delta(Delta{.kind = Kind::Start, .id = id, .name = field(root, "modelVersion").text()});
    }

    chat::Result<void> read_candidate(JsonValue value, DeltaSink &sink) {
        JsonValue told = value["index"];
        std::optional<int64_t> index = told ? integer(told) : 0;
        if (!value.is_object() || !index || *index < 0 || *index >= static_cast<int64_t>(kMaxCandidates)) {
            return chat::fail(broken_answer(kMalformed));
        }
        for (CandidateReader &candidate : candidates_) {
            if (candidate.choice() == *index) return candidate.read(value, JsonText{id_}, sink);
        }
        return candidates_.emplace_back(static_cast<uint32_t>(*index)).read(value, JsonText{id_}, sink);
    }

    // Told when it changes: of a stream that is cut what was told last counts.
    void tell_usage(JsonValue metadata, DeltaSink &sink) {
        std::optional<ReadUsage> usage = read_usage(metadata);
        if (!usage || (usage_ && usage_->usage == usage->usage)) return;
        usage_ = usage;
        Delta told{.kind = Kind::Usage};
        told.usage = &usage_->usage;
        told.partial = !usage_->with_completion;
        sink.on_delta(told);
    }

    chat::Result<void> end(DeltaSink &sink) {
        for (const CandidateReader &candidate : candidates_) {
            if (!candidate.end().broken) continue;
            return chat::fail(broken_answer("The model's answer is unusable: " + candidate.end().word + "."));
        }
        ended_ = true;
        for (CandidateReader &candidate : candidates_) {
            candidate.finish(sink);
        }
        if (candidates_.empty()) {
            Delta blocked{.kind = Kind::Finish, .text = JsonText{"SAFETY"}};
            blocked.finish = chat::FinishReason::ContentFilter;
            sink.on_delta(blocked);
        }
        if (usage_ && !usage_->with_completion) {
            Delta told{.kind = Kind::Usage};
            told.usage = &usage_->usage;
            sink.on_delta(told);
        }
        sink.on_delta(Delta{.kind = Kind::End});
        return {};
    }

    bool started_ = false;
    bool ended_ = false;
    std::string id_;  // of the answer, escaped
    std::string block_reason_;
    std::vector<CandidateReader> candidates_;
    std::optional<ReadUsage> usage_;
};

}  // namespace

std::unique_ptr<ResponseReader> response_reader() { return std::make_unique<Reader>(); }

}  // namespace aigw::dialects::google
