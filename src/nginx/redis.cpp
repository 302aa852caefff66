#include "nginx/ngx.h"

#include "nginx/redis.h"

#include <sys/time.h>

#include <hiredis/hiredis.h>

#include "nginx/guarded.h"
#include "nginx/metrics.h"
#include "nginx/redis_conf.h"

namespace aigw::ngx {

namespace {

constexpr ngx_msec_t kLogEvery = 60'000;  // ms

bool reached(ngx_msec_t time) {
    return static_cast<ngx_msec_int_t>(ngx_current_msec - time) >= 0;
}

}  // namespace

template <void (Redis::*Action)()>
void Redis::on_event(ngx_event_t *event) noexcept {
    guarded(event->log, [&] { (static_cast<Redis *>(event->data)->*Action)(); });
}

Redis::Redis(const RedisConf &conf) : conf_(conf), link_(conf, *this), next_log_(ngx_current_msec) {
    for (ngx_event_t *event : {&flush_, &late_, &clock_}) {
        event->data = this;
        event->log = ngx_cycle->log;
    }
    flush_.handler = on_event<&Redis::flush>;
    late_.handler = on_event<&Redis::on_late>;
    clock_.handler = on_event<&Redis::on_clock>;
    arm_clock(1);
}

Redis::~Redis() {
    if (state_ == State::Ready) {
        queue_.refill();
        link_.send(queue_.unsent().data(), queue_.unsent().size());  // what fits
    }
    if (queue_.kept() != 0) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "aigw: %uz commands for ai_redis are lost: it is away", queue_.kept());
    }
    say_dropped();
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

bool Redis::ask(Asker &asker, const Command &command) {
    if (away_ || !queue_.room()) {
        return false;
    }
    queue_.ask(asker, command, state_ == State::Ready ? 0 : ngx_current_msec + conf_.timeout);
    schedule();
    return true;
}

void Redis::post(const Command &command) {
    if (state_ == State::Ready && queue_.kept() == 0 && queue_.room()) {
        queue_.post(command);
    } else {
        queue_.keep(command);
        clock_.cancelable = last_call_over() ? 1 : 0;
    }
    schedule();
}

void Redis::schedule() {
    if (state_ == State::Ready && !flush_.posted) {
        ngx_post_event(&flush_, &ngx_posted_events);
    }
    if (!late_.timer_set && !queue_.empty()) {
        ngx_add_timer(&late_, conf_.timeout);
    }
    hold();
}

// A timer that nobody needs any more stays, but keeps no worker from its end.
void Redis::hold() {
    late_.cancelable = queue_.empty() ? 1 : 0;
}

void Redis::flush() {
    if (state_ != State::Ready) {
        return;
    }
    queue_.refill();
    std::string_view bytes = queue_.unsent();
    if (bytes.empty()) {
        return;
    }
    // The time of an ask runs from here: the turn of the loop that asked may have been long.
    ngx_time_update();
    queue_.stamp(ngx_current_msec + conf_.timeout);
    if (!queue_.under_way()) {
        progress_ = ngx_current_msec;
    }
    auto sent = link_.send(bytes.data(), bytes.size());
    if (!sent) {
        fail({"closed", ngx_socket_errno});
        return;
    }
    queue_.sent(*sent);
    schedule();
}

// ---- replies

void Redis::on_reply(const redisReply &reply) {
    if (!queue_.expected()) {
        fail({"protocol"});
        return;
    }
    progress_ = ngx_current_msec;
    served_ = true;
    std::string_view kind = reply.type == REDIS_REPLY_ERROR ? error_kind(reply) : std::string_view();
    if (kind == "noscript" && queue_.repeat_first()) {
        schedule();
        return;
    }
    bool away = says_away(kind);
    if (away) {
        trip({kind});
    } else if (!kind.empty()) {
        count_redis_error(kind);
    }
    // Another server has what was posted under MOVED: it will not be right here later either.
    if (!away || kind == "moved" || !queue_.first_is_posted()) {
        if (Asker *asker = queue_.take_first()) {
            guarded(ngx_cycle->log, [&] { asker->on_reply(&reply); });
        }
    }
    if (away) {
        fail({});
    } else if (queue_.wants_refill()) {
        schedule();
    } else {
        hold();
    }
}

// An ask is late by its own time, a post when Redis shows no sign of life.
void Redis::on_late() {
    if (queue_.empty()) {
        return;
    }
    ngx_msec_t due = queue_.earliest();
    if (state_ == State::Ready && queue_.posting()) {
        ngx_msec_t silent = progress_ + conf_.timeout;
        due = due == 0 || static_cast<ngx_msec_int_t>(silent - due) < 0 ? silent : due;
    }
    if (due == 0 || !reached(due)) {
        ngx_add_timer(&late_, due != 0 ? due - ngx_current_msec : conf_.timeout);
    } else if (state_ == State::Ready) {
        fail({"timeout"});
    } else {
        trip({"timeout"});  // connecting goes on, but nobody waits for it any more
        lose();
    }
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
        fail({"timeout"});
    }
}

void Redis::on_open() {
    state_ = State::Ready;
    if (clock_.timer_set) {
        ngx_del_timer(&clock_);
    }
    ready_since_ = progress_ = ngx_current_msec;
    served_ = false;
    if (logged_) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0, "aigw: ai_redis %s answers again after %M ms", conf_.name.c_str(),
                      ngx_current_msec - away_since_);
    }
    logged_ = away_ = false;
    say_dropped();
    schedule();
}

// A connection that has served well may be closed: Redis ends idle ones, and goes for another to come. A new one is tried
// at once; where there is none, Redis is away.
void Redis::on_broken(const RedisFailure &why) {
    bool idle = queue_.empty() && queue_.kept() == 0;
    if (state_ == State::Ready && why.kind == "closed" && served_ && (idle || reached(ready_since_ + kCooldown))) {
        if (!idle) {
            count_redis_error(why.kind);
        }
        state_ = State::Cooling;
        lose();
        arm_clock(1);
        return;
    }
    fail(why);
}

// The link is given up, and with it what was asked. No kind: it was said before.
void Redis::fail(const RedisFailure &why) {
    link_.close();
    state_ = State::Cooling;
    if (!why.kind.empty()) {
        trip(why);
    }
    lose();
    arm_clock(kCooldown);
}

void Redis::lose() {
    queue_.lose();
    while (Asker *asker = queue_.take_lost()) {
        guarded(ngx_cycle->log, [&] { asker->on_reply(nullptr); });
    }
    hold();
}

void Redis::trip(const RedisFailure &why) {
    count_redis_error(why.kind);
    if (!away_) {
        away_ = true;
        away_since_ = ngx_current_msec;
    }
    if (!reached(next_log_)) {
        return;
    }
    next_log_ = ngx_current_msec + kLogEvery;
    logged_ = true;
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, why.error, "aigw: ai_redis %s is away: %*s", conf_.name.c_str(),
                  why.kind.size(), why.kind.data());
    say_dropped();
}

void Redis::say_dropped() {
    if (size_t dropped = queue_.take_dropped()) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "aigw: %uz commands for ai_redis found no room and are lost", dropped);
    }
}

void Redis::arm_clock(ngx_msec_t wait) {
    if (clock_.timer_set) {
        ngx_del_timer(&clock_);
    }
    clock_.cancelable = queue_.kept() == 0 || last_call_over() ? 1 : 0;
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
