// Where a provider's name leads, for one worker. What the configuration knows (literals, the hosts file) is fixed, all
// else is asked of nginx's resolver at run time. An answer is kept for its validity and then refreshed behind the
// scenes; while DNS fails the last good one serves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nginx/ngx.h"

namespace aigw::ngx {

struct Address {
    ngx_sockaddr_t address;
    socklen_t length;
};

class Addresses {
public:
    static constexpr size_t kMaxAddresses = 16;      // of a name
    static constexpr ngx_msec_t kRetry = 5'000;      // after a failed refresh
    static constexpr ngx_msec_t kPatience = 1'000;   // for an answer while an old one could serve
    static constexpr ngx_msec_t kMinValid = 1'000;
    static constexpr ngx_msec_t kMaxValid = 3'600'000;

    // A request that waits for the first answer. The object belongs to it.
    class Waiter {
    public:
        // Called once, from the resolver's event; must not start anything but an event of its own.
        virtual void on_addresses(bool found) = 0;
        bool waiting() const { return waiting_; }

    protected:
        Waiter() = default;
        ~Waiter() = default;

    private:
        friend class Addresses;
        bool waiting_ = false;
        size_t index_ = 0;  // among the waiters
    };

    // `known`: addresses as text, from the configuration; empty: DNS is asked.
    Addresses(std::string_view host, in_port_t port, const std::vector<std::string> &known);
    ~Addresses();
    Addresses(const Addresses &) = delete;

    // For a request that comes now: addresses are there and not out of date.
    bool ready();
    // Starts a look-up, or joins the one under way. False: it cannot be started, and no address is known.
    bool wait(Waiter &waiter, ngx_resolver_t *resolver, ngx_msec_t timeout);
    void cancel(Waiter &waiter);

    // The address for a new connection, in turn; `again`: how many were tried in vain just before. Null: no (more).
    const Address *pick(size_t again);
    bool contains(const sockaddr &address, socklen_t length) const;

private:
    static void on_answer(ngx_resolver_ctx_t *answer) noexcept;
    static void on_timer(ngx_event_t *event) noexcept;
    bool query();
    void take(const ngx_resolver_ctx_t &answer);
    void settle(bool found);
    void sort();

    std::string host_;
    in_port_t port_;
    bool expired_ = false;        // the answer ran out while nobody used it: the next use waits for a new one
    bool used_ = false;           // since the last answer
    std::vector<Address> list_;   // IPv4 first
    size_t preferred_ = 0;        // the first so many are taken in turn, the rest only after a failure
    size_t turn_ = 0;
    std::vector<Waiter *> waiters_;
    ngx_resolver_t *resolver_ = nullptr;  // of the last location that asked
    ngx_msec_t timeout_ = 0;
    ngx_resolver_ctx_t *query_ = nullptr;
    ngx_event_t timer_{};
};

}  // namespace aigw::ngx
