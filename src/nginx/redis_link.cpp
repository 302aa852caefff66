#include "nginx/ngx.h"

#include "nginx/redis_link.h"

#include <sys/time.h>
#include <sys/un.h>

#include <hiredis/hiredis.h>

#include "nginx/guarded.h"
#include "nginx/keepalive.h"
#include "nginx/redis_conf.h"
#include "nginx/text.h"
#include "providers/host_files.h"

namespace aigw::ngx {

namespace {

constexpr ngx_msec_t kPatience = 1000;  // for the answer of a nameserver
constexpr size_t kPool = 256;         // bytes; TLS keeps its state there
constexpr size_t kRead = 16 << 10;    // bytes of one read

struct ErrorWord {
    std::string_view word, kind;
    bool away;
};

constexpr ErrorWord kErrorWords[] = {
    {"LOADING", "loading", true},         {"READONLY", "readonly", true}, {"MASTERDOWN", "masterdown", true},
    {"CLUSTERDOWN", "clusterdown", true}, {"MOVED", "moved", true},       {"ASK", "moved", true},
    {"MISCONF", "misconf", true},         {"BUSY", "busy", true},         {"NOAUTH", "noauth", true},
    {"NOPERM", "noperm", false},          {"WRONGPASS", "noauth", true},  {"OOM", "oom", true},
    {"WRONGTYPE", "wrongtype", false},    {"NOSCRIPT", "noscript", false},
};

std::string_view text_of(const redisReply &reply) {
    return {reply.str, static_cast<size_t>(reply.len)};
}

Address unix_address(const std::string &path) {
    Address address{};
    sockaddr_un &where = address.address.sockaddr_un;
    where.sun_family = AF_UNIX;
    ngx_memcpy(where.sun_path, path.data(), path.size());
    address.length = sizeof(sockaddr_un);
    return address;
}

ngx_err_t socket_error(ngx_connection_t *c) {
    int error = 0;
    socklen_t length = sizeof(error);
    return getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &length) == -1 ? ngx_socket_errno : error;
}

}  // namespace

std::string_view error_kind(const redisReply &reply) {
    std::string_view text = text_of(reply);
    std::string_view word = text.substr(0, text.find(' '));
    for (const ErrorWord &known : kErrorWords) {
        if (word == known.word) {
            return known.kind;
        }
    }
    return "error";
}

bool says_away(std::string_view kind) {
    for (const ErrorWord &known : kErrorWords) {
        if (kind == known.kind) {
            return known.away;
        }
    }
    return false;
}

RedisLink::RedisLink(const RedisConf &conf, Owner &owner) : conf_(conf), owner_(owner), name_(str(conf.name)) {
    log_ = *ngx_cycle->log;
    log_.log_level = NGX_LOG_ALERT;
    log_.next = nullptr;
    if (conf.url.path.empty()) {
        addresses_ = std::make_unique<Addresses>(conf.url.host, conf.url.port, conf.static_ips);
    } else {
        unix_ = unix_address(conf.url.path);
    }
    resume_.handler = on_resume_event;
    resume_.data = this;
    resume_.log = ngx_cycle->log;
}

RedisLink::~RedisLink() {
    close();
}

void RedisLink::close() {
    turn_++;
    phase_ = Phase::Closed;
    if (addresses_) {
        addresses_->cancel(*this);
    }
    if (resume_.posted) {
        ngx_delete_posted_event(&resume_);
    }
    if (connection_ != nullptr) {
        ngx_connection_t *c = connection_;
        connection_ = nullptr;
        close_connection(c);
    }
}

void RedisLink::broken(const RedisFailure &why) {
    close();
    owner_.on_broken(why);
}

// ---- the way up

std::optional<RedisFailure> RedisLink::open() {
    if (!addresses_ || addresses_->ready()) {
        return connect();
    }
    phase_ = Phase::Resolving;
    if (!addresses_->wait(*this, conf_.resolver, kPatience)) {
        close();
        return RedisFailure{"resolve"};
    }
    return std::nullopt;
}

void RedisLink::on_addresses(bool) {
    ngx_post_event(&resume_, &ngx_posted_events);
}

void RedisLink::on_resume_event(ngx_event_t *event) noexcept {
    auto *self = static_cast<RedisLink *>(event->data);
    guarded(event->log, [&] {
        if (auto why = self->connect()) {
            self->broken(*why);
        }
    });
}

std::optional<RedisFailure> RedisLink::connect() {
    const Address *address = addresses_ ? addresses_->pick(0) : &unix_;
    if (address == nullptr) {
        close();
        return RedisFailure{"resolve"};
    }
    ngx_peer_connection_t peer{};
    ngx_sockaddr_t where = address->address;
    peer.sockaddr = &where.sockaddr;
    peer.socklen = address->length;
    peer.name = &name_;
    peer.get = ngx_event_get_peer;
    peer.log = &log_;
    peer.log_error = NGX_ERROR_ERR;
    peer.so_keepalive = addresses_ ? 1 : 0;
    ngx_set_socket_errno(0);
    ngx_int_t rc = ngx_event_connect_peer(&peer);
    if (rc != NGX_OK && rc != NGX_AGAIN) {
        ngx_err_t error = ngx_socket_errno;
        close();
        return RedisFailure{"refused", error};
    }
    turn_++;
    connection_ = peer.connection;
    connection_->data = this;
    connection_->log = &log_;
    connection_->pool = ngx_create_pool(kPool, &log_);
    if (connection_->pool == nullptr) {
        throw std::bad_alloc();
    }
    reader_ = std::make_unique<RedisReader>();
    set_handlers();
    phase_ = Phase::Connecting;
    return rc == NGX_OK ? connected() : std::nullopt;
}

void RedisLink::set_handlers() {
    connection_->read->handler = on_read_event;
    connection_->write->handler = on_write_event;
}

std::optional<RedisFailure> RedisLink::connected() {
    if (ngx_err_t error = socket_error(connection_)) {
        close();
        return RedisFailure{"refused", error};
    }
    if (addresses_ && ngx_tcp_nodelay(connection_) != NGX_OK) {
        close();
        return RedisFailure{"refused"};
    }
    return conf_.ssl != nullptr ? start_tls() : greet();
}

#if (NGX_HTTP_SSL)

std::optional<RedisFailure> RedisLink::start_tls() {
    ngx_connection_t *c = connection_;
    bool named = !conf_.url.host.empty() && !providers::is_address(conf_.url.host);
    if (ngx_ssl_create_connection(conf_.ssl, c, NGX_SSL_CLIENT) != NGX_OK ||
        (named && SSL_set_tlsext_host_name(c->ssl->connection, conf_.url.host.c_str()) == 0)) {
        close();
        return RedisFailure{"tls"};
    }
    // What is sent again after a full socket may stand elsewhere by then.
    SSL_set_mode(c->ssl->connection, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_ENABLE_PARTIAL_WRITE);
    phase_ = Phase::Handshake;
    c->ssl->handler = on_handshake;
    ngx_int_t rc = ngx_ssl_handshake(c);
    if (rc == NGX_AGAIN) {
        return std::nullopt;
    }
    return verify();
}

void RedisLink::on_handshake(ngx_connection_t *c) noexcept {
    auto *self = static_cast<RedisLink *>(c->data);
    guarded(ngx_cycle->log, [&] {
        if (auto why = self->verify()) {
            self->broken(*why);
        }
    });
}

std::optional<RedisFailure> RedisLink::verify() {
    ngx_connection_t *c = connection_;
    ngx_str_t host = str(conf_.url.host);
    bool sound = c->ssl->handshaked &&
                 (!conf_.verify || (SSL_get_verify_result(c->ssl->connection) == X509_V_OK &&
                                    ngx_ssl_check_host(c, &host) == NGX_OK));
    if (!sound) {
        close();
        return RedisFailure{"tls"};
    }
    set_handlers();
    return greet();
}

#else

std::optional<RedisFailure> RedisLink::start_tls() {
    close();
    return RedisFailure{"tls"};
}

#endif

std::optional<RedisFailure> RedisLink::greet() {
    phase_ = Phase::Greeting;
    const RedisUrl &url = conf_.url;
    greeting_.clear();
    greetings_ = 1;
    if (!url.password.empty()) {
        encode_command(url.user.empty() ? Command{"AUTH", url.password}
                                        : Command{"AUTH", url.user, url.password}, greeting_);
        greetings_++;
    }
    if (url.db != 0) {
        encode_command({"SELECT", std::to_string(url.db)}, greeting_);
        greetings_++;
    }
    encode_command({"PING"}, greeting_);
    // A few hundred bytes into an empty socket.
    auto sent = send(greeting_.data(), greeting_.size());
    bool whole = sent && *sent == greeting_.size();
    ngx_explicit_memzero(greeting_.data(), greeting_.size());
    if (!whole) {
        close();
        return RedisFailure{"closed"};
    }
    return std::nullopt;
}

// Null: all is well so far.
std::optional<RedisFailure> RedisLink::take_greeting(const redisReply &reply) {
    if (reply.type == REDIS_REPLY_ERROR) {
        std::string_view kind = error_kind(reply);
        return RedisFailure{says_away(kind) ? kind : greetings_ > 1 ? "noauth" : "protocol"};
    }
    if (reply.type != REDIS_REPLY_STATUS) {
        return RedisFailure{"protocol"};
    }
    if (--greetings_ == 0) {
        phase_ = Phase::Open;
        owner_.on_open();
    }
    return std::nullopt;
}

// ---- bytes

std::optional<size_t> RedisLink::send(const char *bytes, size_t size) {
    ngx_connection_t *c = connection_;
    size_t done = 0;
    while (done < size) {
        ssize_t n = c->send(c, reinterpret_cast<u_char *>(const_cast<char *>(bytes)) + done, size - done);
        if (n == NGX_AGAIN) {
            break;
        }
        if (n <= 0) {
            return std::nullopt;
        }
        done += static_cast<size_t>(n);
    }
    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        return std::nullopt;
    }
    return done;
}

void RedisLink::read() {
    ngx_connection_t *c = connection_;
    uint64_t turn = turn_;
    u_char buffer[kRead];
    for (;;) {
        ssize_t n = c->recv(c, buffer, sizeof buffer);
        if (n == NGX_AGAIN) {
            break;
        }
        if (n <= 0) {
            broken({"closed", n == 0 ? 0 : ngx_socket_errno});
            return;
        }
        reader_->feed(reinterpret_cast<char *>(buffer), static_cast<size_t>(n));
        while (ReplyPtr reply = reader_->next()) {
            if (phase_ == Phase::Open) {
                owner_.on_reply(*reply);
            } else if (auto why = take_greeting(*reply)) {
                broken(*why);
            }
            if (turn != turn_) {
                return;
            }
        }
        if (reader_->broken()) {
            broken({"protocol"});
            return;
        }
    }
    if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
        broken({"closed"});
    }
}

void RedisLink::write() {
    if (phase_ == Phase::Open) {
        owner_.on_writable();
    }
}

// nginx's own flag c->close is not looked at: what exiting requests post goes out first, and the timers end it all.
void RedisLink::on_read_event(ngx_event_t *event) noexcept {
    auto *self = static_cast<RedisLink *>(static_cast<ngx_connection_t *>(event->data)->data);
    guarded(ngx_cycle->log, [&] {
        if (self->phase_ == Phase::Connecting) {
            if (auto why = self->connected()) {
                self->broken(*why);
                return;
            }
        }
        if (self->phase_ == Phase::Greeting || self->phase_ == Phase::Open) {
            self->read();
        }
    });
}

void RedisLink::on_write_event(ngx_event_t *event) noexcept {
    auto *self = static_cast<RedisLink *>(static_cast<ngx_connection_t *>(event->data)->data);
    guarded(ngx_cycle->log, [&] {
        if (self->phase_ == Phase::Connecting) {
            if (auto why = self->connected()) {
                self->broken(*why);
            }
            return;
        }
        self->write();
    });
}

}  // namespace aigw::ngx
