// Answers that are kept, and told again: both sides of the cache in a conversation.
#include "gateway/conversation.h"
#include "gateway/exchange.h"
#include "gateway/filter.h"
#include "gateway/json_array.h"

namespace aigw::gateway {

namespace {

using Kind = chat::Delta::Kind;

}  // namespace

void Conversation::start_record() {
    record_writer_.reset();
    if (keep_bytes_ != 0) {
        record_writer_ = std::make_unique<cache::RecordWriter>(keep_bytes_);
    }
}

// An estimate is made anew when the answer is told again.
void Conversation::note_shown(const chat::Delta &delta) {
    if (record_writer_ != nullptr && (delta.kind != Kind::Usage || record_.usage_source == UsageSource::Provider)) {
        record_writer_->on_delta(delta);
    }
}

std::optional<std::string> Conversation::take_record() {
    auto record = record_writer_ != nullptr ? record_writer_->take(caller_.now) : std::nullopt;
    record_writer_.reset();
    keep_bytes_ = 0;
    return record;
}

std::string Conversation::tell(const cache::Recording &recording) {
    struct Told final : chat::DeltaSink {
        explicit Told(Conversation &conversation) : owner(conversation) {}
        void on_delta(const chat::Delta &delta) override {
            owner.count(delta, *owner.client_);
            if (delta.kind == Kind::End) {
                owner.write_end(delta);
            } else {
                owner.write(delta);
            }
        }
        Conversation &owner;
    };

    keep_bytes_ = 0;
    plan_ = nullptr;
    dialects::AnswerOptions options;
    options.stream = record_.stream;
    options.include_usage = include_usage_;
    options.created = recording.created;
    options.fallback_id = caller_.request_id;
    options.model = record_.model;
    options.request = own_request();
    if (record_.stream && client_->tells_prompt_first()) {
        options.input_tokens = recording.usage ? recording.usage->prompt : input_tokens();
    }
    start_writer(options);
    Told told(*this);
    recording.replay(told);
    stop_writer();
    if (as_array_) {
        JsonArray().frame(out_, true);
    }
    record_.from_cache = true;
    done_ = true;
    return std::move(out_);
}

std::string Exchange::replay(const cache::Recording &recording, Millis now) {
    std::string answer = tell(recording);
    ended_ = true;
    commit(now);
    return answer;
}

std::string Exchange::first_target() const {
    const Target &target = match_.model->targets.front();
    const providers::Provider &provider = *target.provider;
    std::string name = provider.name;
    for (std::string_view part : {std::string_view(provider.row->format), std::string_view(provider.url.path)}) {
        ((name += '\0') += part);
    }
    (name += '\0') += (provider.url.tls ? "https://" : "http://") + provider.url.authority();
    return (name += '\0') + target.upstream_model(match_.rest);
}

bool Exchange::answered_as_resolved() const {
    const Target &first = match_.model->targets.front();
    return target_ == &first || (target_ != nullptr && record_.upstream_model == first.upstream_model(match_.rest));
}

std::string Filter::replay(const cache::Recording &recording, Millis now) {
    std::string answer = tell(recording);
    content_ = true;
    record_.first_content = now;
    return path_.list ? "[" + answer + "]" : answer;
}

}  // namespace aigw::gateway
