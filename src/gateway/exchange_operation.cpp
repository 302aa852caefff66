// Calls that are no chat: one body in, one answer out. Keys, limits, attempts and the record are the same as a chat's.
#include "gateway/exchange.h"

#include "core/json_writer.h"
#include "dialects/common.h"
#include "dialects/request_facts.h"
#include "gateway/call_result.h"

namespace aigw::gateway {

using dialects::Operation;

std::optional<chat::ApiError> Exchange::begin_operation(Body text) {
    if (dialects::takes_form(endpoint_.operation)) {
        return begin_form(std::move(text));
    }
    if (auto error = read_request(std::move(text))) {
        return error;
    }
    JsonValue body = request_.root();
    if (auto error = check_model(body, caller_.forced_model.empty() && !client_->model_in_path())) {
        return error;
    }
    if (auto error = dialects::check_operation(endpoint_.operation, body)) {
        return error;
    }
    note_request();
    if (client_->model_in_path() && caller_.forced_model.empty()) {
        record_.model = endpoint_.model;
    }
    record_.stream = false;
    record_.max_tokens = 0;
    return match_model();
}

// Tokens are counted here where the provider has no way to.
bool Exchange::own_count() const {
    if (!counts_tokens(endpoint_.operation)) {
        return false;
    }
    const Target &first = match_.model->targets.front();
    return dialects::find_operation(endpoint_.operation, first.provider->row->format, first.dialect->name()) == nullptr;
}

Action Exchange::count_here() {
    std::string body;
    JsonWriter json(body);
    json.begin_object().key(endpoint_.operation == Operation::CountTokens ? "input_tokens" : "totalTokens").number(input_tokens()).end_object();
    done_ = true;
    return Answer{"application/json", std::move(body)};
}

bool Exchange::write_operation(const Target &target, const dialects::RequestOptions &options) {
    const providers::CatalogRow &row = *target.provider->row;
    std::string_view dialect = row.serves == providers::Serves::Chats ? target.dialect->name() : std::string_view();
    operation_ = dialects::find_operation(endpoint_.operation, row.format, dialect);
    if (operation_ == nullptr) {
        return cannot_serve();
    }
    if (form_) {
        return true;
    }
    auto written = operation_->write_request(request_, options);
    if (!written) {
        fail_with(written.error(), FailureClass::OtherTarget, waiting_since_);
        return false;
    }
    written_ = std::move(*written);
    return true;
}

Verdict Exchange::operation_answer(const JsonDoc &doc, Millis now) {
    dialects::AnswerOptions options;
    options.created = caller_.now;
    options.fallback_id = caller_.request_id;
    options.model = record_.upstream_model;
    options.input_tokens = input_tokens();
    auto read = operation_->read_answer(doc, request_.root(), options);
    if (!read) {
        return fail_with(read.error(), classify(read.error()), now);
    }
    count_operation(read->usage, read->units);
    out_ = read->body.empty() ? std::string(doc.text()) : std::move(read->body);
    json_ = {};
    content_ = true;
    ended_ = true;
    return after_events(now);
}

// How the answer is to be taken, by its type.
Verdict Exchange::operation_head() {
    using dialects::Taking;
    std::string_view type = passed_type_ ? std::string_view(*passed_type_) : std::string_view();
    Taking taking = operation_ ? operation_->taking(type, format_) : Taking::Passed;
    mode_ = taking == Taking::Json ? Mode::JsonBody : Mode::Passed;
    event_stream_ = taking == Taking::Events;
    if (mode_ == Mode::JsonBody) {
        passed_type_.reset();
        record_.stream = false;
    }
    return Verdict::More;
}

// The answer begins with its first bytes, or with its first event that is no error.
Verdict Exchange::passed_answer(std::string_view bytes, Millis now) {
    if (bytes.empty()) {
        return Verdict::More;
    }
    out_.append(bytes);
    if (event_stream_ && sse_.feed(bytes, *this) == SseReader::Status::TooLarge) {
        return fail(Cause::Protocol, now);
    }
    if (stream_error_ && !committed_) {
        return fail_with(*stream_error_, classify(*stream_error_), now);
    }
    if (committed_) {
        return Verdict::Data;
    }
    if (event_stream_ && !content_) {
        return out_.size() > kMaxPreamble ? fail(Cause::Protocol, now) : Verdict::More;
    }
    return commit_passed(now);
}

// What an event of a stream that passes says: its usage, or that it is an error.
bool Exchange::look_at(const JsonDoc *doc) {
    constexpr int kBadGateway = 502;
    JsonValue event = doc != nullptr ? doc->root() : JsonValue();
    if (event["error"].is_object() && !stream_error_) {
        stream_error_ = dialects::read_error_value(kBadGateway, event);
        record_.error_code = committed_ ? stream_error_->code : record_.error_code;
        return committed_;
    }
    content_ = true;
    if (auto read = event.is_object() ? operation_->read_event(event) : std::nullopt) {
        count_operation(read->usage, read->units);
        told_ = true;
    }
    return true;
}

Verdict Exchange::commit_passed(Millis now) {
    if (!told_ && endpoint_.kind == Endpoint::Kind::Raw) {
        record_.units = dialects::Units{};
    } else if (!told_) {
        count_operation(std::nullopt, operation_->units_of_request(request_.root()));
    }
    commit(now);
    return Verdict::Commit;
}

// An answer without a byte is one only where nobody knows what it should be.
Verdict Exchange::passed_end(Millis now) {
    if (event_stream_) {
        sse_.finish(*this);
    }
    bool empty = !committed_ && out_.empty() && endpoint_.kind != Endpoint::Kind::Raw;
    if (empty || (stream_error_ && !committed_)) {
        return fail(Cause::Protocol, now);
    }
    Verdict verdict = committed_ ? Verdict::Data : commit_passed(now);
    ended_ = true;
    done_ = true;
    stop_waiting(now);
    return verdict;
}

void Exchange::count_operation(const std::optional<chat::Usage> &usage, dialects::Units units) {
    record_.units = form_ && units.unit == dialects::Unit::Calls ? form_units() : units;
    if (counts_tokens(endpoint_.operation)) {
        return;  // it costs none
    }
    record_.usage_source = usage ? UsageSource::Provider : UsageSource::Estimated;
    record_.usage = usage.value_or(chat::Usage{});
    if (!usage) {
        record_.usage.prompt = input_tokens();
    }
    if (!form_ && (units.unit == dialects::Unit::Tokens || (units.unit == dialects::Unit::Calls && endpoint_.operation == Operation::Embeddings))) {
        record_.units = {dialects::Unit::Tokens, record_.usage.total()};
    }
}

}  // namespace aigw::gateway
