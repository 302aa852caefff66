#include "nginx/renewal.h"

#include "nginx/guarded.h"

namespace aigw::ngx {

namespace {

constexpr ngx_msec_t kTick = 100;   // ms between two looks
constexpr size_t kRenewals = 64;    // of one look: some 20 us

}  // namespace

class Renewals {
public:
    static Renewals &instance() {
        static Renewals self;
        return self;
    }

    void add(Renewed &one) {
        one.renewed_ = ngx_current_msec;
        ngx_queue_insert_tail(&running_, &one.link_.queue);
        if (!timer_.timer_set) {
            ngx_add_timer(&timer_, kTick);
        }
    }

private:
    Renewals() {
        ngx_queue_init(&running_);
        connection_.fd = static_cast<ngx_socket_t>(-1);
        timer_.data = &connection_;  // debug logs ask for a descriptor
        timer_.log = ngx_cycle->log;
        timer_.handler = on_timer;
        timer_.cancelable = 1;
    }

    static void on_timer(ngx_event_t *event) noexcept {
        Renewals &self = instance();
        event->log = ngx_cycle->log;
        guarded(event->log, [&] { self.look(); });
        if (!ngx_queue_empty(&self.running_)) {
            ngx_add_timer(event, kTick);
        }
    }

    void look() {
        for (size_t i = 0; i < kRenewals && !ngx_queue_empty(&running_); i++) {
            ngx_queue_t *first = ngx_queue_head(&running_);
            Renewed &one = *reinterpret_cast<Renewed::Link *>(first)->owner;
            if (ngx_current_msec - one.renewed_ < one.every_) {
                return;
            }
            one.renewed_ = ngx_current_msec;
            {
                ngx_queue_remove(first);
            }
            ngx_queue_insert_tail(&running_, first);
            one.renew();
        }
    }

    ngx_queue_t running_;
    ngx_connection_t connection_{};
    ngx_event_t timer_{};
};

void Renewed::keep_renewing(ngx_msec_t lease) {
    every_ = lease / 3;
    linked_ = true;
    Renewals::instance().add(*this);
}

void Renewed::stop_renewing() {
    if (linked_) {
        linked_ = false;
        ngx_queue_remove(&link_.queue);
    }
}

}  // namespace aigw::ngx
