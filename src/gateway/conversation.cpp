#include "gateway/conversation.h"

#include <algorithm>

#include "core/json_repair.h"
#include "core/json_writer.h"
#include "core/json_splice.h"
#include <stdexcept>
#include "gateway/errors.h"
#include "gateway/json_array.h"
#include "gateway/prompt_tokens.h"

namespace aigw::gateway {
namespace {

constexpr size_t kMaxQuotedModel = 128;  // bytes of a caller's model name in an error

}  // namespace

std::string Scratch::take_body() {
    if (spares_.empty()) {
        return {};
    }
    std::string body = std::move(spares_.back());
    spares_.pop_back();
    return body;
}

void Scratch::give_back(std::string body) {
    constexpr size_t kWorthKeeping = 64 << 10;  // smaller ones are cheap to get
    if (body.capacity() < kWorthKeeping || body.capacity() > kMaxSpare || spares_.size() == kSpares) {
        return;
    }
    body.clear();
    spares_.push_back(std::move(body));
}

Conversation::Conversation(Scratch &scratch, const Caller &caller, const dialects::Dialect &client)
    : scratch_(scratch), caller_(caller), client_(&client) {}

Conversation::~Conversation() {
    scratch_.give_back(std::move(body_));
}

std::string_view Conversation::keep_body(Body body) {
    body_ = std::move(body.own);
    lent_ = !body.lent.empty();
    return lent_ ? body.lent : body_;
}

std::optional<chat::ApiError> Conversation::read_request(Body body) {
    std::string_view text = keep_body(std::move(body));
    if (text.empty()) {
        return chat::invalid_request("invalid_json", "The request body is empty.");
    }
    JsonOptions strict;
    strict.refuse_duplicates = true;
    if (auto parsed = scratch_.parser.parse(text, request_, strict); !parsed) {
        return json_error(parsed.error());
    }
    if (!request_.root().is_object()) {
        return chat::invalid_request("invalid_json", "The request body must be a JSON object.");
    }
    return std::nullopt;
}

void Conversation::note_request() {
    dialects::RequestFacts facts = client_->facts(request_.root());
    record_.model = caller_.forced_model.empty() ? facts.model.decode() : std::string(caller_.forced_model);
    record_.stream = facts.stream;
    record_.has_body = true;
    record_.message_count = facts.message_count;
    record_.has_tools = facts.has_tools;
    record_.has_images = facts.has_images;
    record_.max_tokens = facts.max_tokens;
    record_.answers = facts.answers;
    include_usage_ = facts.include_usage;
}

bool Conversation::may_use(std::string_view model) const {
    return caller_.identity == nullptr || caller_.identity->allows_model(model);
}

std::string quoted_model(std::string_view name) {
    std::string quoted(name.substr(0, kMaxQuotedModel));
    return name.size() > kMaxQuotedModel ? quoted + "..." : quoted;
}

chat::ApiError Conversation::model_not_allowed(std::string_view model) {
    return {403, chat::ErrorKind::Permission, "model_not_allowed",
            "This key may not use the model \"" + quoted_model(model) + "\".", "model", {}};
}

const JsonDoc *Conversation::parse_event(SseEvent &event, std::string &repaired) {
    if (event.data.empty() || !parse_answer(scratch_.parser, event.data, scratch_.event, repaired)) {
        return nullptr;
    }
    event.data = scratch_.event.text();
    return &scratch_.event;
}

void Conversation::count(const chat::Delta &delta, const dialects::ProviderDialect &provider) {
    using Kind = chat::Delta::Kind;
    switch (delta.kind) {
    case Kind::Text:
    case Kind::Reasoning:
    case Kind::Refusal:
    case Kind::ToolArgs:
        completion_.add(delta.text);
        break;
    case Kind::ToolStart:
        completion_.add(delta.name);
        fixed_output_ += &provider == &dialects::anthropic_messages() ? tokens::kAnthropicCallTokens
                                                                      : tokens::kCallTokens;
        break;
    case Kind::Redacted:
        fixed_output_ += static_cast<Tokens>(delta.text.escaped.size()) / tokens::kRedactedPerToken;
        break;
    case Kind::Finish:
        record_.finish = delta.finish;
        break;
    case Kind::Usage:
        record_.usage = *delta.usage;
        if (!delta.partial) {
            record_.usage_source = UsageSource::Provider;
        }
        break;
    default:
        break;
    }
}

void Conversation::forget_answer() {
    completion_ = {};
    fixed_output_ = 0;
    record_.usage = {};
    record_.usage_source = UsageSource::None;
    record_.finish = chat::FinishReason::None;
}

Tokens Conversation::input_tokens() const {
    if (!input_tokens_) {
        input_tokens_ = estimate_prompt(request_.root());
    }
    return *input_tokens_;
}

Tokens Conversation::output_tokens() const {
    Tokens count = completion_.tokens() + fixed_output_;
    return count == 0 ? 0 : count + tokens::kAnswerTokens;
}

void Conversation::settle_estimate() {
    chat::Usage &usage = record_.usage;
    if (usage.prompt == 0) {
        usage.prompt = input_tokens();
    }
    usage.completion = std::max(usage.completion, output_tokens());
    record_.usage_source = UsageSource::Estimated;
}

void Conversation::edit(const JsonSplice &splice) {
    std::string edited;
    splice.append_to(edited);
    body_.swap(edited);
    lent_ = false;
    if (!scratch_.parser.parse(body_, request_)) {
        throw std::logic_error("an edited request is no JSON");
    }
    input_tokens_.reset();
    edited_ = true;
}

void Conversation::guard_answer(const guards::Plan &plan, guards::Guarding &guarding) {
    plan_ = &plan;
    guarding_ = &guarding;
}

void Conversation::start_writer(const dialects::AnswerOptions &options) {
    writer_ = client_->response_writer(options);
    guard_.reset();
    if (guarded()) {
        guard_.emplace(*plan_, *guarding_, output_);
    }
}

void Conversation::stop_writer() {
    guard_.reset();
    writer_.reset();
}

bool Conversation::write(const chat::Delta &delta) {
    if (guard_) {
        return guard_->pass(delta);
    }
    output_.on_delta(delta);
    return true;
}

bool Conversation::write_end(const chat::Delta &end) {
    bool reported = record_.usage_source == UsageSource::Provider;
    if (!reported) {
        settle_estimate();
    }
    if (!writes()) {
        note_shown(end);
        return true;
    }
    chat::Delta usage{chat::Delta::Kind::Usage};
    usage.usage = &record_.usage;
    return (reported || write(usage)) && write(end);
}

std::string Conversation::write_answer(std::string_view text) const {
    using Kind = chat::Delta::Kind;
    dialects::AnswerOptions options;
    options.stream = record_.stream;
    options.include_usage = include_usage_;
    options.created = caller_.now;
    options.fallback_id = caller_.request_id;
    options.model = record_.model;
    options.request = own_request();
    std::string escaped, out;
    append_json_escaped(escaped, text);
    chat::Usage none;
    chat::Delta start{Kind::Start}, said{Kind::Text}, finish{Kind::Finish}, usage{Kind::Usage}, end{Kind::End};
    said.text = {escaped};
    finish.finish = chat::FinishReason::Stop;
    usage.usage = &none;
    auto writer = client_->response_writer(options);
    for (const chat::Delta *delta : {&start, &said, &finish, &usage, &end}) {
        writer->write(*delta, out);
    }
    if (as_array_) {
        JsonArray().frame(out, true);
    }
    return out;
}

std::string_view Conversation::content_type() const {
    return record_.stream && !as_array_ ? "text/event-stream" : "application/json";
}

chat::ApiError guardrail_error(const guards::Guarding &guarding) {
    constexpr int kForbidden = 403;
    chat::ApiError error{kForbidden, chat::ErrorKind::Permission, "guardrail", "Blocked by policy.", {}, {}};
    if (guarding.refused_by != nullptr) {
        error.status = guarding.refused_by->status;
        error.message = guarding.refused_by->refusal(guarding.refused_label);
    }
    return error;
}

void Conversation::refuse(const chat::ApiError &error) {
    error_ = error;
    record_.error_code = error.code;
}

bool parse_answer(JsonParser &parser, std::string_view text, JsonDoc &doc, std::string &repaired) {
    auto parsed = parser.parse(text, doc);
    if (!parsed && parsed.error().fault == JsonFault::Utf8) {
        repaired = repair_json_text(text);
        parsed = parser.parse(repaired, doc);
    }
    return bool(parsed);
}

}  // namespace aigw::gateway
