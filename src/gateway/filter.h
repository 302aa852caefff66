// A request that the operator's own proxy_pass serves (ai_filter): understood, judged and counted, never routed or
// translated. The answer's bytes stay the proxy's; only in a stream of which we asked the usage for ourselves is the usage
// taken out again.
//
//   wants_body() --> begin(body) --> edited_body() ... head() body()* body_end()
//                        '--> an error
//   end(how) once, on every way out.
//
// What the answer says may be anything: what cannot be read is passed on and not counted.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/conversation.h"
#include "gateway/filter_path.h"
#include "gateway/policy.h"
#include "stream/sse.h"

namespace aigw::gateway {

class Filter final : public Conversation, private SseSink, private chat::DeltaSink {
public:
    static constexpr size_t kMaxJsonAnswer = 32 << 20;  // bytes of a JSON answer that are looked at
    static constexpr size_t kMaxErrorBody = 64 << 10;   // bytes of an error answer that are looked at

    // `dialect` null (auto): by the path and the header anthropic-version.
    Filter(Scratch &scratch, const Policy &policy, const dialects::Dialect *dialect, const Caller &caller);

    // Whether the request's body has to be read: it is a call, or may be one.
    bool wants_body(std::string_view content_type) const;

    // The request is complete; `body` is null if it was not wanted. An error: the caller gets it, nothing is proxied.
    std::optional<chat::ApiError> begin(std::optional<Body> body, Millis now);
    // What is proxied in the place of the caller's body, for this object's life; empty: the body as it is.
    // Once, when all edits are made: a stream's usage is asked for here.
    std::vector<std::string_view> edited_body();
    // A request that costs the server something: anything but a look.
    bool may_cost() const;
    // A call whose answer is to be read: it must not come compressed.
    bool is_call() const { return call_; }

    // A chat, whose answer can be told by a dialect's writer.
    bool answers_chat() const { return chat_; }
    // What is called, whatever form its answer is to come in.
    std::string place() const { return filter_place(path_, caller_.path, caller_.query); }
    std::string write_answer(std::string_view text) const override;

    // The answer: its head, its body in plain bytes, its end. `encoded`: compressed, so nobody reads it.
    void head(int status, std::string_view content_type, bool encoded);
    // Bytes of the body have to be shown to body(). Else only the end is told.
    bool watches() const { return mode_ != Mode::Blind; }
    // What the caller gets is out() and not what came.
    bool rewrites() const { return rewrites_; }
    // Nothing may go out, the header neither, before the end was told: then error() says whether the answer is refused.
    bool withholds() const { return rewrites_ && (mode_ == Mode::Json || mode_ == Mode::Unguardable); }
    // An answer that goes through the rules and cannot: the request is not to be proxied.
    bool guards_in_vain() const;
    // False: a stream that must be rewritten cannot be (an event larger than SseReader takes).
    bool body(std::string_view bytes, Millis now);
    bool body_end(Millis now);
    // The stream ends here: out() gets the error, nothing more is read.
    void stop(const chat::ApiError &error);
    // It did, from outside or because the answer is refused: nothing follows out().
    bool stopped() const { return stopped_; }
    // Of a rewritten stream, or one that was stopped: what the caller is to be sent; the host takes it and clears it.
    std::string &out() { return out_; }

    bool streams() const { return mode_ == Mode::Events; }

    // What the proxy did: its name, one result a call, the time spent waiting; or its cache answered.
    void note_calls(std::string_view provider, std::vector<CallRecord> calls, Millis waited, bool cached);
    std::string replay(const cache::Recording &recording, Millis now) override;
    void end(End how, Millis now) override;

private:
    enum class Mode : uint8_t { Blind, Events, Json, ErrorBody, Unguardable };

    Filter(Scratch &scratch, const Policy &policy, const FilterPath &path, const Caller &caller);

    bool on_event(const SseEvent &event) override;
    void on_comment() override;
    void on_delta(const chat::Delta &delta) override;
    std::optional<chat::ApiError> judge_model() const;
    void read_answer(std::string_view text, Millis now);
    void read_error(std::string_view text);
    void note_failure(const chat::ApiError &error);
    void guard_head(bool events, bool json);
    void fail_guarded(const chat::ApiError &error);

    void read_list(JsonValue list);
    std::optional<chat::ApiError> judge_call(std::optional<chat::ApiError> fault);

    const Policy &policy_;
    const FilterPath path_;
    bool chat_path_;      // a call by its path
    bool call_ = false;   // a chat or a completion
    bool chat_ = false;
    bool asked_ = false;  // for the usage, by us
    std::unique_ptr<JsonSplice> splice_;

    Mode mode_ = Mode::Blind;
    int status_ = 0;
    bool rewrites_ = false;
    bool stopped_ = false;
    bool readable_ = true;  // false: the rest of the stream is not understood
    bool content_ = false;
    bool cached_ = false;   // the proxy's cache answered
    Millis now_ = 0;        // of the body() under way
    std::string json_;      // of a body that comes in pieces
    SseReader sse_;
    std::unique_ptr<dialects::ResponseReader> reader_;
    dialects::AnswerOptions answer_;  // of a rewritten stream
};

}  // namespace aigw::gateway
