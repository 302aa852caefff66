// The provider's side of an exchange: its head, its body, its end, its failures.
#include <algorithm>

#include "gateway/exchange.h"

#include "gateway/call_result.h"

namespace aigw::gateway {

namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";

FailureClass class_of(Cause cause) {
    switch (cause) {
    case Cause::Total:
        return FailureClass::Final;
    case Cause::Credentials:
        return FailureClass::OtherTarget;
    default:
        return FailureClass::Retryable;
    }
}

bool is_broken(EventReader::Status status) {
    return status == EventReader::Status::TooLarge || status == EventReader::Status::Broken;
}

}  // namespace

void Exchange::reset_answer() {
    mode_ = Mode::Idle;
    status_ = 0;
    event_stream_ = false;
    encoded_ = false;
    inflater_.reset();
    passed_ = 0;
    pass_ = false;
    retry_after_.reset();
    json_.clear();
    sse_.reset();
    other_events_.reset();
    passed_type_.reset();
    told_ = false;
    reader_.reset();
    stop_writer();
    refused_ = false;
    stream_error_.reset();
    content_ = false;
    ended_ = false;
    out_.clear();
    forget_answer();
}

// We ask for none; some compress all the same.
void Exchange::set_encoding(std::string_view value) {
    encoded_ = !value.empty() && value != "identity";
    if (Inflater::knows(value)) {
        encoded_ = false;
        inflater_ = std::make_unique<Inflater>();
    }
}

void Exchange::header(std::string_view name, std::string_view value) {
    if (name == "content-type") {
        if (operation_ || endpoint_.kind == Endpoint::Kind::Raw) {
            passed_type_ = std::string(value);
        }
        std::string_view events = content_type_of(dialect_->framing());
        event_stream_ = value.size() >= events.size() &&
                        std::equal(events.begin(), events.end(), value.begin(),
                                   [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
    } else if (name == "content-encoding") {
        set_encoding(value);
    } else if (name == "retry-after") {
        if (!retry_after_) {
            retry_after_ = parse_retry_after(value, caller_.now);
        }
    } else if (name == "retry-after-ms") {
        if (auto ms = parse_retry_after_ms(value)) {
            retry_after_ = ms;
        }
    }
}

Verdict Exchange::head(int status, Millis now) {
    status_ = status;
    if (status < 200 || status >= 300) {
        mode_ = Mode::ErrorBody;
        return Verdict::More;
    }
    if (encoded_) {
        return fail(Cause::Protocol, now);
    }
    if (operation_ || endpoint_.kind == Endpoint::Kind::Raw) {
        return operation_head();
    }
    mode_ = event_stream_ ? Mode::Events : Mode::JsonBody;
    start_answer();
    return Verdict::More;
}

void Exchange::start_answer() {
    pass_ = dialect_ == client_ && event_stream_ == record_.stream && !guarded();
    reader_ = dialect_->response_reader();
    if (event_stream_ && dialect_->framing() != Framing::Sse) {
        other_events_ = make_event_reader(dialect_->framing());
    }
    answer_ = {};
    answer_.stream = record_.stream;
    answer_.include_usage = include_usage_;
    answer_.created = caller_.now;
    answer_.fallback_id = caller_.request_id;
    answer_.model = record_.upstream_model;
    answer_.request = own_request();
    start_record();
    if (pass_) {
        return;
    }
    if (record_.stream && client_->tells_prompt_first()) {
        answer_.input_tokens = input_tokens();
    }
    start_writer(answer_);
    answer_.request = {};  // what comes after may outlive it
}

Verdict Exchange::body(std::string_view bytes, Millis now) {
    if (!inflater_ || mode_ == Mode::Idle) {
        return read_body(bytes, now);
    }
    std::string plain;
    if (inflater_->feed(bytes, plain) != Inflater::Status::Ok && !ended_) {
        return fail(Cause::Protocol, now);
    }
    return read_body(plain, now);
}

Verdict Exchange::read_body(std::string_view bytes, Millis now) {
    switch (mode_) {
    case Mode::Idle:
    case Mode::Head:
        break;
    case Mode::ErrorBody:
        if (!encoded_) {
            json_.append(bytes.substr(0, kMaxErrorBody - std::min(kMaxErrorBody, json_.size())));
        }
        break;
    case Mode::JsonBody:
        if (json_.size() + bytes.size() > kMaxJsonAnswer) {
            return fail(Cause::Protocol, now);
        }
        if (json_.size() + bytes.size() > json_.capacity()) {  // never twice the limit
            json_.reserve(std::min(kMaxJsonAnswer, 2 * (json_.size() + bytes.size())));
        }
        json_.append(bytes);
        break;
    case Mode::Passed:
        return passed_answer(bytes, now);
    case Mode::Events:
        if (ended_) {
            break;
        }
        if (is_broken(events().feed(bytes, *this))) {
            return fail(Cause::Protocol, now);
        }
        return after_events(now);
    }
    return Verdict::More;
}

Verdict Exchange::body_end(Millis now) {
    bool cut = inflater_ && !inflater_->whole();
    if (cut && mode_ != Mode::ErrorBody && !ended_) {
        return fail(Cause::Closed, now);
    }
    switch (mode_) {
    case Mode::Idle:
    case Mode::Head:
        return fail(Cause::Closed, now);
    case Mode::ErrorBody:
        return error_body_end(now);
    case Mode::JsonBody:
        return json_body_end(now);
    case Mode::Passed:
        return passed_end(now);
    case Mode::Events:
        break;
    }
    if (ended_) {
        return Verdict::Data;
    }
    if (is_broken(events().finish(*this))) {
        return fail(Cause::Protocol, now);
    }
    if (!ended_ && !stream_error_) {
        if (auto whole = reader_->finish(*this); !whole) {
            return fail(Cause::Closed, now);
        }
        if (!ended_) {
            return fail(Cause::Closed, now);
        }
        if (pass_) {
            out_ += client_->terminal_event();
        }
    }
    return after_events(now);
}

Verdict Exchange::after_events(Millis now) {
    if (refused_) {
        return refuse_answer(now);
    }
    if (stream_error_) {
        return fail_with(*stream_error_, classify(*stream_error_), now);
    }
    bool first = !committed_ && content_;
    if (first) {
        commit(now);
    } else if (!committed_ && out_.size() > kMaxPreamble) {
        return fail(Cause::Protocol, now);
    }
    done_ = ended_;
    if (done_) {
        stop_waiting(now);
    }
    if (first) {
        return Verdict::Commit;
    }
    return committed_ ? Verdict::Data : Verdict::More;
}

void Exchange::commit(Millis now) {
    committed_ = true;
    if (record_.first_content == 0) {
        record_.first_content = now;
    }
}

Verdict Exchange::error_body_end(Millis now) {
    chat::ApiError error = dialect_->read_error(status_, json_, scratch_.parser);
    error.status = status_;
    if (retry_after_) {
        error.retry_after_ms = retry_after_;
    }
    return fail_with(error, classify(error), now);
}

Verdict Exchange::json_body_end(Millis now) {
    JsonDoc doc;
    if (json_.starts_with(kBom)) {
        json_.erase(0, kBom.size());
    }
    std::string repaired;
    if (!parse_answer(scratch_.parser, json_, doc, repaired)) {
        return fail(Cause::Protocol, now);
    }
    if (operation_) {
        return operation_answer(doc, now);
    }
    if (auto read = reader_->answer(doc, *this); !read) {
        return fail_with(read.error(), classify(read.error()), now);
    }
    if (refused_) {
        return refuse_answer(now);
    }
    if (!ended_) {
        return fail(Cause::Protocol, now);
    }
    if (pass_) {
        out_ = std::move(repaired.empty() ? json_ : repaired);
    }
    json_ = {};
    content_ = true;
    return after_events(now);
}

bool Exchange::on_event(const SseEvent &event) {
    SseEvent seen = event;
    std::string repaired;
    const JsonDoc *doc = parse_event(seen, repaired);
    if (mode_ == Mode::Passed) {
        return look_at(doc);
    }
    if (auto read = reader_->event(seen, doc, *this); !read) {
        stream_error_ = read.error();
        return false;
    }
    if (pass_ && !stream_error_) {
        size_t before = out_.size();
        client_->pass_event(seen, doc, answer_, out_);
        passed_ += out_.size() > before;
    }
    return !ended_ && !stream_error_ && !refused_;
}

void Exchange::on_delta(const chat::Delta &delta) {
    using Kind = chat::Delta::Kind;
    content_ = content_ || delta.is_content();
    count(delta, *dialect_);
    if (delta.kind == Kind::Error) {
        stream_error_ = *delta.error;
        return;
    }
    if (delta.kind == Kind::End) {
        end_of_answer(delta);
        return;
    }
    if (delta.kind == Kind::Usage && delta.partial) {
        return;
    }
    if (!writes()) {
        note_shown(delta);
    } else if (!refused_) {
        refused_ = !write(delta);
    }
}

void Exchange::end_of_answer(const chat::Delta &delta) {
    ended_ = true;
    refused_ = refused_ || !write_end(delta);
}

Verdict Exchange::fail(Cause cause, Millis now) {
    chat::ApiError error = caller_error(cause, record_.provider);
    note_result(ended_ ? kResultOk : result_of(cause));
    if (committed_) {
        return cut(error, now);
    }
    last_error_ = error;
    return retry(class_of(cause), {}, now);
}

Verdict Exchange::fail_with(const chat::ApiError &error, FailureClass failure, Millis now) {
    note_result(result_of(error.kind));
    if (committed_) {
        // An error event of the provider: its kind and its (masked) words are for the caller.
        return cut(error, now);
    }
    // A target that cannot carry the request was not called: the caller's request is at fault, unless another failed.
    if (mode_ == Mode::Idle) {
        if (!last_error_) {
            last_error_ = error;
        }
    } else {
        last_error_ = caller_error(error, failure, record_.provider);
    }
    return retry(failure, error.retry_after_ms, now);
}

// No other target would be asked: it is the answer that may not be seen.
Verdict Exchange::refuse_answer(Millis now) {
    note_result(kResultOk);
    chat::ApiError error = guardrail_error(*guarding_);
    if (committed_) {
        return cut(error, now);
    }
    last_error_ = error;
    return retry(FailureClass::Final, {}, now);
}

Verdict Exchange::retry(FailureClass failure, std::optional<Millis> retry_after, Millis now) {
    stop_waiting(now);
    random_ = random_ * 1664525 + 1013904223;
    next_ = route_->after(failure, retry_after, random_ >> 8);
    mode_ = Mode::Idle;
    out_.clear();
    json_ = {};
    return Verdict::Failed;
}

Verdict Exchange::stop(const chat::ApiError &error, Millis now) {
    note_result(kResultOk);
    return cut(error, now);
}

Verdict Exchange::cut(const chat::ApiError &error, Millis now) {
    if (done_) {
        return Verdict::Data;
    }
    if (mode_ != Mode::Passed || event_stream_) {
        client_->write_late_error(error, caller_.request_id, passed_ + told(), out_);
    }
    refuse(error);
    done_ = true;
    stop_waiting(now);
    return Verdict::Cut;
}

}  // namespace aigw::gateway
