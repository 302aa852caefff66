#include "gateway/filter.h"

#include <algorithm>

#include "gateway/call_result.h"
#include "gateway/errors.h"
#include "stream/sse.h"

namespace aigw::gateway {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// `type` is `wanted` (lower case), whatever parameters follow.
bool is_type(std::string_view type, std::string_view wanted) {
    return type.size() >= wanted.size() &&
           std::equal(wanted.begin(), wanted.end(), type.begin(), [](char a, char b) { return a == lower(b); });
}

// Methods that bring no call.
bool is_reading(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

// A stream of one event, for callers who get theirs as a list.
std::string in_list(std::string_view event) {
    return "[" + std::string(event) + "]";
}

}  // namespace

Filter::Filter(Scratch &scratch, const Policy &policy, const dialects::Dialect *dialect, const Caller &caller)
    : Filter(scratch, policy, read_filter_path(dialect, caller.path, caller.query, !caller.anthropic_version.empty()), caller) {}

Filter::Filter(Scratch &scratch, const Policy &policy, const FilterPath &path, const Caller &caller)
    : Conversation(scratch, caller, *path.dialect), policy_(policy), path_(path),
      chat_path_(caller.method == "POST" && path.is_call) {}

bool Filter::may_cost() const {
    return !is_reading(caller_.method);
}

void Filter::stop(const chat::ApiError &error) {
    client_->write_error_event(error, caller_.request_id, out_);
    refuse(error);
    mode_ = Mode::Blind;
    done_ = true;
    stopped_ = true;
}

bool Filter::guards_in_vain() const {
    return guarded() && may_cost() && !path_.counts_tokens && !chat_;
}

bool Filter::wants_body(std::string_view content_type) const {
    return chat_path_ || (caller_.method == "POST" && is_type(content_type, "application/json"));
}

std::optional<chat::ApiError> Filter::begin(std::optional<Body> body, Millis now) {
    record_.began = now;
    std::optional<chat::ApiError> fault;
    if (body) {
        fault = read_request(std::move(*body));
    }
    bool read = body && !fault;
    if (read) {
        note_request();
    }
    if (client_->model_in_path()) {
        record_.model = path_.model;
        record_.stream = path_.stream && chat_path_;
    }
    if (read) {
        record_.upstream_model = record_.model;
        if (ModelMatch match = policy_.models->find(record_.model); match.model != nullptr) {
            record_.configured_model = match.model->name;
        }
    }
    if (auto error = judge_call(std::move(fault))) {
        refuse(*error);
        return error;
    }
    // Where paths say what is a call, a list of messages says nothing.
    bool others = client_ == &dialects::openai_chat() || client_ == &dialects::anthropic_messages();
    bool messages = others && request_.root()["messages"].is_array();
    call_ = record_.has_body && !path_.counts_tokens && (chat_path_ || messages);
    chat_ = call_ && (!others || messages);
    return std::nullopt;
}

// Elsewhere a body that is no JSON is the server's business.
std::optional<chat::ApiError> Filter::judge_call(std::optional<chat::ApiError> fault) {
    return chat_path_ && fault ? fault : judge_model();
}

// A key for some models only: what names none cannot be judged, and is refused.
std::optional<chat::ApiError> Filter::judge_model() const {
    bool restricted = caller_.identity != nullptr && !caller_.identity->models.empty();
    if (!restricted || is_reading(caller_.method)) {
        return std::nullopt;
    }
    if (record_.model.empty()) {
        return chat::ApiError{403, chat::ErrorKind::Permission, "model_not_allowed",
                              "This key may use certain models only, and this request names none.", "model", {}};
    }
    return may_use(record_.model) ? std::nullopt : std::optional(model_not_allowed(record_.model));
}

std::vector<std::string_view> Filter::edited_body() {
    if (call_ && record_.stream) {
        splice_ = std::make_unique<JsonSplice>(request_.text());
        asked_ = client_->ask_usage(request_, *splice_);
    }
    if (asked_) {
        return splice_->pieces();
    }
    return edited() ? std::vector<std::string_view>{request_.text()} : std::vector<std::string_view>();
}

void Filter::head(int status, std::string_view content_type, bool encoded) {
    status_ = status;
    bool events = !encoded && is_type(content_type, "text/event-stream");
    bool json = !encoded && is_type(content_type, "application/json");
    if (status == 200 && (events || json)) {
        start_record();
    }
    if (guarded() && call_ && status < 400) {
        guard_head(events, json);
        return;
    }
    if (encoded || !record_.has_body) {
        return;
    }
    if (status >= 400) {
        mode_ = json ? Mode::ErrorBody : Mode::Blind;
    } else if (events) {
        mode_ = call_ ? Mode::Events : Mode::Blind;
        rewrites_ = call_ && asked_;
        answer_.stream = true;
    } else if (json) {
        mode_ = Mode::Json;
    }
    if (call_ && mode_ != Mode::Blind) {
        reader_ = client_->response_reader();
    }
}

// Everything is read and written anew; what cannot be read may not be seen.
void Filter::guard_head(bool events, bool json) {
    mode_ = events ? Mode::Events : json ? Mode::Json : Mode::Unguardable;
    rewrites_ = true;
    reader_ = client_->response_reader();
    answer_.stream = events;
    answer_.include_usage = include_usage_;
    answer_.created = caller_.now;
    answer_.fallback_id = caller_.request_id;
    answer_.model = record_.model;
    answer_.input_tokens = events && client_->tells_prompt_first() ? input_tokens() : 0;
    start_writer(answer_);
}

void Filter::fail_guarded(const chat::ApiError &error) {
    if (mode_ == Mode::Events) {
        stop(error);
    } else {
        refuse(error);
    }
}

bool Filter::body(std::string_view bytes, Millis now) {
    now_ = now;
    switch (mode_) {
    case Mode::Blind:
    case Mode::Unguardable:
        break;
    case Mode::Events:
        if (sse_.feed(bytes, *this) == SseReader::Status::TooLarge) {
            mode_ = Mode::Blind;
            return !rewrites_;
        }
        break;
    case Mode::Json:
        if (json_.size() + bytes.size() > kMaxJsonAnswer) {
            mode_ = guarded() ? Mode::Unguardable : Mode::Blind;
            json_ = {};
            break;
        }
        if (json_.empty()) {
            json_ = scratch_.take_body();
        }
        json_.append(bytes);
        break;
    case Mode::ErrorBody:
        json_.append(bytes.substr(0, kMaxErrorBody - std::min(kMaxErrorBody, json_.size())));
        break;
    }
    return true;
}

bool Filter::body_end(Millis now) {
    if (done_) {
        return true;
    }
    done_ = true;
    now_ = now;
    switch (mode_) {
    case Mode::Blind:
        return true;
    case Mode::Unguardable:
        refuse(caller_error(Cause::Protocol, record_.provider));
        return true;
    case Mode::Events:
        break;
    case Mode::Json:
        read_answer(json_, now);
        scratch_.give_back(std::move(json_));
        return true;
    case Mode::ErrorBody:
        read_error(json_);
        json_ = {};
        return true;
    }
    if (sse_.finish(*this) == SseReader::Status::TooLarge) {
        return !rewrites_;
    }
    if (readable_ && !stopped_) {
        if (auto whole = reader_->finish(*this); !whole) {
            note_failure(whole.error());
        }
    }
    return true;
}

bool Filter::on_event(const SseEvent &event) {
    SseEvent seen = event;
    std::string repaired;
    const JsonDoc *doc = parse_event(seen, repaired);
    if (readable_) {
        if (auto read = reader_->event(seen, doc, *this); !read) {
            note_failure(read.error());
        }
    }
    if (rewrites_ && !guarded()) {
        client_->pass_event(seen, doc, answer_, out_);
    }
    return !stopped_;
}

// A sign of life: proxies on the way wait for it.
void Filter::on_comment() {
    if (rewrites_) {
        out_ += ":\n\n";
    }
}

void Filter::on_delta(const chat::Delta &delta) {
    count(delta, *client_);
    if (delta.is_content() && record_.first_content == 0) {
        record_.first_content = now_;
    }
    content_ = content_ || delta.is_content();
    if (delta.kind == chat::Delta::Kind::Error) {
        note_failure(*delta.error);
    } else if (!writes()) {
        if (!delta.partial) {
            note_shown(delta);
        }
    } else if (!error_) {
        bool written = delta.kind == chat::Delta::Kind::End ? write_end(delta)
                       : delta.partial                      ? true
                                                            : write(delta);
        if (!written) {
            fail_guarded(guardrail_error(*guarding_));
        }
    }
}

void Filter::read_answer(std::string_view text, Millis now) {
    if (text.starts_with(kBom)) {
        text.remove_prefix(kBom.size());
    }
    JsonDoc doc;
    std::string repaired;
    if (!parse_answer(scratch_.parser, text, doc, repaired)) {
        if (guarded() && call_) {
            refuse(caller_error(Cause::Protocol, record_.provider));
        }
        return;
    }
    record_.first_content = now;
    if (reader_ != nullptr && path_.list && doc.root().is_array()) {
        read_list(doc.root());
        return;
    }
    if (reader_ != nullptr && reader_->answer(doc, *this)) {
        content_ = true;
        return;
    }
    if (guarded() && call_ && !error_) {
        refuse(caller_error(Cause::Protocol, record_.provider));
        return;
    }
    forget_answer();
    if (auto usage = client_->read_usage(doc.root())) {
        record_.usage = *usage;
        record_.usage_source = UsageSource::Provider;
    }
}

// A stream's events, in one piece.
void Filter::read_list(JsonValue list) {
    chat::Result<void> read;
    for (JsonValue element : list.elements()) {
        SseEvent event;
        event.data = element.raw();
        std::string repaired;
        const JsonDoc *doc = parse_event(event, repaired);
        if (read = reader_->event(event, doc, *this); !read) {
            break;
        }
    }
    if (read) {
        read = reader_->finish(*this);
    }
    if (!read) {
        note_failure(read.error());
    }
    if (!guarded()) {
        return;
    }
    if (!read && !error_) {
        refuse(caller_error(Cause::Protocol, record_.provider));
    }
    out_ = in_list(out_);
}

std::string Filter::write_answer(std::string_view text) const {
    std::string answer = Conversation::write_answer(text);
    return path_.list ? in_list(answer) : answer;
}

void Filter::read_error(std::string_view text) {
    if (!text.empty()) {
        record_.error_code = client_->read_error(status_, text, scratch_.parser).code;
    }
}

void Filter::note_failure(const chat::ApiError &error) {
    readable_ = false;
    record_.error_code = error.code;
    if (guarded() && mode_ == Mode::Events && !stopped_) {
        stop(error);
    }
}

void Filter::note_calls(std::string_view provider, std::vector<CallRecord> calls, Millis waited, bool cached) {
    record_.provider = provider;
    record_.attempts = static_cast<int>(calls.size());
    record_.calls = std::move(calls);
    record_.upstream_time = waited;
    cached_ = cached;
}

void Filter::end(End how, Millis now) {
    record_.end = how == End::Done && !readable_ ? End::Error : how;
    record_.ended = now;
    if (how == End::Error && mode_ == Mode::Events && record_.error_code.empty()) {
        record_.error_code = "upstream_error";  // cut
    }
    if (!record_.calls.empty() && record_.calls.back().result.empty()) {
        record_.calls.back().result = result_of(record_.end);
    }
    // What a cache answered was used by nobody.
    if (cached_) {
        forget_answer();
    } else if (content_ && call_ && record_.usage_source != UsageSource::Provider) {
        settle_estimate();
    }
}

}  // namespace aigw::gateway
