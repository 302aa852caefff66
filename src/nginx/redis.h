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

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "nginx/ngx.h"
#include "nginx/redis_link.h"

struct redisReply;

namespace aigw::ngx {

struct RedisConf;

class Redis final : private RedisLink::Owner {
public:
    // The words of one command, binary safe. An EVALSHA that Redis does not know is repeated as limits::as_eval says.
    using Words = std::vector<std::string>;

    static constexpr ngx_msec_t kCooldown = 500;          // of the breaker, before a probe
    static constexpr ngx_msec_t kConnect = 1000;          // for all that comes before Ready
    static constexpr ngx_msec_t kLastCall = 1000;         // of an exiting worker, for what was posted
    static constexpr size_t kMaxWaiting = 16'384;         // commands under way; more fail at once
    static constexpr size_t kMaxWaitingBytes = 32 << 20;  // of them
    static constexpr size_t kMaxPosted = 65'536;          // commands kept while Redis is away; the oldest go first
    static constexpr size_t kMaxPostedBytes = 32 << 20;   // of them
    static constexpr size_t kBatch = 64;                  // kept commands that are sent before a reply to one is awaited

    // Who waits for a reply. The object belongs to the asker; when it dies, its reply is read and thrown away.
    class Asker {
    public:
        // Once for each ask that returned true, from the event loop and never from within ask. Null: no reply in time, or the
        // connection is lost; the command may have been carried out all the same. May do anything, end this object too.
        virtual void on_reply(const redisReply *reply) = 0;
        bool asking() const { return asking_ != nullptr; }

    protected:
        Asker() = default;
        ~Asker();
        Asker(const Asker &) = delete;

    private:
        friend class Redis;
        void *asking_ = nullptr;
    };

    explicit Redis(const RedisConf &conf);
    ~Redis();
    Redis(const Redis &) = delete;

    // False: Redis is away, and nothing was sent. One command an asker at a time.
    bool ask(Asker &asker, const Words &words);
    // For commands that nobody waits for and that may be carried out twice (settle, progress, SET): sent in order, after a
    // loss of the connection those without a reply are sent again.
    void post(const Words &words);
    // Redis answered last, or was not asked yet.
    bool available() const { return !away_; }

private:
    enum class State : uint8_t { Cooling, Connecting, Ready };

    // A command under way; its bytes stand in bytes_, in the same order.
    struct Op {
        Asker *asker;      // null: posted, or the asker is gone
        size_t size;       // bytes
        ngx_msec_t due;    // of an ask; 0: not sent yet
        bool posted;
    };

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
    void fail(const RedisFailure &why);
    void fail_asks(std::deque<Op> &lost);
    void announce(const RedisFailure &why);
    void say_dropped();
    void trip();
    void arm_clock(ngx_msec_t wait);
    bool last_call_over();

    void schedule();
    Op &append(const Words &words, bool posted);
    bool room() const;
    void keep(std::string bytes, bool in_front);
    void keep_posts();
    void refill();
    Op pop();
    void clear();
    bool repeat();
    void stamp();

    const RedisConf &conf_;
    State state_ = State::Cooling;
    bool away_ = false;
    RedisLink link_;

    std::string bytes_;               // [done_: replies came][sent_: to come][to be sent]
    size_t done_ = 0, sent_ = 0;
    std::deque<Op> ops_;
    size_t posts_ = 0;                // of ops_
    std::deque<std::string> kept_;    // posts for later
    size_t kept_bytes_ = 0;
    size_t dropped_ = 0;              // posts there was no room for, since it was last said

    ngx_event_t flush_{};             // posted: one write for all commands of a turn
    ngx_event_t late_{};              // looks after the oldest ask
    ngx_event_t clock_{};             // of the state
    ngx_msec_t progress_ = 0;         // when Redis gave a sign of life
    ngx_msec_t away_since_ = 0;
    ngx_msec_t next_log_ = 0;
    bool served_ = false;             // a command, since the greeting
    bool logged_ = false;             // that it is away
    ngx_msec_t exiting_since_ = 0;
};

}  // namespace aigw::ngx
