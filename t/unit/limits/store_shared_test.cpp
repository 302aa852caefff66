// Several processes over one store: races, and processes that die at work.
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <new>
#include <random>

#include "memory.h"

namespace aigw::limits {
namespace {

constexpr Millis kHour = 3'600'000;
constexpr size_t kBytes = 128 << 10;

// A store that forked processes share, as nginx's workers do: a mutex that is released when its owner dies.
class Shared {
public:
    Shared() {
        void *memory = mmap(nullptr, sizeof(Head) + kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        head_ = ::new (memory) Head();
        pthread_mutexattr_t attributes;
        pthread_mutexattr_init(&attributes);
        pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
        pthread_mutex_init(&head_->mutex, &attributes);
        EXPECT_TRUE(Store::format(head_ + 1, kBytes));
    }
    ~Shared() { munmap(head_, sizeof(Head) + kBytes); }
    Shared(const Shared &) = delete;

    struct Head {
        pthread_mutex_t mutex;
        std::atomic<int> admitted, refused;
        std::atomic<int64_t> settled, settling;  // tokens: of settles that returned, of the one under way
        std::atomic<int> calls;
    };

    template <class Work>
    auto locked(Work work) {
        if (pthread_mutex_lock(&head_->mutex) == EOWNERDEAD) {
            pthread_mutex_consistent(&head_->mutex);
            deaths_++;
        }
        auto result = work(Store(head_ + 1));
        pthread_mutex_unlock(&head_->mutex);
        return result;
    }

    Head &head() { return *head_; }
    int deaths() const { return deaths_; }

private:
    Head *head_;
    int deaths_ = 0;
};

pid_t in_child(const std::function<void()> &work) {
    pid_t pid = fork();
    if (pid == 0) {
        work();
        _exit(0);
    }
    return pid;
}

TEST(LimitStoreShared, TwoHundredAtOnceAdmitExactlyTen) {
    constexpr int kProcesses = 8, kEach = 25;
    Shared shared;
    const Demand limits[] = {demand("team", 10'000, kHour)};
    std::vector<pid_t> children;
    for (int process = 0; process < kProcesses; process++) {
        children.push_back(in_child([&] {
            for (int i = 0; i < kEach; i++) {
                Key key = id(process * kEach + i);
                Decision decision = shared.locked(
                    [&](Store store) { return store.reserve(key, limits, {400, 600}, kLease, at(0)); });
                (decision.status == Status::Admitted ? shared.head().admitted : shared.head().refused)++;
            }
        }));
    }
    for (pid_t child : children) {
        int status = 0;
        waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(shared.head().admitted, 10);
    EXPECT_EQ(shared.head().refused, kProcesses * kEach - 10);
    EXPECT_TRUE(shared.locked([](Store store) { return store.verify(); }));
}

// A worker's life: reserves and settles until it is killed.
void work_forever(Shared &shared, int worker, const Demand &limit) {
    std::mt19937 random(static_cast<uint32_t>(worker));
    const Demand limits[] = {limit, demand("worker", kMaxLimit, kHour)};
    for (int i = 0;; i++) {
        Key key = id(worker * 1'000'000 + i);
        Tokens used = Tokens(random() % 1000);
        Status status =
            shared.locked([&](Store store) { return store.reserve(key, limits, {500, 500}, kLease, at(0)).status; });
        shared.head().calls++;
        if (status == Status::Full || i % 50 == 0) {
            continue;  // left open: its lease ends, nothing was recorded
        }
        shared.head().settling.store(used);
        shared.locked([&](Store store) { return store.settle(key, {used, 0}, at(1)); });
        shared.head().settled += used;
        shared.head().settling.store(0);
    }
}

TEST(LimitStoreShared, KilledWorkersLeaveTrueCounts) {
    Shared shared;
    Demand limit = demand("team", kMaxLimit, kHour);
    int64_t unclear = 0;
    for (int worker = 1; worker <= 40; worker++) {
        shared.head().settling.store(0);
        int calls = shared.head().calls;
        pid_t child = in_child([&] { work_forever(shared, worker, limit); });
        while (shared.head().calls < calls + 20) {
            usleep(20);
        }
        usleep(useconds_t(worker * 13 % 200));
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
        shared.locked([](Store store) {
            Lapsed out[64];
            while (store.expire(out, {at(0).unix_ms, at(2 * kLease).monotonic}) == 64) {
            }
            return 0;
        });
        ASSERT_TRUE(shared.locked([](Store store) { return store.verify(); })) << worker;
        // Of the settle that was cut off: all of it or nothing.
        Tokens counted = shared.locked([&](Store store) { return counted_in(store, limit, at(1)); });
        int64_t last = shared.head().settling;
        int64_t sum = shared.head().settled + unclear;
        ASSERT_TRUE(counted == sum || counted == sum + last) << counted << " " << sum << " " << last;
        unclear += counted - sum;
    }
    EXPECT_EQ(shared.locked([](Store store) { return store.stats().reservations; }), 0u);
}

}  // namespace
}  // namespace aigw::limits
