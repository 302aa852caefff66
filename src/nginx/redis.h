// A worker's connection to Redis (ai_redis): commands go out as they come, replies are read in their order. nginx's own
// connections and events, hiredis only for what stands in the bytes. Nothing blocks, and nobody waits longer than
// the timeout of ai_redis: a Redis that is slow is a Redis that is away.
//
//   Closed --ask, post--> Connecting --> Greeting (AUTH, SELECT) --> Ready --failure, or a reply that is late--> Open
//      ^                                                                                                        |
//      '---------------- Ready again if a probe is answered <-- Probing <-- after kCooldown --------------------'
//
// Open is the breaker: every ask fails at once, posts wait.
#pragma once

#include <string>
#include <vector>

#include "nginx/ngx.h"

struct redisReply;

namespace aigw::ngx {

struct RedisConf;

class Redis {
public:
    // The words of one command, binary safe. An EVALSHA that Redis does not know is repeated as limits::as_eval says.
    using Words = std::vector<std::string>;

    static constexpr ngx_msec_t kCooldown = 500;     // of the breaker, before a probe
    static constexpr size_t kMaxWaiting = 16'384;    // commands under way; more fail at once
    static constexpr size_t kMaxPosted = 65'536;     // commands kept while Redis is away; the oldest go first

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
    void post(Words words);
    // Redis answered last, or was not asked yet.
    bool available() const;
};

}  // namespace aigw::ngx
