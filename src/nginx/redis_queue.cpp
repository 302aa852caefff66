#include "nginx/redis_queue.h"

#include <utility>

#include "limits/quota_command.h"
#include "nginx/redis_reader.h"

namespace aigw::ngx {

namespace {

constexpr size_t kSpare = 1 << 20;  // bytes of buffer that are kept when there is nothing to send

}  // namespace

RedisAsker::~RedisAsker() {
    if (asking_ != nullptr) {
        static_cast<RedisQueue::Op *>(asking_)->asker = nullptr;
    }
}

RedisQueue::~RedisQueue() {
    for (std::deque<Op> *ops : {&ops_, &lost_}) {
        for (Op &op : *ops) {
            if (op.asker != nullptr) {
                op.asker->asking_ = nullptr;
            }
        }
    }
}

RedisQueue::Op &RedisQueue::append(const Command &command, bool posted) {
    size_t before = bytes_.size();
    encode_command(command, bytes_);
    posts_ += posted ? 1 : 0;
    ops_.push_back({nullptr, bytes_.size() - before, 0, posted});
    return ops_.back();
}

void RedisQueue::ask(RedisAsker &asker, const Command &command, Time due) {
    Op &op = append(command, false);
    op.asker = &asker;
    op.due = due;
    asker.asking_ = &op;
}

void RedisQueue::post(const Command &command) {
    append(command, true);
}

void RedisQueue::keep(const Command &command) {
    std::string bytes;
    encode_command(command, bytes);
    put_away(std::move(bytes), false);
}

void RedisQueue::put_away(std::string bytes, bool in_front) {
    kept_bytes_ += bytes.size();
    in_front ? kept_.push_front(std::move(bytes)) : kept_.push_back(std::move(bytes));
    while (kept_.size() > kMaxPosted || kept_bytes_ > kMaxPostedBytes) {
        kept_bytes_ -= kept_.front().size();
        kept_.pop_front();
        dropped_++;
    }
}

void RedisQueue::refill() {
    while (!kept_.empty() && posts_ < kBatch && (posts_ == 0 || bytes_.size() - done_ < kBatchBytes)) {
        std::string &next = kept_.front();
        bytes_ += next;
        ops_.push_back({nullptr, next.size(), 0, true});
        posts_++;
        kept_bytes_ -= next.size();
        kept_.pop_front();
    }
}

void RedisQueue::stamp(Time due) {
    for (auto op = ops_.rbegin(); op != ops_.rend() && op->due == 0; ++op) {
        op->due = due;
    }
}

RedisAsker *RedisQueue::take_first() {
    Op op = ops_.front();
    ops_.pop_front();
    posts_ -= op.posted ? 1 : 0;
    done_ += op.size;
    if (op.asker != nullptr) {
        op.asker->asking_ = nullptr;
    }
    if (done_ == bytes_.size()) {
        clear();
    } else if (done_ > kSpare && done_ > bytes_.size() / 2) {
        bytes_.erase(0, done_);
        sent_ -= done_;
        done_ = 0;
    }
    return op.asker;
}

bool RedisQueue::repeat_first() {
    Command command = decode_command(bytes_.data() + done_, ops_.front().size);
    if (command.empty() || command[0] != "EVALSHA") {
        return false;
    }
    Op old = ops_.front();
    take_first();
    Op &op = append(limits::as_eval(command), old.posted);
    op.due = old.due;
    op.asker = old.asker;
    if (op.asker != nullptr) {
        op.asker->asking_ = &op;
    }
    return true;
}

void RedisQueue::lose() {
    size_t end = bytes_.size();
    for (auto op = ops_.rbegin(); op != ops_.rend(); ++op) {
        end -= op->size;
        if (op->posted) {
            put_away(bytes_.substr(end, op->size), true);
        }
    }
    lost_.swap(ops_);
    posts_ = 0;
    clear();
}

// They may ask anew meanwhile, or end one another.
RedisAsker *RedisQueue::take_lost() {
    while (!lost_.empty()) {
        RedisAsker *asker = lost_.front().asker;
        lost_.pop_front();
        if (asker != nullptr) {
            asker->asking_ = nullptr;
            return asker;
        }
    }
    return nullptr;
}

void RedisQueue::clear() {
    bytes_.clear();
    done_ = sent_ = 0;
    if (bytes_.capacity() > kSpare) {
        bytes_.shrink_to_fit();
    }
}

size_t RedisQueue::take_dropped() {
    return std::exchange(dropped_, 0);
}

RedisQueue::Time RedisQueue::earliest() const {
    Time first = 0;
    for (const Op &op : ops_) {
        if (!op.posted && op.due != 0 && (first == 0 || static_cast<int64_t>(op.due - first) < 0)) {
            first = op.due;
        }
    }
    return first;
}

}  // namespace aigw::ngx
