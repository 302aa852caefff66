// The caller's side of an exchange: begin, attempts, the record. exchange_answer.cpp has the provider's side.
#include "gateway/exchange.h"

#include "gateway/call_result.h"
#include <algorithm>

#include "gateway/prompt_tokens.h"
#include "gateway/upstream_head.h"

namespace aigw::gateway {
namespace {

constexpr UnixSeconds kUnknownCreation = 0;  // models: their age is not ours to tell
constexpr size_t kMaxDroppedHeader = 1024;   // bytes of x-aigw-dropped

// The paths, as many as a header can bear; "..." stands for the rest.
std::string dropped_header(const std::vector<std::string> &paths) {
    std::string all;
    for (const std::string &path : paths) {
        if (all.size() + path.size() > kMaxDroppedHeader) {
            return all + (all.empty() ? "..." : ", ...");
        }
        all += all.empty() ? "" : ", ";
        all += path;
    }
    return all;
}

}  // namespace

std::optional<chat::ApiError> Exchange::check_model(JsonValue body, bool needed) {
    JsonValue model = body["model"];
    if (needed && !model) {
        return dialects::missing_member("model");
    }
    if (model && (!model.is_string() || model.text().empty())) {
        return dialects::wrong_member("model", "a string");
    }
    return std::nullopt;
}

Exchange::Exchange(Scratch &scratch, const Policy &policy, const Caller &caller)
    : Conversation(scratch, caller, gateway::caller_dialect(caller.path, !caller.anthropic_version.empty())),
      policy_(policy), random_(caller.random) {}

Action Exchange::begin(Body body, Millis now) {
    record_.began = now;
    if (is_raw_call()) {
        endpoint_.kind = Endpoint::Kind::Raw;
    } else if (auto endpoint = match_endpoint(caller_.method, caller_.path, !caller_.anthropic_version.empty())) {
        endpoint_ = *endpoint;
    } else {
        refuse(endpoint.error());
        return *error_;
    }
    switch (endpoint_.kind) {
    case Endpoint::Kind::Root:
        done_ = true;
        return Answer{"application/json", "{}\n"};
    case Endpoint::Kind::Models:
        return list_models();
    case Endpoint::Kind::Model:
        return one_model();
    case Endpoint::Kind::Chat:
    case Endpoint::Kind::Operation:
    case Endpoint::Kind::Raw:
        break;
    }
    auto begin_call = endpoint_.kind == Endpoint::Kind::Chat  ? &Exchange::begin_chat
                      : endpoint_.kind == Endpoint::Kind::Raw ? &Exchange::begin_raw
                                                              : &Exchange::begin_operation;
    if (auto error = (this->*begin_call)(std::move(body))) {
        refuse(*error);
        return *error_;
    }
    return own_count() ? count_here() : Action(Continue{});
}

Action Exchange::list_models() {
    std::vector<std::string> names;
    for (const Model &model : policy_.models->models) {
        if (!model.is_pattern() && may_use(model.name)) {
            names.push_back(model.name);
        }
    }
    done_ = true;
    return Answer{"application/json", client_->write_models(names, kUnknownCreation)};
}

Action Exchange::one_model() {
    record_.model = endpoint_.model;
    ModelMatch match = policy_.models->find(endpoint_.model);
    if (match.model == nullptr || !may_use(endpoint_.model)) {
        refuse(model_not_found(endpoint_.model));
        return *error_;
    }
    done_ = true;
    return Answer{"application/json", client_->write_model(endpoint_.model, kUnknownCreation)};
}

chat::ApiError Exchange::model_not_found(std::string_view name) {
    return {404, chat::ErrorKind::NotFound, "model_not_found",
            "The model \"" + quoted_model(name) + "\" does not exist.", "model", {}};
}

std::optional<chat::ApiError> Exchange::begin_chat(Body text) {
    if (auto error = read_request(std::move(text))) {
        return error;
    }
    if (!client_->model_in_path()) {
        if (auto error = check_model(request_.root(), caller_.forced_model.empty())) {
            return error;
        }
    }
    if (auto error = client_->check(request_.root())) {
        return error;
    }
    note_request();
    if (client_->model_in_path()) {
        record_.model = caller_.forced_model.empty() ? endpoint_.model : caller_.forced_model;
        record_.stream = endpoint_.stream;
        as_array_ = endpoint_.stream && !asks_events(caller_.query);
    }
    return match_model();
}

std::optional<chat::ApiError> Exchange::match_model() {
    match_ = policy_.models->find(record_.model);
    if (match_.model == nullptr) {
        return model_not_found(record_.model);
    }
    record_.configured_model = match_.model->name;
    if (!may_use(record_.model)) {
        return model_not_allowed(record_.model);
    }
    return std::nullopt;
}

Step Exchange::next_attempt(Millis now) {
    if (!route_) {
        route_.emplace(*match_.model);
        next_ = route_->start();
    }
    if (!next_) {
        refuse(*last_error_);
        return *error_;
    }
    waiting_since_ = now;
    target_ = &match_.model->targets[next_->target];
    record_.provider = target_->provider->name;
    record_.upstream_model = target_->upstream_model(match_.rest);
    return Launch{target_, next_->wait};
}

const chat::Result<chat::ChatRequest> &Exchange::chat_request() {
    if (!chat_) {
        chat_.emplace(client_->read_request(request_));
        if (*chat_) {
            (*chat_)->stream = record_.stream;
        }
        if (*chat_ && clamp_) {
            (*chat_)->max_tokens = clamp_;
        }
    }
    return *chat_;
}

Tokens Exchange::default_output() const {
    return match_.model->targets.front().provider->max_output;
}

// Of the target at hand.
bool Exchange::cannot_serve() {
    fail_with(chat::invalid_request("unsupported_value", "The model \"" + quoted_model(record_.model) + "\" does not do this.", "model"),
              FailureClass::OtherTarget, waiting_since_);
    return false;
}

const dialects::ProviderDialect &Exchange::dialect_for(const Target &target) const {
    bool as_it_is = client_ == &dialects::openai_completions() && takes_completions(*target.provider->row, record_.upstream_model);
    return as_it_is ? *client_ : *target.dialect;
}

bool Exchange::write_body(const Target &target, const std::string &model) {
    dialects::RequestOptions options;
    options.model = model;
    options.stream = record_.stream;
    options.default_max_tokens = target.provider->max_output;
    options.drop_unsupported = policy_.drop_unsupported;
    options.max_tokens = clamp_;
    options.quirks = target.provider->row->quirks;

    options.anthropic_beta = caller_.anthropic_beta;

    dialect_ = &dialect_for(target);
    splice_.reset();
    written_ = {};
    bool raw = target.provider->row->serves == providers::Serves::Raw;
    if (endpoint_.kind == Endpoint::Kind::Raw && raw) {
        return true;
    }
    if (endpoint_.kind == Endpoint::Kind::Operation && !raw) {
        return write_operation(target, options);
    }
    if (endpoint_.kind != Endpoint::Kind::Chat || target.provider->row->serves != providers::Serves::Chats) {
        return cannot_serve();
    }
    if (dialect_ == client_) {
        splice_ = std::make_unique<JsonSplice>(request_.text());
        client_->pass_request(request_, options, *splice_);
        auto adapted = client_->adapt_request(request_, options, *splice_);
        if (!adapted) {
            fail_with(adapted.error(), FailureClass::OtherTarget, waiting_since_);
            return false;
        }
        written_.dropped = std::move(*adapted);
        return true;
    }
    const auto &request = chat_request();
    auto written = request ? dialect_->write_request(*request, options)
                           : chat::Result<dialects::WrittenRequest>(chat::fail(request.error()));
    if (!written) {
        fail_with(written.error(), FailureClass::OtherTarget, waiting_since_);
        return false;
    }
    written_ = std::move(*written);
    return true;
}

bool Exchange::request_for(const Target &target, const providers::CallCredential &credential, UpstreamRequest &out,
                           std::optional<UnixSeconds> now) {
    reset_answer();
    if (!write_body(target, record_.upstream_model)) {
        return false;
    }
    record_.dropped = written_.dropped;
    if (splice_) {
        out.body = splice_->pieces();
    } else if (form_) {
        out.body = form_->with("model", record_.upstream_model, written_.body);
    } else {
        out.body.assign(1, endpoint_.kind == Endpoint::Kind::Raw ? raw_body_ : std::string_view(written_.body));
    }
    std::string path = operation_                               ? operation_->path(record_.upstream_model)
                       : endpoint_.kind == Endpoint::Kind::Raw ? raw_path()
                                                                : dialect_->path(record_.upstream_model, record_.stream);
    UpstreamCall call{target, record_.upstream_model, path, credential, out.body, now.value_or(caller_.now)};
    if (form_ || endpoint_.kind == Endpoint::Kind::Raw) {
        call.content_type = caller_.content_type;
    }
    out.head = write_upstream_head(call, caller_);
    route_->launched();
    record_.attempts = route_->attempts();
    record_.calls.push_back({record_.provider, {}});
    mode_ = Mode::Head;
    return true;
}

void Exchange::forget_request() {
    splice_.reset();
    std::exchange(written_, {});  // assigned empty a string would keep its memory
    chat_.reset();
}

std::vector<std::pair<std::string_view, std::string>> Exchange::client_headers() const {
    std::vector<std::pair<std::string_view, std::string>> headers;
    if (record_.attempts == 0) {
        return headers;
    }
    headers.emplace_back("x-aigw-provider", record_.provider);
    headers.emplace_back("x-aigw-model", record_.upstream_model);
    headers.emplace_back("x-aigw-attempts", std::to_string(record_.attempts));
    if (!record_.dropped.empty()) {
        headers.emplace_back("x-aigw-dropped", dropped_header(record_.dropped));
    }
    return headers;
}

// Of the call under way; the first word counts.
void Exchange::note_result(std::string_view result) {
    if (!record_.calls.empty() && record_.calls.back().result.empty()) {
        record_.calls.back().result = result;
    }
}

void Exchange::end(End how, Millis now) {
    record_.end = how;
    record_.ended = now;
    note_result(ended_ ? kResultOk : result_of(how));
    stop_waiting(now);
    if (!committed_) {
        record_.usage = {};
        record_.usage_source = UsageSource::None;
    } else if (!ended_ && record_.usage_source != UsageSource::Provider) {
        settle_estimate();
    }
}

void Exchange::stop_waiting(Millis now) {
    if (waiting_since_ != 0) {
        record_.upstream_time += now - waiting_since_;
        waiting_since_ = 0;
    }
}

}  // namespace aigw::gateway
