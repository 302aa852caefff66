// Calls that are no chat: one body in, one answer out. Keys, limits, attempts and the record are the same as a chat's.
#include "gateway/exchange.h"

#include "core/json_writer.h"
#include "dialects/request_facts.h"
#include "gateway/call_result.h"

namespace aigw::gateway {

using dialects::Operation;

std::optional<chat::ApiError> Exchange::begin_operation(Body text) {
    if (auto error = read_request(std::move(text))) {
        return error;
    }
    JsonValue body = request_.root();
    if (auto error = check_model(body, caller_.forced_model.empty())) {
        return error;
    }
    if (auto error = dialects::check_operation(endpoint_.operation, body)) {
        return error;
    }
    note_request();
    record_.stream = false;
    record_.max_tokens = 0;
    return match_model();
}

// Tokens are counted here where the provider has no way to.
bool Exchange::own_count() const {
    if (endpoint_.operation != Operation::CountTokens) {
        return false;
    }
    const Target &first = match_.model->targets.front();
    return dialects::find_operation(Operation::CountTokens, first.provider->row->format, first.dialect->name()) == nullptr;
}

Action Exchange::count_here() {
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("input_tokens").number(input_tokens()).end_object();
    done_ = true;
    return Answer{"application/json", std::move(body)};
}

bool Exchange::write_operation(const Target &target, const dialects::RequestOptions &options) {
    operation_ = dialects::find_operation(endpoint_.operation, target.provider->row->format, target.dialect->name());
    if (operation_ == nullptr) {
        fail_with(chat::invalid_request("unsupported_value", "The model \"" + quoted_model(record_.model) + "\" does not do this.",
                                        "model"),
                  FailureClass::OtherTarget, waiting_since_);
        return false;
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

// The answer begins with its first bytes; an empty one is none.
Verdict Exchange::binary_answer(std::string_view bytes, Millis now) {
    if (bytes.empty()) {
        return Verdict::More;
    }
    out_.append(bytes);
    if (committed_) {
        return Verdict::Data;
    }
    count_operation(std::nullopt, operation_->units_of_request(request_.root()));
    commit(now);
    return Verdict::Commit;
}

Verdict Exchange::binary_end(Millis now) {
    if (!committed_) {
        return fail(Cause::Protocol, now);
    }
    ended_ = true;
    done_ = true;
    stop_waiting(now);
    return Verdict::Data;
}

void Exchange::count_operation(const std::optional<chat::Usage> &usage, dialects::Units units) {
    record_.units = units;
    if (endpoint_.operation == Operation::CountTokens) {
        return;  // it costs none
    }
    record_.usage_source = usage ? UsageSource::Provider : UsageSource::Estimated;
    record_.usage = usage.value_or(chat::Usage{});
    if (!usage) {
        record_.usage.prompt = input_tokens();
    }
    if (units.unit == dialects::Unit::Tokens || (units.unit == dialects::Unit::Calls && endpoint_.operation == Operation::Embeddings)) {
        record_.units = {dialects::Unit::Tokens, record_.usage.total()};
    }
}

}  // namespace aigw::gateway
