#include <algorithm>
#include <array>
#include <set>

#include "cache/record.h"
#include "cache/record_format.h"
#include "core/json_escape.h"
#include "core/utf8.h"

namespace aigw::cache {

using chat::Delta;
using chat::FinishReason;
using Kind = chat::Delta::Kind;

namespace {

// Bytes of the escape at the head of `text`; 0: none, or half a surrogate pair.
size_t escape_length(std::string_view text) {
    DecodedEscape escape = decode_json_escape(text);
    return escape.verdict == DecodedEscape::Verdict::Valid ? escape.consumed : 0;
}

// May stand between the quotes of a JSON string.
bool is_string_inside(std::string_view text) {
    while (!text.empty()) {
        auto byte = static_cast<unsigned char>(text[0]);
        size_t step = byte == '\\' ? escape_length(text) : byte >= 0x20 && byte < 0x80 && byte != '"' ? 1 : 0;
        if (byte >= 0x80) {
            step = utf8_length(text);
        }
        if (step == 0) {
            return false;
        }
        text.remove_prefix(step);
    }
    return true;
}

class Bytes {
public:
    explicit Bytes(std::string_view rest) : rest_(rest) {}

    bool good() const { return good_; }
    bool at_end() const { return good_ && rest_.empty(); }

    uint8_t byte(uint8_t max) {
        uint8_t value = rest_.empty() ? UINT8_MAX : static_cast<uint8_t>(rest_[0]);
        if (rest_.empty() || value > max) {
            good_ = false;
            return 0;
        }
        rest_.remove_prefix(1);
        return value;
    }

    uint64_t number(uint64_t max) {
        uint64_t value = 0;
        for (int shift = 0; shift < 63; shift += 7) {
            uint8_t group = byte(UINT8_MAX);
            value |= uint64_t(group & 0x7F) << shift;
            if (group < 0x80) {
                good_ = good_ && value <= max;
                return good_ ? value : 0;
            }
        }
        good_ = false;
        return 0;
    }

    JsonText text() {
        size_t size = number(rest_.size());
        std::string_view text = rest_.substr(0, std::min(size, rest_.size()));
        rest_.remove_prefix(text.size());
        good_ = good_ && text.size() == size && is_string_inside(text);
        return {good_ ? text : std::string_view()};
    }

private:
    std::string_view rest_;
    bool good_ = true;
};

// The order that delta.h promises to writers.
class Order {
public:
    bool follows(const Delta &delta) {
        const std::pair<uint32_t, uint32_t> call{delta.choice, delta.index};
        if (finished_[delta.choice] || (delta.kind == Kind::Start) == started_) {
            return false;
        }
        switch (delta.kind) {
        case Kind::Start:
            started_ = true;
            return true;
        case Kind::Reasoning:
        case Kind::Signature:
        case Kind::Redacted:
            return ordinal(thoughts_[delta.choice], delta.index);
        case Kind::ToolStart:
            open_.insert(call);
            return delta.index == calls_[delta.choice]++;
        case Kind::ToolArgs:
            return open_.count(call) == 1 && !delta.text.empty();
        case Kind::ToolEnd:
            return open_.erase(call) == 1;
        case Kind::Finish:
            finished_[delta.choice] = true;
            return delta.finish == FinishReason::Stop || delta.finish == FinishReason::ToolCalls;
        default:
            return true;
        }
    }
    bool whole() const { return started_ && open_.empty(); }

private:
    // The one it was at, or the next.
    static bool ordinal(uint32_t &count, uint32_t index) {
        count += index == count;
        return index < count;
    }

    bool started_ = false;
    std::set<std::pair<uint32_t, uint32_t>> open_;
    std::array<bool, kMaxChoices> finished_{};
    std::array<uint32_t, kMaxChoices> thoughts_{}, calls_{};
};

std::optional<chat::Usage> read_usage(Bytes &bytes) {
    if (bytes.byte(1) == 0) {
        return std::nullopt;
    }
    chat::Usage usage;
    for (Tokens *count : {&usage.prompt, &usage.completion, &usage.cached, &usage.cache_write, &usage.reasoning}) {
        *count = static_cast<Tokens>(bytes.number(3 * kMaxTokens));
    }
    return usage;
}

Delta read_entry(Bytes &bytes) {
    Delta delta{};
    delta.kind = static_cast<Kind>(bytes.byte(static_cast<uint8_t>(Kind::Finish)));
    delta.finish = static_cast<FinishReason>(bytes.byte(static_cast<uint8_t>(FinishReason::ContentFilter)));
    delta.choice = static_cast<uint32_t>(bytes.number(kMaxChoices - 1));
    delta.index = static_cast<uint32_t>(bytes.number(kMaxEntries - 1));
    delta.text = bytes.text();
    delta.id = bytes.text();
    delta.name = bytes.text();
    delta.stop_sequence = bytes.text();
    delta.signature = bytes.text();
    delta.signer = static_cast<chat::Signer>(bytes.byte(static_cast<uint8_t>(chat::Signer::OpenAi)));
    return delta;
}

}  // namespace

std::optional<Recording> read_record(std::string_view record) {
    if (!record.starts_with(kRecordMagic)) {
        return std::nullopt;
    }
    Bytes bytes(record.substr(kRecordMagic.size()));
    Recording recording;
    recording.created = static_cast<UnixSeconds>(bytes.number(INT64_MAX / 2));
    recording.usage = read_usage(bytes);
    size_t count = bytes.number(kMaxEntries);
    recording.deltas.reserve(count);
    Order order;
    for (size_t i = 0; i < count; i++) {
        Delta delta = read_entry(bytes);
        if (!bytes.good() || !order.follows(delta)) {
            return std::nullopt;
        }
        recording.deltas.push_back(delta);
    }
    return bytes.at_end() && order.whole() ? std::optional(std::move(recording)) : std::nullopt;
}

void Recording::replay(chat::DeltaSink &sink) const {
    for (const Delta &delta : deltas) {
        sink.on_delta(delta);
    }
    if (usage) {
        Delta told{};
        told.kind = Kind::Usage;
        told.usage = &*usage;
        sink.on_delta(told);
    }
    Delta end{};
    end.kind = Kind::End;
    sink.on_delta(end);
}

}  // namespace aigw::cache
