#include "nginx/ngx.h"

#include "nginx/resolve.h"

#include <algorithm>

#include "nginx/guarded.h"
#include "nginx/text.h"

namespace aigw::ngx {
namespace {

// An IPv4 or IPv6 literal, without brackets.
bool parse_literal(std::string_view text, Address &out) {
    ngx_str_t copy = str(text);
    ngx_memzero(&out, sizeof(out));
    in_addr_t v4 = ngx_inet_addr(copy.data, copy.len);
    if (v4 != INADDR_NONE) {
        out.address.sockaddr_in.sin_family = AF_INET;
        out.address.sockaddr_in.sin_addr.s_addr = v4;
        out.length = sizeof(sockaddr_in);
        return true;
    }
    if (ngx_inet6_addr(copy.data, copy.len, out.address.sockaddr_in6.sin6_addr.s6_addr) == NGX_OK) {
        out.address.sockaddr_in6.sin6_family = AF_INET6;
        out.length = sizeof(sockaddr_in6);
        return true;
    }
    return false;
}

}  // namespace

Addresses::Addresses(std::string_view host, in_port_t port, const std::vector<std::string> &known)
    : host_(host), port_(port) {
    timer_.handler = on_timer;
    timer_.data = this;
    timer_.log = ngx_cycle->log;
    timer_.cancelable = 1;
    for (const std::string &text : known) {
        Address address;
        if (list_.size() < kMaxAddresses && parse_literal(text, address)) {
            list_.push_back(address);
        }
    }
    sort();
}

Addresses::~Addresses() {
    if (query_ != nullptr) {
        ngx_resolve_name_done(query_);
    }
    if (timer_.timer_set) {
        ngx_del_timer(&timer_);
    }
}

// Puts IPv4 first: a machine without an IPv6 route would else fail every other time.
void Addresses::sort() {
    for (Address &address : list_) {
        ngx_inet_set_port(&address.address.sockaddr, port_);
    }
    auto v6 = std::stable_partition(list_.begin(), list_.end(), [](const Address &address) {
        return address.address.sockaddr.sa_family == AF_INET;
    });
    preferred_ = static_cast<size_t>(v6 - list_.begin());
    if (preferred_ == 0) {
        preferred_ = list_.size();
    }
}

bool Addresses::ready() {
    used_ = true;
    return !list_.empty() && !expired_;
}

const Address *Addresses::pick(size_t again) {
    if (list_.empty() || again >= list_.size()) {
        return nullptr;
    }
    if (again == 0) {
        turn_++;
    }
    return &list_[(turn_ % preferred_ + again) % list_.size()];
}

bool Addresses::contains(const sockaddr &address, socklen_t length) const {
    return std::any_of(list_.begin(), list_.end(), [&](const Address &mine) {
        return ngx_cmp_sockaddr(const_cast<sockaddr *>(&mine.address.sockaddr), mine.length,
                                const_cast<sockaddr *>(&address), length, 1) == NGX_OK;
    });
}

bool Addresses::wait(Waiter &waiter, ngx_resolver_t *resolver, ngx_msec_t timeout) {
    waiters_.push_back(&waiter);
    waiter.index_ = waiters_.size() - 1;
    waiter.waiting_ = true;
    resolver_ = resolver;
    timeout_ = timeout;
    if (query_ != nullptr || query()) {
        return true;
    }
    cancel(waiter);
    if (list_.empty()) {
        return false;
    }
    waiter.on_addresses(true);
    return true;
}

void Addresses::cancel(Waiter &waiter) {
    if (!waiter.waiting_) {
        return;
    }
    waiters_.back()->index_ = waiter.index_;
    waiters_[waiter.index_] = waiters_.back();
    waiters_.pop_back();
    waiter.waiting_ = false;
}

// May answer at once, from the resolver's own cache.
bool Addresses::query() {
    ngx_resolver_ctx_t temporary;
    ngx_memzero(&temporary, sizeof(temporary));
    temporary.name = str(host_);
    ngx_resolver_ctx_t *query = resolver_ != nullptr ? ngx_resolve_start(resolver_, &temporary) : nullptr;
    if (query == nullptr || query == NGX_NO_RESOLVER) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "aigw: no resolver for \"%V\"", &temporary.name);
        return false;
    }
    query->name = str(host_);
    query->handler = on_answer;
    query->data = this;
    query->timeout = list_.empty() ? timeout_ : ngx_min(timeout_, kPatience);
    query_ = query;
    if (ngx_resolve_name(query) != NGX_OK) {
        query_ = nullptr;  // freed by the resolver
        return false;
    }
    if (query_ != nullptr && query_->event != nullptr) {
        query_->event->cancelable = 1;  // a request that waits has a timer of its own
    }
    return true;
}

void Addresses::on_answer(ngx_resolver_ctx_t *answer) noexcept {
    auto *self = static_cast<Addresses *>(answer->data);
    bool found = guarded(ngx_cycle->log, false, [&] {
        if (answer->state != 0 || answer->naddrs == 0) {
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "aigw: \"%V\" could not be resolved (%i: %s)", &answer->name,
                          answer->state, ngx_resolver_strerror(answer->state));
            return false;
        }
        self->take(*answer);
        return true;
    });
    self->query_ = nullptr;
    ngx_resolve_name_done(answer);
    self->settle(found);
}

void Addresses::take(const ngx_resolver_ctx_t &answer) {
    std::vector<Address> list;
    for (ngx_uint_t i = 0; i < answer.naddrs && list.size() < kMaxAddresses; i++) {
        Address address{};
        address.length = std::min<socklen_t>(answer.addrs[i].socklen, sizeof(address.address));
        ngx_memcpy(&address.address, answer.addrs[i].sockaddr, address.length);
        list.push_back(address);
    }
    list_ = std::move(list);
    sort();
    expired_ = false;
    used_ = false;
    // The resolver's own cache holds the answer for as long: a moment later it asks anew.
    auto left = (answer.valid - ngx_time()) * 1000 + 1000;
    auto valid = static_cast<ngx_msec_t>(std::clamp<time_t>(left, kMinValid, kMaxValid));
    if (!ngx_exiting) {
        ngx_add_timer(&timer_, valid);
    }
}

// Tells everybody who waits. Without an answer the last good list serves.
void Addresses::settle(bool found) {
    if (!found && !list_.empty()) {
        expired_ = false;
        if (!ngx_exiting) {
            ngx_add_timer(&timer_, kRetry);
        }
    }
    while (!waiters_.empty()) {
        Waiter *waiter = waiters_.back();
        cancel(*waiter);
        waiter->on_addresses(!list_.empty());
    }
}

void Addresses::on_timer(ngx_event_t *event) noexcept {
    auto *self = static_cast<Addresses *>(event->data);
    if (ngx_exiting || self->query_ != nullptr) {
        return;
    }
    if (!self->used_) {
        self->expired_ = true;
    } else if (!self->query()) {
        self->settle(false);
    }
}

}  // namespace aigw::ngx
