// One connection to Redis: address, connect, TLS, greeting (AUTH, SELECT, PING), then bytes out and replies in. It keeps
// no commands and no time: whoever owns it gives up when it takes too long.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "nginx/ngx.h"
#include "nginx/redis_reader.h"
#include "nginx/resolve.h"

namespace aigw::ngx {

struct RedisConf;

// Why Redis is of no use: the metric's label and the log's word. `text` is a constant.
struct RedisFailure {
    std::string_view kind;
    ngx_err_t error = 0;
};

class RedisLink final : private Addresses::Waiter {
public:
    class Owner {
    public:
        virtual void on_open() = 0;                             // greeted
        virtual void on_reply(const redisReply &reply) = 0;     // may close the link
        virtual void on_writable() = 0;                         // send again
        virtual void on_broken(const RedisFailure &why) = 0;    // it is closed

    protected:
        ~Owner() = default;
    };

    RedisLink(const RedisConf &conf, Owner &owner);
    ~RedisLink();
    RedisLink(const RedisLink &) = delete;

    // Of a closed link. A failure at once, or one of on_open and on_broken later, unless it is closed meanwhile.
    std::optional<RedisFailure> open();
    void close();
    // Of an open link: how much went out, the rest after on_writable. Nothing: it is broken, and on_broken does not come.
    std::optional<size_t> send(const char *bytes, size_t size);

private:
    enum class Phase : uint8_t { Closed, Resolving, Connecting, Handshake, Greeting, Open };

    static void on_read_event(ngx_event_t *event) noexcept;
    static void on_write_event(ngx_event_t *event) noexcept;
    static void on_resume_event(ngx_event_t *event) noexcept;
    static void on_handshake(ngx_connection_t *c) noexcept;
    void on_addresses(bool found) override;

    std::optional<RedisFailure> connect();
    std::optional<RedisFailure> connected();
    std::optional<RedisFailure> start_tls();
    std::optional<RedisFailure> verify();
    std::optional<RedisFailure> greet();
    std::optional<RedisFailure> take_greeting(const redisReply &reply);
    void read();
    void write();
    void broken(const RedisFailure &why);
    void set_handlers();

    const RedisConf &conf_;
    Owner &owner_;
    Phase phase_ = Phase::Closed;
    uint64_t turn_ = 0;                      // counts connections: a callback may have closed the one being read
    ngx_connection_t *connection_ = nullptr;
    ngx_str_t name_{};                       // of the peer, for nginx
    ngx_log_t log_{};                        // lets alerts through only: who owns the link says the rest
    std::unique_ptr<Addresses> addresses_;   // null: a unix socket
    Address unix_{};
    std::unique_ptr<RedisReader> reader_;
    std::string greeting_;                   // what is left to send
    size_t greetings_ = 0;                   // replies to come
    ngx_event_t resume_{};                   // the addresses are there
};

// What an error reply begins with, as a label: one of a fixed set, else "error".
std::string_view error_kind(const redisReply &reply);
// It says that Redis as a whole cannot serve now, not that this command was wrong.
bool says_away(std::string_view kind);

}  // namespace aigw::ngx
