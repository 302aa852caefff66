#include "gateway/conversation.h"

#include <algorithm>

#include "core/json_repair.h"
#include "gateway/errors.h"
#include "gateway/prompt_tokens.h"

namespace aigw::gateway {
namespace {

constexpr size_t kMaxQuotedModel = 128;  // bytes of a caller's model name in an error

bool has_part_of(JsonValue messages, std::string_view type) {
    for (JsonValue message : messages.elements()) {
        for (JsonValue part : message["content"].elements()) {
            if (part["type"].equals(type)) {
                return true;
            }
        }
    }
    return false;
}

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

std::optional<chat::ApiError> Conversation::read_request(std::string body) {
    body_ = std::move(body);
    if (body_.empty()) {
        return chat::invalid_request("invalid_json", "The request body is empty.");
    }
    JsonOptions strict;
    strict.refuse_duplicates = true;
    if (auto parsed = scratch_.parser.parse(body_, request_, strict); !parsed) {
        return json_error(parsed.error());
    }
    if (!request_.root().is_object()) {
        return chat::invalid_request("invalid_json", "The request body must be a JSON object.");
    }
    return std::nullopt;
}

void Conversation::note_request() {
    JsonValue body = request_.root();
    record_.model = caller_.forced_model.empty() ? body["model"].text().decode() : std::string(caller_.forced_model);
    record_.stream = body["stream"].is_true();
    record_.has_body = true;
    record_.message_count = body["messages"].size();
    record_.has_tools = body["tools"].size() > 0 || body["functions"].size() > 0;
    record_.has_images = has_part_of(body["messages"], "image_url") || has_part_of(body["messages"], "image");
    record_.max_tokens = body["max_completion_tokens"].as_int64();
    if (!record_.max_tokens) {
        record_.max_tokens = body["max_tokens"].as_int64();
    }
    include_usage_ = body["stream_options"]["include_usage"].is_true();
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

void Conversation::count(const chat::Delta &delta, const dialects::Dialect &provider) {
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
