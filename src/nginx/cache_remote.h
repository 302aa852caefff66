// The same answers in Redis, where there is an ai_redis: asked after the zone, so that a fleet shares them. A Redis that is
// away, or slow, is a miss.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cache/key.h"
#include "core/units.h"
#include "nginx/context.h"
#include "nginx/ngx.h"
#include "nginx/redis.h"

namespace aigw::ngx {

// One request's question.
class CacheQuestion final : private Redis::Asker {
public:
    // Null: there is nobody to ask now. Else the request's admission goes on when the answer is there.
    static std::unique_ptr<CacheQuestion> ask(Context &context, const cache::Key &key);

    bool answered() const { return answered_; }
    // What was found, once.
    std::optional<std::string> take() { return std::move(record_); }

private:
    explicit CacheQuestion(Context &context) : context_(context) {}
    void on_reply(const redisReply *reply) override;

    Context &context_;
    bool answered_ = false;
    std::optional<std::string> record_;
};

// Keeps it there too, for `ttl` ms; nothing while Redis is away.
void put_remote(ngx_http_request_t *r, const cache::Key &key, const std::string &record, Millis ttl);

}  // namespace aigw::ngx
