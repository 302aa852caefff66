// What every request of ours has, whether the gateway answers it (Exchange) or an existing proxy does (Filter): the body
// as it was understood, the counting of the answer, the error, the record.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/record.h"
#include "chat/delta.h"
#include "core/json.h"
#include "core/rare.h"
#include "dialects/dialect.h"
#include "gateway/answer_guard.h"
#include "gateway/record.h"
#include "identity/identity.h"
#include "stream/sse.h"
#include "tokens/estimate.h"

namespace aigw::gateway {

// Scratch of one worker, used by one conversation at a time within a call.
struct Scratch {
    static constexpr size_t kSpares = 4;             // bodies' memory kept for the next requests
    static constexpr size_t kMaxSpare = 4 << 20;     // bytes of each: fresh pages cost more than reading them

    JsonParser parser;
    JsonDoc event;

    // An empty string, with the memory of an earlier body if there is one.
    std::string take_body();
    void give_back(std::string body);

private:
    std::vector<std::string> spares_;
};

// A caller's body: text of its own, or the host's, which then stays where it is as long as the conversation lives.
struct Body {
    Body() = default;
    Body(std::string text) : own(std::move(text)) {}
    Body(const char *text) : own(text) {}
    static Body of_host(std::string_view text) {
        Body body;
        body.lent = text;
        return body;
    }

    std::string own;
    std::string_view lent;  // not empty: this and not `own`
};

// What the host knows of the caller. Views valid as long as the conversation.
struct Caller {
    std::string_view method;
    std::string_view path;        // below the gateway's prefix, decoded; ai_filter: the whole path
    std::string_view query;       // as it is written, without its mark
    std::string_view content_type;
    std::string_view request_id;  // checked or made by the host
    const identity::Identity *identity = nullptr;  // null: anonymous
    std::string_view forced_model;                 // ai_gateway model=; empty: the body's
    // Headers that may travel on, and only these; empty: not sent.
    std::string_view anthropic_version, anthropic_beta, openai_beta, idempotency_key, traceparent, tracestate;
    UnixSeconds now = 0;
    uint32_t random = 0;
};

// How a guardrail refuses.
chat::ApiError guardrail_error(const guards::Guarding &guarding);

class Conversation {
public:
    Conversation(const Conversation &) = delete;

    // The dialect for everything that is said to this caller, errors before begin() included.
    const dialects::Dialect &caller_dialect() const { return *client_; }
    // The caller's body; absent before begin.
    JsonValue request_body() const { return request_.root(); }
    // Tokens of the prompt, estimated from the body; computed once, on first use.
    Tokens input_tokens() const;
    // Tokens of the answer so far, estimated from what came.
    Tokens output_tokens() const;
    const Record &record() const { return record_; }
    // The error that the caller is to see, where it came from outside (401, 413, ...) or from here.
    void refuse(const chat::ApiError &error);
    const chat::ApiError *error() const { return error_.get(); }  // null: none
    // The request as it was read, for edits of it; and the edits, before the first attempt.
    const JsonDoc &request() const { return request_; }
    void edit(const JsonSplice &splice);
    // The request is still the host's own bytes.
    bool reads_lent_body() const { return lent_; }
    // The answer goes through these rules; before the first attempt. Both outlive the conversation.
    void guard_answer(const guards::Plan &plan, guards::Guarding &guarding);
    // An answer of our own, in the mode that was asked for.
    virtual std::string write_answer(std::string_view text) const;
    std::string_view content_type() const;

    // The answer is to be kept, if it can be: from the next attempt on a record is made of what the caller is shown.
    void keep_answer(size_t max_bytes) { keep_bytes_ = max_bytes; }
    // That record, once. nullopt: not complete, or nothing that may be told again.
    std::optional<std::string> take_record();
    // Tells a kept answer in the place of a call, in the mode that was asked for: what the caller is to be sent. Rules for
    // answers have seen it before it was kept.
    virtual std::string replay(const cache::Recording &recording, Millis now) = 0;

    // The answer is complete.
    bool done() const { return done_; }

    // Exactly once, whatever happened: settles usage and times.
    virtual void end(End how, Millis now) = 0;

protected:
    Conversation(Scratch &scratch, const Caller &caller, const dialects::Dialect &client);
    virtual ~Conversation();

    // Keeps the body. Valid as long as the conversation.
    std::string_view keep_body(Body body);
    // Keeps the body and parses it. What is no sound JSON text, or names a member twice, is a 400.
    std::optional<chat::ApiError> read_request(Body body);
    // What the record says of a body that was read.
    void note_request();
    bool may_use(std::string_view model) const;
    static chat::ApiError model_not_allowed(std::string_view model);

    // An event's JSON, until the next one; null: it holds none. Text that broke inside it is repaired, and `event` shows that.
    const JsonDoc *parse_event(SseEvent &event, std::string &repaired);
    // Counts what one delta of the answer brings.
    void count(const chat::Delta &delta, const dialects::ProviderDialect &provider);
    void forget_answer();
    void settle_estimate();

    // A record of the answer that begins, in the place of an earlier attempt's.
    void start_record();
    // What the caller is shown.
    void note_shown(const chat::Delta &delta);
    // For replay().
    std::string tell(const cache::Recording &recording);

    // What the prompt costs, where no body says it.
    void set_input_tokens(Tokens tokens) { input_tokens_ = tokens; }

    // The writer's side. With a writer every delta goes through the guard, if there is one, to out_.
    bool guarded() const { return plan_ != nullptr; }
    bool edited() const { return edited_; }
    void start_writer(const dialects::AnswerOptions &options);
    void stop_writer();
    // Writes the delta; false: the guard refuses the answer.
    bool write(const chat::Delta &delta);
    // The last one: the usage before it, estimated if nobody reported it.
    bool write_end(const chat::Delta &end);
    bool writes() const { return writer_ != nullptr; }
    size_t told() const { return writer_ ? writer_->told() : 0; }
    // For AnswerOptions: nothing where others than the caller wrote in it (operators' instructions are not his to see).
    JsonValue own_request() const { return edited_ ? JsonValue() : request_.root(); }

    Scratch &scratch_;
    const Caller caller_;
    const dialects::Dialect *client_;

    std::string body_;  // empty if it is lent
    JsonDoc request_;
    bool lent_ = false;
    bool include_usage_ = false;  // asked for by the caller
    bool as_array_ = false;       // the caller's stream is one JSON array: json_array.h
    bool done_ = false;
    Rare<chat::ApiError> error_;
    Record record_;
    std::string out_;  // for the caller
    guards::Guarding *guarding_ = nullptr;

private:
    // What passed the guard.
    struct Output final : chat::DeltaSink {
        explicit Output(Conversation &owner) : conversation(owner) {}
        void on_delta(const chat::Delta &delta) override {
            conversation.writer_->write(delta, conversation.out_);
            conversation.note_shown(delta);
        }
        Conversation &conversation;
    };

    bool edited_ = false;
    const guards::Plan *plan_ = nullptr;
    std::unique_ptr<dialects::ResponseWriter> writer_;
    Rare<AnswerGuard> guard_;
    Output output_{*this};
    size_t keep_bytes_ = 0;  // of a record at most; 0: none is made
    std::unique_ptr<cache::RecordWriter> record_writer_;
    mutable std::optional<Tokens> input_tokens_;
    tokens::TextEstimator completion_;
    Tokens fixed_output_ = 0;  // of the answer: what is no text
};

// A caller's model name as errors show it.
std::string quoted_model(std::string_view name);

// A provider's JSON; text that broke inside it is repaired into `repaired`, which the doc then points into.
bool parse_answer(JsonParser &parser, std::string_view text, JsonDoc &doc, std::string &repaired);

}  // namespace aigw::gateway
