#include "nginx/ngx.h"

#include "nginx/redis.h"

#include <sys/time.h>

#include <hiredis/hiredis.h>

#include "limits/quota_command.h"
#include "nginx/guarded.h"
#include "nginx/metrics.h"
#include "nginx/redis_conf.h"

namespace aigw::ngx {

namespace {

constexpr ngx_msec_t kLogEvery = 60'000;      // ms
constexpr size_t kBatchBytes = 256 << 10;     // of kept commands, as kBatch
constexpr size_t kSpare = 1 << 20;            // bytes of buffer that an idle connection keeps

bool reached(ngx_msec_t time) {
    return static_cast<ngx_msec_int_t>(ngx_current_msec - time) >= 0;
}

}  // namespace

Redis::Asker::~Asker() {
    if (asking_ != nullptr) {
        static_cast<Op *>(asking_)->asker = nullptr;
    }
}

template <void (Redis::*Action)()>
void Redis::on_event(ngx_event_t *event) noexcept {
    guarded(event->log, [&] { (static_cast<Redis *>(event->data)->*Action)(); });
}

Redis::Redis(const RedisConf &conf) : conf_(conf), link_(conf, *this) {
    for (ngx_event_t *event : {&flush_, &late_, &clock_}) {
        event->data = this;
        event->log = ngx_cycle->log;
    }
    flush_.handler = on_event<&Redis::flush>;
    late_.handler = on_event<&Redis::on_late>;
    clock_.handler = on_event<&Redis::on_clock>;
    next_log_ = ngx_current_msec;
    arm_clock(1);
}

Redis::~Redis() {
    if (state_ == State::Ready) {
        refill();
        link_.send(bytes_.data() + sent_, bytes_.size() - sent_);  // what fits
    }
    if (!kept_.empty()) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "aigw: %uz commands for ai_redis are lost: it is away", kept_.size());
    }
    say_dropped();
    for (Op &op : ops_) {
        if (op.asker != nullptr) {
            op.asker->asking_ = nullptr;
        }
    }
    for (ngx_event_t *event : {&late_, &clock_}) {
        if (event->timer_set) {
            ngx_del_timer(event);
        }
    }
    if (flush_.posted) {
        ngx_delete_posted_event(&flush_);
    }
}

// ---- commands

bool Redis::room() const {
    return ops_.size() < kMaxWaiting && bytes_.size() - done_ < kMaxWaitingBytes;
}

bool Redis::ask(Asker &asker, const Words &words) {
    if (away_ || !room()) {
        return false;
    }
    Op &op = append(words, false);
    op.asker = &asker;
    asker.asking_ = &op;
    if (state_ != State::Ready) {
        op.due = ngx_current_msec + conf_.timeout;
    }
    schedule();
    return true;
}

void Redis::post(const Words &words) {
    if (state_ == State::Ready && kept_.empty() && room()) {
        append(words, true);
    } else {
        std::string bytes;
        encode_command(words, bytes);
        keep(std::move(bytes), false);
    }
    schedule();
}

Redis::Op &Redis::append(const Words &words, bool posted) {
    size_t before = bytes_.size();
    encode_command(words, bytes_);
    posts_ += posted ? 1 : 0;
    ops_.push_back({nullptr, bytes_.size() - before, 0, posted});
    return ops_.back();
}

// The first of ops_ is over.
Redis::Op Redis::pop() {
    Op op = ops_.front();
    ops_.pop_front();
    posts_ -= op.posted ? 1 : 0;
    done_ += op.size;
    if (op.asker != nullptr) {
        op.asker->asking_ = nullptr;
    }
    if (done_ == bytes_.size()) {
        clear();
    } else if (done_ > kSpare && done_ > bytes_.size() / 2) {
        bytes_.erase(0, done_);
        sent_ -= done_;
        done_ = 0;
    }
    return op;
}

void Redis::clear() {
    bytes_.clear();
    done_ = sent_ = 0;
    if (bytes_.capacity() > kSpare) {
        bytes_.shrink_to_fit();
    }
}

void Redis::schedule() {
    if (!flush_.posted) {
        ngx_post_event(&flush_, &ngx_posted_events);
    }
    if (!late_.timer_set) {
        ngx_add_timer(&late_, conf_.timeout);
    }
}

// The time of an ask runs from when it is sent; the turn of the loop that asked may have been long.
void Redis::stamp() {
    ngx_time_update();
    for (auto op = ops_.rbegin(); op != ops_.rend() && op->due == 0; ++op) {
        op->due = ngx_current_msec + conf_.timeout;
    }
}

void Redis::flush() {
    if (state_ != State::Ready) {
        return;
    }
    refill();
    if (sent_ == bytes_.size()) {
        return;
    }
    stamp();
    if (sent_ == done_) {
        progress_ = ngx_current_msec;  // nothing was under way
    }
    auto sent = link_.send(bytes_.data() + sent_, bytes_.size() - sent_);
    if (!sent) {
        fail({"closed", ngx_socket_errno});
        return;
    }
    sent_ += *sent;
}

// ---- what is kept for later

void Redis::keep(std::string bytes, bool in_front) {
    kept_bytes_ += bytes.size();
    in_front ? kept_.push_front(std::move(bytes)) : kept_.push_back(std::move(bytes));
    while (!kept_.empty() && (kept_.size() > kMaxPosted || kept_bytes_ > kMaxPostedBytes)) {
        kept_bytes_ -= kept_.front().size();
        kept_.pop_front();
        dropped_++;
    }
    clock_.cancelable = last_call_over() ? 1 : 0;
}

// The posts among ops_, in front of those that wait already.
void Redis::keep_posts() {
    size_t end = bytes_.size();
    for (auto op = ops_.rbegin(); op != ops_.rend(); ++op) {
        end -= op->size;
        if (op->posted) {
            keep(bytes_.substr(end, op->size), true);
        }
    }
    posts_ = 0;
    clear();
}

// A few at a time: behind all of them an ask would be late.
void Redis::refill() {
    while (!kept_.empty() && posts_ < kBatch && bytes_.size() - done_ < kBatchBytes) {
        std::string &next = kept_.front();
        bytes_ += next;
        ops_.push_back({nullptr, next.size(), 0, true});
        posts_++;
        kept_bytes_ -= next.size();
        kept_.pop_front();
    }
}

// ---- replies

void Redis::on_reply(const redisReply &reply) {
    if (ops_.empty() || done_ + ops_.front().size > sent_) {
        link_.close();
        fail({"protocol"});
        return;
    }
    progress_ = ngx_current_msec;
    served_ = true;
    std::string_view kind;
    if (reply.type == REDIS_REPLY_ERROR) {
        kind = error_kind(reply);
        if (kind == "noscript" && repeat()) {
            return;
        }
    }
    bool away = says_away(kind);
    if (away) {
        trip();
    } else if (!kind.empty()) {
        count_redis_error(kind);
    }
    // Another server has what was posted under MOVED: it will not be right here later either.
    if (!away || kind == "moved" || !ops_.front().posted) {
        Asker *asker = ops_.front().asker;
        pop();
        if (asker != nullptr) {
            guarded(ngx_cycle->log, [&] { asker->on_reply(&reply); });
        }
    }
    if (away) {
        fail({kind});
    } else if (!kept_.empty() && posts_ < kBatch / 2) {
        schedule();
    }
}

// The command that Redis has no script for, with the script, at the end of the row.
bool Redis::repeat() {
    Words words = decode_command(bytes_.data() + done_, ops_.front().size);
    if (words.empty() || words[0] != "EVALSHA") {
        return false;
    }
    Op old = pop();
    Op &op = append(limits::as_eval(std::move(words)), old.posted);
    op.due = old.due;
    op.asker = old.asker;
    if (op.asker != nullptr) {
        op.asker->asking_ = &op;
    }
    schedule();
    return true;
}

// ---- the connection

void Redis::connect() {
    state_ = State::Connecting;
    arm_clock(kConnect);
    if (auto why = link_.open()) {
        fail(*why);
    }
}

void Redis::on_clock() {
    if (state_ == State::Cooling) {
        connect();
    } else if (state_ == State::Connecting) {
        link_.close();
        fail({"timeout"});
    }
}

void Redis::on_open() {
    state_ = State::Ready;
    if (clock_.timer_set) {
        ngx_del_timer(&clock_);
    }
    progress_ = ngx_current_msec;
    served_ = false;
    if (logged_) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0, "aigw: ai_redis %s answers again after %M ms", conf_.name.c_str(),
                      ngx_current_msec - away_since_);
    }
    logged_ = away_ = false;
    say_dropped();
    schedule();
}

// An idle connection may be closed by Redis, which is no failure unless it does nothing else.
void Redis::on_broken(const RedisFailure &why) {
    if (state_ == State::Ready && ops_.empty() && kept_.empty() && served_) {
        state_ = State::Cooling;
        arm_clock(1);
        return;
    }
    fail(why);
}

// The link is given up; so is everything that was asked.
void Redis::fail(const RedisFailure &why) {
    link_.close();
    state_ = State::Cooling;
    keep_posts();
    std::deque<Op> lost;
    lost.swap(ops_);
    announce(why);
    arm_clock(kCooldown);
    fail_asks(lost);
}

void Redis::fail_asks(std::deque<Op> &lost) {
    while (!lost.empty()) {
        Asker *asker = lost.front().asker;
        lost.pop_front();
        if (asker != nullptr) {
            asker->asking_ = nullptr;
            guarded(ngx_cycle->log, [&] { asker->on_reply(nullptr); });
        }
    }
}

void Redis::announce(const RedisFailure &why) {
    count_redis_error(why.kind);
    trip();
    if (!reached(next_log_)) {
        return;
    }
    next_log_ = ngx_current_msec + kLogEvery;
    logged_ = true;
    auto size = why.kind.size();
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, why.error, "aigw: ai_redis %s is away: %*s", conf_.name.c_str(), size,
                  why.kind.data());
    say_dropped();
}

void Redis::say_dropped() {
    if (dropped_ != 0) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "aigw: %uz commands for ai_redis found no room and are lost", dropped_);
        dropped_ = 0;
    }
}

void Redis::trip() {
    if (!away_) {
        away_ = true;
        away_since_ = ngx_current_msec;
    }
}

// An ask is late by its own time, a post when Redis shows no sign of life.
void Redis::on_late() {
    if (ops_.empty()) {
        return;
    }
    ngx_msec_t due = progress_ + conf_.timeout;
    bool found = state_ == State::Ready && posts_ != 0;
    for (const Op &op : ops_) {
        if (!op.posted && op.due != 0 && (!found || static_cast<ngx_msec_int_t>(op.due - due) < 0)) {
            due = op.due;
            found = true;
        }
    }
    if (!found || !reached(due)) {
        ngx_add_timer(&late_, found ? due - ngx_current_msec : conf_.timeout);
        return;
    }
    if (state_ == State::Ready) {
        fail({"timeout"});
        return;
    }
    // Connecting goes on, but nobody waits for it any more.
    announce({"timeout"});
    std::deque<Op> lost;
    keep_posts();
    lost.swap(ops_);
    fail_asks(lost);
}

void Redis::arm_clock(ngx_msec_t wait) {
    if (clock_.timer_set) {
        ngx_del_timer(&clock_);
    }
    clock_.cancelable = kept_.empty() || last_call_over() ? 1 : 0;
    ngx_add_timer(&clock_, wait);
}

bool Redis::last_call_over() {
    if (!ngx_exiting) {
        return false;
    }
    if (exiting_since_ == 0) {
        exiting_since_ = ngx_current_msec;
    }
    return reached(exiting_since_ + kLastCall);
}

}  // namespace aigw::ngx
