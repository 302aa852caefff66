// Commands on their way to Redis, in the order in which the replies come, and those that are kept for later. Bytes and
// who waits for them; no connection, no clock and nothing of nginx.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "core/command.h"

struct redisReply;

namespace aigw::ngx {

// Who waits for a reply. The object belongs to the asker; when it dies, its reply is read and thrown away.
class RedisAsker {
public:
    // Once for each ask that returned true, from the event loop and never from within ask. Null: no reply in time, or the
    // connection is lost; the command may have been carried out all the same. May do anything, end this object too.
    virtual void on_reply(const redisReply *reply) = 0;
    bool asking() const { return asking_ != nullptr; }

protected:
    RedisAsker() = default;
    ~RedisAsker();
    RedisAsker(const RedisAsker &) = delete;

private:
    friend class RedisQueue;
    void *asking_ = nullptr;
};

class RedisQueue {
public:
    using Time = uint64_t;  // ms of a clock that may wrap

    static constexpr size_t kMaxWaiting = 16'384;         // commands under way; more fail at once
    static constexpr size_t kMaxWaitingBytes = 32 << 20;  // of them
    static constexpr size_t kMaxPosted = 65'536;          // commands kept for later; the oldest go first
    static constexpr size_t kMaxPostedBytes = 32 << 20;   // of them
    static constexpr size_t kBatch = 64;                  // posted commands that are sent before a reply to one is awaited
    static constexpr size_t kBatchBytes = 256 << 10;      // of them; one may be longer

    RedisQueue() = default;
    ~RedisQueue();
    RedisQueue(const RedisQueue &) = delete;

    bool room() const { return ops_.size() < kMaxWaiting && bytes_.size() - done_ < kMaxWaitingBytes; }
    // `due`: when the reply is late; 0: said by `stamp` when it is sent.
    void ask(RedisAsker &asker, const Command &command, Time due);
    void post(const Command &command);   // behind what is under way
    void keep(const Command &command);   // for later

    // What waits to be sent. First some of what is kept, if so few are under way that an ask behind them will not be late.
    void refill();
    std::string_view unsent() const { return std::string_view(bytes_).substr(sent_); }
    void sent(size_t size) { sent_ += size; }
    void stamp(Time due);

    // A reply came: to a command that was sent?
    bool expected() const { return !ops_.empty() && done_ + ops_.front().size <= sent_; }
    bool first_is_posted() const { return ops_.front().posted; }
    RedisAsker *take_first();  // null: nobody waits
    // An EVALSHA once more, as EVAL, behind the others. False: the first command is none.
    bool repeat_first();

    // The connection is lost: what was posted is kept, the asks are over. Then take_lost() says who waited, until null.
    void lose();
    RedisAsker *take_lost();

    bool empty() const { return ops_.empty(); }
    bool under_way() const { return sent_ != done_; }
    bool posting() const { return posts_ != 0; }
    size_t kept() const { return kept_.size(); }
    bool wants_refill() const { return !kept_.empty() && posts_ < kBatch / 2; }
    // Kept commands that there was no room for, since the last call.
    size_t take_dropped();
    // When the first ask will be late; 0: there is none.
    Time earliest() const;

private:
    friend class RedisAsker;

    // A command under way; its bytes stand in bytes_, in the same order.
    struct Op {
        RedisAsker *asker;  // null: posted, or the asker is gone
        size_t size;        // bytes
        Time due;
        bool posted;
    };

    Op &append(const Command &command, bool posted);
    void put_away(std::string bytes, bool in_front);
    void clear();

    std::string bytes_;               // [done_: replies came][sent_: replies to come][to be sent]
    size_t done_ = 0, sent_ = 0;
    std::deque<Op> ops_;              // stay where they are: askers point to them
    std::deque<Op> lost_;             // the same
    size_t posts_ = 0;                // of ops_
    std::deque<std::string> kept_;
    size_t kept_bytes_ = 0;
    size_t dropped_ = 0;
};

}  // namespace aigw::ngx
