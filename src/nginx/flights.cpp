#include "nginx/flights.h"

#include <map>
#include <utility>

#include "nginx/guarded.h"

namespace aigw::ngx {

namespace {

constexpr ngx_msec_t kLeaderLook = 250;  // ms between two looks at leaders
constexpr size_t kRenewals = 256;        // of one look: some 50 us

bool is_over(ngx_msec_t until) { return static_cast<ngx_msec_int_t>(ngx_current_msec - until) >= 0; }

}  // namespace

class Flights {
public:
    static Flights &instance() {
        static Flights self;
        return self;
    }

    void lead(FlightMember &member) {
        member.renewed_ = ngx_current_msec;
        link(member, leaders_);
    }

    void wait(FlightMember &member) {
        auto [place, fresh] = groups_.try_emplace({member.zones_.cache, member.ticket_.number});
        if (fresh) {
            ngx_queue_init(&place->second.members);
        }
        link(member, place->second.members);
    }

    // Not: the group that is empty then. sweep() does.
    void unlink(FlightMember &member) {
        if (member.linked_) {
            ngx_queue_remove(&member.link_.queue);
            member.linked_ = false;
        }
    }

    // Looks for those who wait for this call.
    void look(const FlightMember &leader) {
        auto group = groups_.find({leader.zones_.cache, leader.ticket_.number});
        if (group != groups_.end()) {
            look(group->second);
        }
    }

private:
    // Those of this worker who wait for the same call.
    struct Group {
        ngx_queue_t members;
    };
    using Call = std::pair<CacheRoot *, uint64_t>;  // whose memory, which call

    Flights() {
        ngx_queue_init(&leaders_);
        connection_.fd = static_cast<ngx_socket_t>(-1);
        timer_.data = &connection_;  // debug logs ask for a descriptor
        timer_.log = ngx_cycle->log;
        timer_.handler = on_timer;
        timer_.cancelable = 1;
    }

    static FlightMember &first_of(ngx_queue_t &members) {
        return *reinterpret_cast<FlightMember::Link *>(ngx_queue_head(&members))->owner;
    }

    void link(FlightMember &member, ngx_queue_t &members) {
        member.link_.owner = &member;
        ngx_queue_insert_tail(&members, &member.link_.queue);
        member.linked_ = true;
        arm();
    }

    void arm() {
        ngx_msec_t wait = groups_.empty() ? kLeaderLook : FlightMember::kLook;
        if (timer_.timer_set && static_cast<ngx_msec_int_t>(timer_.timer.key - ngx_current_msec) <= static_cast<ngx_msec_int_t>(wait)) {
            return;
        }
        if (timer_.timer_set) {
            ngx_del_timer(&timer_);
        }
        ngx_add_timer(&timer_, wait);
    }

    static void on_timer(ngx_event_t *event) noexcept {
        Flights &self = instance();
        event->log = ngx_cycle->log;
        guarded(event->log, [&] {
            self.sweep();
            self.renew();
        });
        if (!self.groups_.empty() || !ngx_queue_empty(&self.leaders_)) {
            guarded(event->log, [&] { self.arm(); });
        }
    }

    void sweep() {
        for (auto group = groups_.begin(); group != groups_.end();) {
            look(group->second);
            group = ngx_queue_empty(&group->second.members) ? groups_.erase(group) : std::next(group);
        }
    }

    // One of them asks for all.
    void look(Group &group) {
        while (!ngx_queue_empty(&group.members)) {
            FlightMember &first = first_of(group.members);
            CacheMemory memory(first.zones_);
            if (is_over(first.until_)) {
                memory.leave(first.ticket_);
                wake(first, FlightMember::Role::Alone);
                continue;
            }
            switch (memory.ask(first.key_, first.ticket_, FlightMember::kLease)) {
            case FlightMember::Role::Wait:
                return;
            case FlightMember::Role::Lead:
                wake(first, FlightMember::Role::Lead);
                lead(first);
                return;
            case FlightMember::Role::Alone:
                release(group);
                return;
            }
        }
    }

    void release(Group &group) {
        while (!ngx_queue_empty(&group.members)) {
            wake(first_of(group.members), FlightMember::Role::Alone);
        }
    }

    void wake(FlightMember &member, FlightMember::Role role) {
        unlink(member);
        member.ticket_.role = role;
        member.wake_(member.data_);
    }

    void renew() {
        for (size_t i = 0; i < kRenewals && !ngx_queue_empty(&leaders_); i++) {
            FlightMember &leader = first_of(leaders_);
            if (ngx_current_msec - leader.renewed_ < FlightMember::kRenew) {
                return;
            }
            CacheMemory(leader.zones_).renew(leader.ticket_, FlightMember::kLease);
            unlink(leader);
            lead(leader);
        }
    }

    ngx_queue_t leaders_;  // the one renewed longest ago first
    std::map<Call, Group> groups_;
    ngx_connection_t connection_{};
    ngx_event_t timer_{};
};

FlightMember::~FlightMember() {
    if (!linked_) {
        return;
    }
    Flights::instance().unlink(*this);
    CacheMemory memory(zones_);
    if (ticket_.role == Role::Wait) {
        memory.leave(ticket_);
        return;
    }
    memory.renew(ticket_, 0);  // over: who waits takes the lead
    guarded(ngx_cycle->log, [&] { Flights::instance().look(*this); });
}

void FlightMember::start(const cache::Flight::Ticket &ticket, ngx_msec_t until) {
    ticket_ = ticket;
    until_ = until;
    if (role() == Role::Lead) {
        Flights::instance().lead(*this);
    } else if (role() == Role::Wait) {
        Flights::instance().wait(*this);
    }
}

void FlightMember::finish() {
    if (linked_ && role() == Role::Lead) {
        Flights::instance().unlink(*this);
        CacheMemory(zones_).done(ticket_);
        Flights::instance().look(*this);
        ticket_.role = Role::Alone;
    }
}

}  // namespace aigw::ngx
