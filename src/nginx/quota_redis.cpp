#include "nginx/quota_redis.h"

#include <hiredis/hiredis.h>

#include <vector>

#include "nginx/guarded.h"

namespace aigw::ngx {

namespace {

constexpr Tokens kAhead = 256;   // tokens of answer asked for when the reserve is used up
constexpr Tokens kMargin = 64;   // of them left when more are asked for

// Empty: not a list of integers.
std::vector<int64_t> integers_of(const redisReply *reply) {
    std::vector<int64_t> out;
    if (reply == nullptr || reply->type != REDIS_REPLY_ARRAY) {
        return out;
    }
    for (size_t i = 0; i < reply->elements; i++) {
        if (reply->element[i]->type != REDIS_REPLY_INTEGER) {
            return {};
        }
        out.push_back(reply->element[i]->integer);
    }
    return out;
}

}  // namespace

RedisReserve::RedisReserve(Owner &owner, Redis &redis, limits::QuotaKeys keys, const limits::Key &id,
                           std::span<const limits::Demand> demands, Millis lease)
    : owner_(owner), redis_(redis), keys_(std::move(keys)), id_(id), demands_(demands), lease_(lease) {}

bool RedisReserve::reserve(const limits::Expected &expected, const limits::Spent &recorded) {
    expected_ = expected;
    if (!redis_.ask(*this, limits::reserve_command(keys_, id_, demands_, expected, lease_, recorded))) {
        return false;
    }
    state_ = State::Asked;
    return true;
}

bool RedisReserve::spend(const limits::Spent &spent) {
    if (ended_ || state_ != State::Held || spent.output < ask_at_ || asking()) {
        return !ended_;
    }
    asked_at_ = spent.output;
    if (!redis_.ask(*this, limits::progress_command(keys_, id_, demands_, spent, kAhead, lease_))) {
        ask_at_ = spent.output + kAhead;
    }
    return true;
}

void RedisReserve::renew(const limits::Spent &spent) {
    if (state_ == State::Held && redis_.available()) {
        redis_.post(limits::progress_command(keys_, id_, demands_, spent, 0, lease_));
    }
}

void RedisReserve::settle(const limits::Spent &spent) {
    redis_.post(limits::settle_command(keys_, id_, demands_, spent, lease_, epoch_));
}

void RedisReserve::release() {
    if (state_ != State::New) {
        redis_.post(limits::release_command(keys_, id_, lease_));
    }
}

void RedisReserve::on_reply(const redisReply *reply) {
    guarded(ngx_cycle->log, [&] { state_ == State::Asked ? reserved(reply) : progressed(reply); });
}

void RedisReserve::reserved(const redisReply *reply) {
    std::optional<limits::QuotaDecision> got;
    if (std::vector<int64_t> integers = integers_of(reply); !integers.empty()) {
        got = limits::read_reserve(integers, demands_, expected_);
    }
    if (!got) {
        state_ = State::Unanswered;
        owner_.on_reserved(nullptr);
        return;
    }
    bool admitted = got->decision.status == limits::Status::Admitted;
    state_ = admitted ? State::Held : State::New;
    epoch_ = got->epoch;
    ask_at_ = got->decision.covered;
    owner_.on_reserved(&got->decision);
}

void RedisReserve::progressed(const redisReply *reply) {
    std::optional<Tokens> ahead = limits::read_progress(integers_of(reply));
    if (!ahead) {
        ask_at_ = asked_at_ + kAhead;  // nobody knows: it goes on, and is charged when it settles
        return;
    }
    ended_ = *ahead == 0;
    // Near the limit all that there is was given: nothing more to ask for before it is used up.
    ask_at_ = asked_at_ + *ahead - (*ahead == kAhead ? kMargin : 0);
}

}  // namespace aigw::ngx
