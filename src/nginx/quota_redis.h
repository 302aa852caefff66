// A reserve in Redis, under those limits of a request that Redis keeps in one hash. Redis is asked before the call, and
// while an answer runs past what is reserved; all else is told to it without waiting.
#pragma once

#include <optional>
#include <span>

#include "limits/quota_command.h"
#include "nginx/ngx.h"
#include "nginx/redis.h"

namespace aigw::ngx {

class RedisReserve final : public Redis::Asker {
public:
    class Owner {
    public:
        // Once for each reserve() that returned true. Null: Redis did not answer, or not with a decision; the reserve may
        // have been made.
        virtual void on_reserved(const limits::Decision *decision) = 0;

    protected:
        ~Owner() = default;
    };

    // `demands` live longer.
    RedisReserve(Owner &owner, Redis &redis, limits::QuotaKeys keys, const limits::Key &id,
                 std::span<const limits::Demand> demands, Millis lease);

    const std::span<const limits::Demand> &demands() const { return demands_; }

    // Asks for all or none; `recorded` is charged if this worker dies. False: Redis is away.
    bool reserve(const limits::Expected &expected, const limits::Spent &recorded);
    // What was used so far. False: Redis said that the answer ends here.
    bool spend(const limits::Spent &spent);
    void renew(const limits::Spent &spent);
    // Charges what was used; also where Redis never answered: the request was let in all the same. Once.
    void settle(const limits::Spent &spent);
    // Takes back whatever may have been reserved.
    void release();

private:
    enum class State : uint8_t { New, Asked, Held, Unanswered };  // New also where it was refused: nothing to give back

    void on_reply(const redisReply *reply) override;
    void reserved(const redisReply *reply);
    void progressed(const redisReply *reply);

    Owner &owner_;
    Redis &redis_;
    limits::QuotaKeys keys_;
    limits::Key id_;
    std::span<const limits::Demand> demands_;
    Millis lease_;                 // ms
    State state_ = State::New;
    bool ended_ = false;           // no token more
    limits::Expected expected_;
    int64_t epoch_ = limits::kNeverReserved;
    Tokens asked_at_ = 0;          // tokens of answer when progress was asked
    Tokens ask_at_ = 0;            // and at which it is to be asked next
};

}  // namespace aigw::ngx
