// A worker's connection to Redis (ai_redis): commands go out as they come, replies are read in their order. nginx's own
// connections and events, hiredis only for what stands in the bytes. Nothing blocks, and nobody waits longer than
// the timeout of ai_redis: a Redis that is slow is a Redis that is away.
//
//   Cooling --(time)--> Connecting (address, TLS, AUTH, SELECT, PING) --> Ready
//      ^                     | takes kConnect                               |
//      '---------------------'<--------- broken, or a reply is late --------'
//
// `away_` is the breaker: from the first failure until the next greeting every ask fails at once, and posts wait.
// What a worker that exits has posted goes out first, for kLastCall at most.
#pragma once

#include "nginx/ngx.h"
#include "nginx/redis_link.h"
#include "nginx/redis_queue.h"

namespace aigw::ngx {

struct RedisConf;

class Redis final : private RedisLink::Owner {
public:
    using Asker = RedisAsker;

    static constexpr ngx_msec_t kCooldown = 500;   // of the breaker, before a probe
    static constexpr ngx_msec_t kConnect = 1000;   // for all that comes before Ready
    static constexpr ngx_msec_t kLastCall = 1000;  // of an exiting worker, for what was posted

    explicit Redis(const RedisConf &conf);
    ~Redis();
    Redis(const Redis &) = delete;

    // False: Redis is away, and nothing was sent. One command an asker at a time. An EVALSHA that Redis does not know is
    // repeated as limits::as_eval says.
    bool ask(Asker &asker, const Command &command);
    // For commands that nobody waits for and that may be carried out twice (settle, progress, SET): sent in order, after a
    // loss of the connection those without a reply are sent again.
    void post(const Command &command);
    // Redis answered last, or was not asked yet.
    bool available() const { return !away_; }

private:
    enum class State : uint8_t { Cooling, Connecting, Ready };

    template <void (Redis::*Action)()>
    static void on_event(ngx_event_t *event) noexcept;
    void on_clock();
    void on_late();
    void flush();

    void on_open() override;
    void on_reply(const redisReply &reply) override;
    void on_writable() override { flush(); }
    void on_broken(const RedisFailure &why) override;

    void connect();
    void schedule();
    void hold();
    void fail(const RedisFailure &why);
    void lose();
    void trip(const RedisFailure &why);
    void say_dropped();
    void arm_clock(ngx_msec_t wait);
    bool last_call_over();

    const RedisConf &conf_;
    State state_ = State::Cooling;
    bool away_ = false;
    bool served_ = false;             // a command, since the greeting
    bool logged_ = false;             // that it is away
    RedisQueue queue_;
    RedisLink link_;
    ngx_event_t flush_{};             // posted: one write for all commands of a turn
    ngx_event_t late_{};              // looks after the oldest ask
    ngx_event_t clock_{};             // of the state
    ngx_msec_t progress_ = 0;         // when Redis gave a sign of life
    ngx_msec_t ready_since_ = 0;
    ngx_msec_t away_since_ = 0;
    ngx_msec_t next_log_;
    ngx_msec_t exiting_since_ = 0;
};

}  // namespace aigw::ngx
