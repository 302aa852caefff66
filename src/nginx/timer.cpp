#include "nginx/timer.h"

#include <signal.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "nginx/context.h"
#include "nginx/guarded.h"
#include "nginx/key_load.h"
#include "nginx/keys.h"
#include "nginx/metrics.h"
#include "nginx/phases.h"
#include "nginx/pool.h"
#include "nginx/quota.h"
#include "nginx/redis.h"
#include "nginx/state_file.h"

namespace aigw::ngx {

namespace {

constexpr ngx_msec_t kTick = 1000;                  // ms; the longest sleep
constexpr uint64_t kMinPeriod = 20;                 // ms between two checks of the file
constexpr uint64_t kTakeOver = 5000;                // ms of silence after which a load counts as dead
constexpr uint64_t kSilence = 30'000;               // ms without a sign of life
constexpr uint64_t kLogEvery = 60'000;              // ms
constexpr int64_t kSlice = 1'000'000;               // ns of work in one turn of the event loop

// Of this process: its slot and the zones that hold it.
WorkerSlot *own_slot = nullptr;
const Zones *own_zones = nullptr;

Zones *zones_in_force() {
    MainConf *main = main_conf(const_cast<ngx_cycle_t *>(ngx_cycle));
    return main != nullptr ? main->zones : nullptr;
}

int64_t clock_ns() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// `seen` first: a slot with a process is never without a sign of life.
bool claim(WorkerSlot &slot) {
    int64_t pid = slot.pid.load();
    if (pid != 0 && pid != ngx_pid && is_alive(slot)) {
        return false;
    }
    slot.seen.store(ngx_current_msec);
    return slot.pid.compare_exchange_strong(pid, ngx_pid);
}

// Null if all are taken: this worker then counts for nothing in the sums.
WorkerSlot *claim_slot(StateRoot *root) {
    auto slot = std::find_if(std::begin(root->workers), std::end(root->workers), [](WorkerSlot &s) { return claim(s); });
    return slot != std::end(root->workers) ? slot : nullptr;
}

// One for each cycle of a process, in the cycle's pool.
struct Leader {
    Leader(ngx_cycle_t *cycle, Zones *the_zones);
    ~Leader();
    Leader(const Leader &) = delete;

    void tick();
    void slice();
    ngx_msec_t sleep() const;  // until the next tick

    ngx_connection_t connection{};  // first: ev->data, which debug logs ask for a descriptor
    ngx_event_t timer{};
    ngx_event_t next{};  // the next slice
    Zones *zones;
    std::unique_ptr<KeyLoad> load;
    std::unique_ptr<StateSave> save;
    int64_t load_began = 0;  // ns

private:
    bool may_lead() const;
    uint64_t period() const;
    void expire();
    void save_state();
    void check_keys();
    void broken(const std::string &wrong, const std::optional<FileStamp> &seen);
    void log_broken();
    bool run_load();
};

Leader *leader_of(ngx_event_t *event) {
    return reinterpret_cast<Leader *>(event->data);
}

void on_timer(ngx_event_t *event) noexcept {
    Leader *leader = leader_of(event);
    // A single process that was reloaded: nginx starts no process for the new configuration, so this one hands over.
    if (leader->zones != zones_in_force()) {
        start_timers(const_cast<ngx_cycle_t *>(ngx_cycle));
        return;
    }
    if (!guarded(event->log, false, [&] { leader->tick(); return true; })) {
        leader->load.reset();
    }
    ngx_add_timer(event, leader->sleep());
}

void on_slice(ngx_event_t *event) noexcept {
    if (!guarded(event->log, false, [&] { leader_of(event)->slice(); return true; })) {
        leader_of(event)->load.reset();
        leader_of(event)->save.reset();
    }
}

Leader::Leader(ngx_cycle_t *cycle, Zones *the_zones) : zones(the_zones) {
    connection.fd = static_cast<ngx_socket_t>(-1);
    for (ngx_event_t *event : {&timer, &next}) {
        event->data = this;
        event->log = cycle->log;
    }
    timer.handler = on_timer;
    timer.cancelable = 1;
    next.handler = on_slice;
}

Leader::~Leader() {
    if (timer.timer_set) {
        ngx_del_timer(&timer);
    }
    if (next.posted) {
        ngx_delete_posted_event(&next);
    }
}

bool Leader::may_lead() const {
    return !ngx_exiting && !ngx_quit && !ngx_terminate && zones->state->generation.load() == zones->generation;
}

// Twice in `check`: what changed just after one look is live within it.
uint64_t Leader::period() const {
    return std::max<uint64_t>(zones->main->keys_check / 2, kMinPeriod);
}

ngx_msec_t Leader::sleep() const {
    uint64_t now = ngx_current_msec, due = zones->state->next_run.load();
    return may_lead() ? std::clamp<ngx_msec_t>(due > now ? due - now : 0, 1, kTick) : kTick;
}

void Leader::tick() {
    refresh_worker_slot();
    StateRoot *root = zones->state;
    uint64_t now = ngx_current_msec, due = root->next_run.load();
    if (may_lead() && now >= due && root->next_run.compare_exchange_strong(due, now + period())) {
        expire();
        save_state();
        if (zones->main->keys_file.len != 0 && !load) {
            check_keys();
        }
    }
}

// What the requests of dead workers had reserved.
void Leader::expire() {
    if (size_t count = expire_reservations(*zones)) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0, "aigw: %uz reservations of requests that are gone were charged", count);
    }
}

void Leader::save_state() {
    uint64_t now = ngx_current_msec, due = zones->state->next_save.load();
    bool wanted = zones->state_file.len != 0 && !save && now >= due;
    if (wanted && zones->state->next_save.compare_exchange_strong(due, now + zones->every)) {
        save = std::make_unique<StateSave>(*zones);
        ngx_post_event(&next, &ngx_posted_next_events);
    }
}

void Leader::check_keys() {
    const ngx_str_t &path = zones->main->keys_file;
    std::optional<FileStamp> stamp = stamp_of(path);
    if (!stamp) {
        broken(std::string("can't be found: ") + strerror(errno), std::nullopt);
        return;
    }
    bool seen;
    {
        ZoneLock lock(zones->keys_zone);
        seen = zones->keys->seen == *stamp;
    }
    if (seen) {
        if (zones->keys->broken_since.load() != 0) {
            log_broken();
        }
        return;
    }
    load = std::make_unique<KeyLoad>(path);
    load_began = clock_ns();
    slice();
}

void Leader::slice() {
    if (save && save->step()) {
        save.reset();
    }
    if (save && !next.posted) {
        ngx_post_event(&next, &ngx_posted_next_events);
    }
    if (!load) {
        return;
    }
    if (!may_lead() || run_load()) {
        load.reset();
        return;
    }
    zones->state->next_run.store(ngx_current_msec + kTakeOver);
    if (!next.posted) {
        ngx_post_event(&next, &ngx_posted_next_events);
    }
}

// Works for a slice; true: over.
bool Leader::run_load() {
    int64_t end = clock_ns() + kSlice;
    do {
        auto done = load->step(*zones);
        if (!done) {
            broken(done.error(), load->stamp());
        } else if (*done && load->published()) {
            ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0, "aigw: %uz keys in use, read in %L ms", load->keys(),
                          (clock_ns() - load_began) / 1'000'000);
        }
        if (!done || *done) {
            zones->state->next_run.store(ngx_current_msec + period());
            return true;
        }
    } while (clock_ns() < end);
    return false;
}

// The old table stays. A file that was read is looked at again only when it changes.
void Leader::broken(const std::string &wrong, const std::optional<FileStamp> &seen) {
    KeysRoot *root = zones->keys;
    {
        ZoneLock lock(zones->keys_zone);
        root->seen = seen.value_or(FileStamp());
        if (root->broken_since.load() == 0) {
            root->broken_since.store(ngx_time());
        }
        size_t n = std::min(wrong.size(), KeysRoot::kMaxWrong - 1);
        ngx_memcpy(root->wrong, wrong.data(), n);
        root->wrong[n] = '\0';
    }
    log_broken();
}

void Leader::log_broken() {
    KeysRoot *root = zones->keys;
    uint64_t now = ngx_current_msec, due = root->next_log.load();
    if (now >= due && root->next_log.compare_exchange_strong(due, now + kLogEvery)) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "aigw: ai_keys \"%V\" is refused, the old keys stay in use: %s",
                      &zones->main->keys_file, root->wrong);
    }
}

}  // namespace

WorkerSlot *worker_slot() {
    return own_zones == zones_in_force() ? own_slot : nullptr;
}

void refresh_worker_slot() {
    if (WorkerSlot *slot = worker_slot()) {
        slot->seen.store(ngx_current_msec);
        slot->contexts.store(static_cast<int64_t>(live_contexts()));
        const Redis *redis = own_zones->main->redis_client;
        slot->redis_away.store(redis != nullptr && !redis->available() ? 1 : 0);
    }
}

bool is_alive(const WorkerSlot &slot) {
    int64_t pid = slot.pid.load();
    return pid != 0 && ngx_current_msec < slot.seen.load() + kSilence
           && (kill(static_cast<pid_t>(pid), 0) == 0 || errno != ESRCH);
}

void save_at_exit(ngx_cycle_t *cycle) noexcept {
    Zones *zones = main_conf(cycle)->zones;
    if (zones == nullptr || zones->state == nullptr || zones->state_file.len == 0) {
        return;
    }
    guarded(cycle->log, [&] {
        StateSave save(*zones);
        while (!save.step()) {
        }
    });
}

ngx_int_t start_timers(ngx_cycle_t *cycle) noexcept {
    Zones *zones = main_conf(cycle)->zones;
    if (zones == nullptr || zones->state == nullptr) {
        return NGX_OK;
    }
    return guarded(cycle->log, ngx_int_t(NGX_ERROR), [&] {
        StateRoot *root = zones->state;
        own_slot = claim_slot(root);
        own_zones = zones;
        if (own_slot != nullptr) {
            own_slot->streams.store(running_streams());
            refresh_worker_slot();
        }
        uint64_t newest = root->generation.load();
        while (newest < zones->generation) {
            if (root->generation.compare_exchange_weak(newest, zones->generation)) {
                root->next_run.store(0);
                break;
            }
        }
        auto *leader = make_in_pool<Leader>(cycle->pool, cycle, zones);
        ngx_add_timer(&leader->timer, 1);
        return ngx_int_t(NGX_OK);
    });
}

}  // namespace aigw::ngx
