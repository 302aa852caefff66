#include "cache/record.h"
#include "cache/record_format.h"

namespace aigw::cache {

using chat::Delta;
using Kind = chat::Delta::Kind;

namespace {

bool joins(Kind kind) {
    return kind == Kind::Text || kind == Kind::Reasoning || kind == Kind::Signature || kind == Kind::Refusal
           || kind == Kind::ToolArgs;
}

void put_number(std::string &out, uint64_t value) {
    for (; value >= 0x80; value >>= 7) {
        out += static_cast<char>(value | 0x80);
    }
    out += static_cast<char>(value);
}

void put_text(std::string &out, const std::string &text) {
    put_number(out, text.size());
    out += text;
}

void put_usage(std::string &out, const std::optional<chat::Usage> &usage) {
    out += static_cast<char>(usage.has_value());
    if (usage) {
        for (Tokens count : {usage->prompt, usage->completion, usage->cached, usage->cache_write, usage->reasoning}) {
            put_number(out, static_cast<uint64_t>(count < 0 ? 0 : count));
        }
    }
}

}  // namespace

void RecordWriter::spoil() {
    spoiled_ = true;
    std::vector<Entry>().swap(entries_);
    std::vector<size_t>().swap(last_);
}

// A piece of what the choice told last, whatever other choices said in between.
bool RecordWriter::join(const Delta &delta) {
    if (!joins(delta.kind) || delta.choice >= last_.size() || last_[delta.choice] == 0) {
        return false;
    }
    Entry &last = entries_[last_[delta.choice] - 1];
    if (last.kind != delta.kind || last.index != delta.index || last.signer != delta.signer) {
        return false;
    }
    last.text += delta.text.escaped;
    bytes_ += delta.text.escaped.size();
    return true;
}

void RecordWriter::append(const Delta &delta) {
    if (entries_.size() == kMaxEntries || delta.choice >= kMaxChoices) {
        return spoil();
    }
    entries_.push_back({delta.kind, delta.choice, delta.index, delta.finish, std::string(delta.text.escaped),
                        std::string(delta.id.escaped), std::string(delta.name.escaped),
                        std::string(delta.stop_sequence.escaped), std::string(delta.signature.escaped), delta.signer});
    bytes_ += kEntryOverhead + delta.text.escaped.size() + delta.id.escaped.size() + delta.name.escaped.size()
              + delta.stop_sequence.escaped.size() + delta.signature.escaped.size();
    if (last_.size() <= delta.choice) {
        last_.resize(delta.choice + 1);
    }
    last_[delta.choice] = entries_.size();
}

void RecordWriter::on_delta(const Delta &delta) {
    if (spoiled_ || ended_) {
        return;
    }
    switch (delta.kind) {
    case Kind::Error:
    case Kind::Logprobs:
    case Kind::Citation:
        return spoil();  // a record has no place for it
    case Kind::End:
        ended_ = true;
        return;
    case Kind::Usage:
        usage_ = *delta.usage;
        return;
    default:
        if (joins(delta.kind) && delta.text.empty()) {
            return;
        }
        if (!join(delta)) {
            append(delta);
        }
        if (bytes_ > max_bytes_) {
            spoil();
        }
    }
}

// Every choice that was told of has finished, as the model meant to, and there is something to tell.
bool RecordWriter::whole() const {
    if (spoiled_ || !ended_) {
        return false;
    }
    bool content = false;
    std::vector<bool> finished(last_.size());
    for (const Entry &entry : entries_) {
        bool normal = entry.finish == chat::FinishReason::Stop || entry.finish == chat::FinishReason::ToolCalls;
        if (entry.kind == Kind::Finish && !normal) {
            return false;
        }
        content |= entry.kind != Kind::Start && entry.kind != Kind::Finish;
        finished[entry.choice] = finished[entry.choice] || entry.kind == Kind::Finish;
    }
    for (size_t choice = 0; choice < last_.size(); choice++) {
        if (last_[choice] != 0 && !finished[choice]) {
            return false;
        }
    }
    return content;
}

std::optional<std::string> RecordWriter::take(UnixSeconds now) {
    if (!whole()) {
        return std::nullopt;
    }
    std::string out(kRecordMagic);
    put_number(out, static_cast<uint64_t>(now < 0 ? 0 : now));
    put_usage(out, usage_);
    put_number(out, entries_.size());
    for (const Entry &entry : entries_) {
        out += static_cast<char>(entry.kind);
        out += static_cast<char>(entry.finish);
        put_number(out, entry.choice);
        put_number(out, entry.index);
        put_text(out, entry.text);
        put_text(out, entry.id);
        put_text(out, entry.name);
        put_text(out, entry.stop_sequence);
        put_text(out, entry.signature);
        out += static_cast<char>(entry.signer);
    }
    spoil();
    // What a reader would refuse is not worth keeping.
    return out.size() <= max_bytes_ && read_record(out) ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace aigw::cache
