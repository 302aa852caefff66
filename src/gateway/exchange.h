// One request's life, without I/O: the whole conversation between the host (nginx) and the library.
//
//   begin(body) --> Continue: next_attempt() --> Launch --> request_for() ... header()* head() body()* body_end()
//        |                        ^      |                        |            Failed: next_attempt() again
//        |                        |      '--> an error            |            Commit: send client_head(), then out()
//        '--> Answer, error       '-------------------------------'            Data:   send out()
//                                                                              Cut:    send out(), the answer ends there
//   end(how) once, on every way out.
//
// Before Commit nothing has been said to the caller and every failure can move to another target; after it a failure
// becomes an error event in the caller's dialect. A JSON answer is a stream of one event.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "chat/delta.h"
#include "core/form_data.h"
#include "gateway/conversation.h"
#include "gateway/endpoint.h"
#include "gateway/errors.h"
#include "gateway/json_array.h"
#include "gateway/policy.h"
#include "gateway/route.h"
#include "stream/inflate.h"
#include "stream/sse.h"

namespace aigw::gateway {

struct Continue {};
// A good answer of our own: models, a liveness probe.
struct Answer {
    std::string content_type;
    std::string body;
};
using Action = std::variant<Continue, Answer, chat::ApiError>;

struct Launch {
    const Target *target;
    Millis wait;  // before the call
};
using Step = std::variant<Launch, chat::ApiError>;

// A call for a provider: `head` is the request line and headers with the blank line, `body` follows. Valid until the
// next request_for.
struct UpstreamRequest {
    std::string head;
    std::vector<std::string_view> body;
};

enum class Verdict : uint8_t {
    More,    // nothing to send yet
    Commit,  // send the header, then what out() holds
    Data,    // send what out() holds, if anything
    Failed,  // the attempt is over; nothing was sent
    Cut,     // out() ends with an error event; the answer ends here, the provider's connection is to be closed
};

class Exchange final : public Conversation, private SseSink, private chat::DeltaSink {
public:
    static constexpr size_t kMaxPreamble = 256 << 10;     // bytes for the caller held before the first content
    static constexpr size_t kMaxJsonAnswer = 32 << 20;    // bytes of a provider's JSON answer
    static constexpr size_t kMaxErrorBody = 64 << 10;     // bytes of an error answer that are looked at

    Exchange(Scratch &scratch, const Policy &policy, const Caller &caller);

    // The body is complete (empty for GET and HEAD; if it is our own, best in a string of Scratch::take_body). Once.
    Action begin(Body body, Millis now);

    // After begin said Continue, and after each Failed. `total deadline` is the host's to keep (fail(Cause::Total)).
    Step next_attempt(Millis now);
    // The bytes for the target of the last Launch. False: this target cannot carry the request; call next_attempt. `now`:
    // signatures grow old; the request's own time if it is not given. Where there are no credentials for it: fail().
    bool request_for(const Target &target, const providers::CallCredential &credential, UpstreamRequest &out,
                     std::optional<UnixSeconds> now = std::nullopt);
    // After Commit, when the request has been sent: its bytes are wanted no more. A held stream is small.
    void forget_request();

    // The provider's answer: each header (name in lower case), then the status, then the body's bytes without transfer
    // framing, then its end.
    void header(std::string_view lower_name, std::string_view value);
    Verdict head(int status, Millis now);
    Verdict body(std::string_view bytes, Millis now);
    Verdict body_end(Millis now);
    // The connection failed, time ran out, the transfer was cut. Failed before commit, Cut after it.
    Verdict fail(Cause cause, Millis now);

    // The answer is ended from outside, in a stream that has begun: out() ends with the error.
    Verdict stop(const chat::ApiError &error, Millis now);
    // From begin() on: the model that was matched (null: no call), what an answer may have without a limit of the caller's.
    const Model *model() const { return match_.model; }
    Tokens default_output() const;
    // A chat, whose answer can be told by a dialect's writer.
    bool answers_chat() const { return endpoint_.kind == Endpoint::Kind::Chat; }
    // What a request of this model is sent to first, as one text that changes with its configuration; and whether it was that
    // model which answered, and not another one that took its place.
    std::string first_target() const;
    bool answered_as_resolved() const;
    std::string replay(const cache::Recording &recording, Millis now) override;
    // Before the first attempt: asks for at most so many tokens of answer.
    void clamp_output(Tokens most) { clamp_ = most; }

    // What the caller is to be sent; the host takes it and clears it.
    std::string &out() {
        if (as_array_) {
            array_.frame(out_, done_);
        }
        return out_;
    }
    bool committed() const { return committed_; }
    // A chat: it has messages, and an answer of texts.
    bool is_chat() const { return endpoint_.kind == Endpoint::Kind::Chat; }
    // Of the answer to the caller, from Commit on.
    std::string_view answer_type() const { return passed_type_ ? std::string_view(*passed_type_) : content_type(); }
    // The answer was cut and has no words for that: its transfer is to be broken off.
    bool breaks_off() const { return mode_ == Mode::Passed && committed_ && !event_stream_ && bool(error_); }
    // x-aigw-*: for every answer, errors included.
    std::vector<std::pair<std::string_view, std::string>> client_headers() const;

    void end(End how, Millis now) override;

private:
    enum class Mode : uint8_t { Idle, Head, ErrorBody, JsonBody, Events, Passed };

    bool on_event(const SseEvent &event) override;
    void on_delta(const chat::Delta &delta) override;

    // begin(), by endpoint.
    // Nothing: it is in order.
    static std::optional<chat::ApiError> check_model(JsonValue body, bool needed);
    std::optional<chat::ApiError> match_model();
    Action list_models();
    Action one_model();
    std::optional<chat::ApiError> begin_chat(Body text);
    static chat::ApiError model_not_found(std::string_view name);

    // Calls that are no chat: exchange_operation.cpp.
    std::optional<chat::ApiError> begin_operation(Body text);
    bool own_count() const;
    Action count_here();
    bool write_operation(const Target &target, const dialects::RequestOptions &options);
    Verdict operation_answer(const JsonDoc &doc, Millis now);
    Verdict passed_answer(std::string_view bytes, Millis now);
    Verdict passed_end(Millis now);
    bool look_at(const JsonDoc *doc);
    Verdict commit_passed(Millis now);
    Verdict operation_head();
    void count_operation(const std::optional<chat::Usage> &usage, dialects::Units units);

    // A form: exchange_form.cpp.
    std::optional<chat::ApiError> begin_form(Body text);
    std::optional<chat::ApiError> check_form();
    dialects::Units form_units() const;

    // What nobody translates: exchange_raw.cpp.
    bool is_raw_call();
    std::optional<chat::ApiError> begin_raw(Body text);
    std::string raw_path() const;

    // The request for a target.
    const chat::Result<chat::ChatRequest> &chat_request();
    bool write_body(const Target &target, const std::string &model);
    bool cannot_serve();
    // What `target` is spoken to in: its own dialect, or the caller's where its row takes that too.
    const dialects::ProviderDialect &dialect_for(const Target &target) const;

    // The answer.
    void set_encoding(std::string_view value);
    Verdict read_body(std::string_view bytes, Millis now);
    void reset_answer();
    void start_answer();
    Verdict after_events(Millis now);
    Verdict error_body_end(Millis now);
    Verdict json_body_end(Millis now);
    void end_of_answer(const chat::Delta &delta);
    void commit(Millis now);
    Verdict fail_with(const chat::ApiError &error, FailureClass failure, Millis now);
    void note_result(std::string_view result);
    Verdict refuse_answer(Millis now);
    Verdict retry(FailureClass failure, std::optional<Millis> retry_after, Millis now);
    Verdict cut(const chat::ApiError &error, Millis now);
    void stop_waiting(Millis now);

    const Policy &policy_;
    Endpoint endpoint_;

    // The request.
    std::optional<chat::Result<chat::ChatRequest>> chat_;  // read when a target of another dialect needs it
    ModelMatch match_;

    std::optional<Tokens> clamp_;

    // The attempts.
    std::optional<Route> route_;
    std::optional<Route::Next> next_;
    const Target *target_ = nullptr;
    const dialects::ProviderDialect *dialect_ = nullptr;  // of the attempt
    std::unique_ptr<JsonSplice> splice_;
    const dialects::ProviderOperation *operation_ = nullptr;  // of the attempt; null: a chat, or a raw call
    std::optional<FormData> form_;
    std::string_view format_;     // of the answer, as the form asks for it
    int64_t seconds_ = 0;         // of the form's recording, estimated; 0: it has none
    std::string_view raw_body_;   // of a raw call
    std::string_view raw_path_;   // what follows the model; the whole path where the location names the model
    dialects::WrittenRequest written_;
    Millis waiting_since_ = 0;  // for a provider, or before the next attempt; 0: not waiting
    uint32_t random_;
    Rare<chat::ApiError> last_error_;  // of the last failed attempt, as the caller would see it

    // The answer of the attempt under way.
    Mode mode_ = Mode::Idle;
    int status_ = 0;
    bool event_stream_ = false;
    bool encoded_ = false;  // in a way that nobody here can undo
    std::unique_ptr<Inflater> inflater_;
    bool pass_ = false;  // same dialect, same mode: payloads go through unchanged
    std::optional<Millis> retry_after_;
    std::string json_;  // body of a JSON or error answer
    EventReader &events() { return other_events_ ? *other_events_ : sse_; }
    SseReader sse_;
    std::unique_ptr<EventReader> other_events_;  // of a provider that frames its streams otherwise
    std::unique_ptr<dialects::ResponseReader> reader_;
    dialects::AnswerOptions answer_;
    Rare<chat::ApiError> stream_error_;
    bool content_ = false;
    bool ended_ = false;  // the provider's terminal event came
    bool refused_ = false;  // by the guard
    Rare<std::string> passed_type_;  // of an answer that passes as it comes
    bool told_ = false;              // such an answer told its usage
    size_t passed_ = 0;  // events

    // The caller's side.
    bool committed_ = false;
    JsonArray array_;
};

}  // namespace aigw::gateway
