// Drives an Exchange as a host would, with scripted providers instead of sockets.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "gateway/exchange.h"

namespace aigw::gateway {

// What a provider says: status, headers, body, and how the bytes are cut.
struct Reply {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::optional<Cause> cause;  // instead of, or after the body
    size_t step = SIZE_MAX;      // bytes a read
};

inline Reply json(int status, std::string body) {
    return {status, {{"content-type", "application/json"}}, std::move(body), {}, SIZE_MAX};
}
inline Reply events(std::string body) {
    return {200, {{"content-type", "text/event-stream"}}, std::move(body), {}, SIZE_MAX};
}
inline Reply broken(Cause cause) {
    Reply reply;
    reply.status = 0;
    reply.cause = cause;
    return reply;
}

class ScriptedExchange {
public:
    ScriptedExchange() {
        openai_.name = "openai";
        openai_.row = providers::find_row("openai");
        openai_.url = *providers::parse_base_url("http://127.0.0.1:1/v1");
        local_.name = "local";
        local_.row = providers::find_row("vllm");
        local_.url = *providers::parse_base_url("http://127.0.0.1:2/v1");
        google_.name = "google";
        google_.row = providers::find_row("gemini");
        google_.url = *providers::parse_base_url("https://g.example/v1beta");
        claude_.name = "claude";
        claude_.row = providers::find_row("anthropic");
        claude_.url = *providers::parse_base_url("https://a.example/v1");
        policy_.models = &table_;
        caller.method = "POST";
        caller.path = "chat/completions";
        caller.request_id = "req-1";
        caller.now = 1'700'000'000;
    }

    void model(const std::string &name, std::vector<Target> targets) {
        Model model;
        model.name = name;
        model.targets = std::move(targets);
        table_.models.push_back(std::move(model));
    }
    Target openai(std::string model, int retries = 0) {
        return target(openai_, dialects::openai_chat(), std::move(model), retries);
    }
    Target claude(std::string model, int retries = 0) {
        return target(claude_, dialects::anthropic_messages(), std::move(model), retries);
    }

    Target local(std::string model) { return target(local_, dialects::openai_chat(), std::move(model), 0); }
    Target responses(std::string model) { return target(openai_, dialects::openai_responses(), std::move(model), 0); }
    Target google(std::string model) { return target(google_, dialects::gemini(), std::move(model), 0); }

    Exchange &open() {
        exchange_ = std::make_unique<Exchange>(scratch_, policy_, caller);
        return *exchange_;
    }

    // The whole conversation; what the caller got lands in `status`, `body`.
    void run(std::string request, std::vector<Reply> replies) {
        Exchange &exchange = open();
        Action action = exchange.begin(std::move(request), ++now);
        if (auto *error = std::get_if<chat::ApiError>(&action)) {
            status = error->status;
            return finish();
        }
        exchange.keep_answer(keep_bytes);
        if (auto *answer = std::get_if<Answer>(&action)) {
            status = 200;
            body = answer->body;
            return finish();
        }
        size_t next = 0;
        for (;;) {
            Step step = exchange.next_attempt(++now);
            if (auto *error = std::get_if<chat::ApiError>(&step)) {
                status = error->status;
                return finish();
            }
            const Launch &launch = std::get<Launch>(step);
            waits.push_back(launch.wait);
            UpstreamRequest request;
            if (!exchange.request_for(*launch.target, "sk-provider", request)) {
                continue;
            }
            sent.push_back(request.head);
            std::string whole;
            for (std::string_view piece : request.body) {
                whole += piece;
            }
            sent_bodies.push_back(std::move(whole));
            ASSERT_LT(next, replies.size()) << "more calls than replies";
            if (answer(exchange, replies[next++])) {
                return finish();
            }
        }
    }

    std::string code() const { return exchange_->error() ? exchange_->error()->code : ""; }
    Exchange &exchange() { return *exchange_; }

    Caller caller;
    Millis now = 1000;
    size_t keep_bytes = 0;
    int status = 0;
    std::string body;
    bool cut = false;
    std::vector<std::string> sent, sent_bodies;
    std::vector<Millis> waits;

private:
    static Target target(const providers::Provider &provider, const dialects::Dialect &dialect, std::string model,
                         int retries) {
        Target target;
        target.provider = &provider;
        target.dialect = &dialect;
        target.model = std::move(model);
        target.retries = retries;
        return target;
    }

    void take(Exchange &exchange) {
        body += exchange.out();
        exchange.out().clear();
    }

    // True: the exchange is over; false: the next attempt.
    bool handle(Exchange &exchange, Verdict verdict) {
        switch (verdict) {
        case Verdict::More:
        case Verdict::Failed:
            break;
        case Verdict::Commit:
            EXPECT_EQ(status, 0) << "two headers";
            status = 200;
            take(exchange);
            exchange.forget_request();  // sent whole, as it nearly always is by then
            break;
        case Verdict::Data:
            take(exchange);
            break;
        case Verdict::Cut:
            take(exchange);
            cut = true;
            return true;
        }
        return false;
    }

    bool answer(Exchange &exchange, const Reply &reply) {
        Verdict verdict = Verdict::More;
        if (reply.status != 0) {
            for (auto &[name, value] : reply.headers) {
                exchange.header(name, value);
            }
            verdict = exchange.head(reply.status, ++now);
            std::string_view rest = reply.body;
            while (!rest.empty() && verdict != Verdict::Failed && !cut) {
                std::string_view piece = rest.substr(0, reply.step);
                rest.remove_prefix(piece.size());
                verdict = exchange.body(piece, ++now);
                if (handle(exchange, verdict)) {
                    return true;
                }
            }
        }
        if (verdict == Verdict::Failed) {
            return false;
        }
        verdict = reply.cause ? exchange.fail(*reply.cause, ++now) : exchange.body_end(++now);
        handle(exchange, verdict);
        return verdict != Verdict::Failed;
    }

    void finish() { exchange_->end(status == 200 && !cut ? End::Done : End::Error, ++now); }

    providers::Provider openai_, local_, google_, claude_;
    ModelTable table_;
    Policy policy_;
    Scratch scratch_;
    std::unique_ptr<Exchange> exchange_;
};

}  // namespace aigw::gateway
