#include "nginx/quota.h"

#include <openssl/rand.h>

#include <algorithm>

#include "nginx/admission.h"
#include "nginx/context.h"
#include "nginx/guarded.h"
#include "nginx/redis_conf.h"

namespace aigw::ngx {

namespace {

using limits::Status;

// A worker's, of all machines that share a Redis.
uint64_t worker_number() {
    uint64_t number;
    if (RAND_bytes(reinterpret_cast<unsigned char *>(&number), sizeof(number)) != 1) {
        number = static_cast<uint64_t>(ngx_random()) << 32 ^ static_cast<uint64_t>(ngx_pid) << 16 ^ static_cast<uint64_t>(ngx_time());
    }
    return number;
}

// Never the same again.
limits::Key next_id() {
    static const uint64_t worker = worker_number();
    static uint64_t count = 0;
    const uint64_t id[] = {++count, worker};
    limits::Key key;
    static_assert(sizeof(id) == sizeof(key));
    ngx_memcpy(key.data(), id, sizeof(id));
    return key;
}

}  // namespace

Quota::Quota(Context &context, Zones &zones, Redis *redis) : context_(context), zones_(zones), redis_(redis) {}

Quota::~Quota() {
    guarded(ngx_cycle->log, [&] { settle(spent_); });
}

void Quota::add(Line line, limits::Demand demand, bool of_tenant) {
    size_t at = of_tenant ? of_tenant_++ : lines_.size();
    lines_.insert(lines_.begin() + static_cast<ptrdiff_t>(at), std::move(line));
    demands_.insert(demands_.begin() + static_cast<ptrdiff_t>(at), demand);
}

Quota::Verdict Quota::reserve(const limits::Expected &expected, std::string_view tenant) {
    id_ = next_id();
    expected_ = expected;
    covered_ = expected.output;
    spent_ = {expected.prompt, 0};
    if (!limits::fits(demands_)) {
        return verdict_ = Verdict::Full;
    }
    if (redis_ != nullptr) {
        make_reserves(tenant);
    }
    next();
    return verdict_;
}

void Quota::make_reserves(std::string_view tenant) {
    std::span<const limits::Demand> all(demands_);
    auto lease = static_cast<Millis>(zones_.lease);
    RedisReserve::Owner &owner = *this;
    auto make = [&](std::string_view tag, std::span<const limits::Demand> demands) {
        if (!demands.empty()) {
            limits::QuotaKeys keys = limits::quota_keys(main_conf(context_.r)->redis->prefix, tag);
            reserves_.push_back(std::make_unique<RedisReserve>(owner, *redis_, std::move(keys), id_, demands, lease));
        }
    };
    make("tenant " + std::string(tenant), all.first(of_tenant_));
    make("others", all.subspan(of_tenant_));
}

void Quota::next() {
    if (reserves_.empty()) {
        reserve_in_zone(0);
    } else if (asked_ == reserves_.size()) {
        admit();
    } else if (!reserves_[asked_]->reserve(expected_, spent_)) {
        go_without();
    }
}

void Quota::on_reserved(const limits::Decision *decision) {
    if (decision == nullptr) {
        go_without();
    } else {
        take(*decision, asked_ == 0 ? 0 : reserves_[0]->demands().size());
        if (decision->status == Status::Admitted) {
            asked_++;
            next();
        }
    }
    if (verdict_ != Verdict::Waiting) {
        resume_admission(context_);
    }
}

void Quota::go_without() {
    switch (main_conf(context_.r)->redis->on_error) {
    case OnRedisError::Local:
        reserve_in_zone(asked_ == 0 ? 0 : reserves_[0]->demands().size());
        break;
    case OnRedisError::Deny:
        give_back();
        verdict_ = Verdict::Away;
        break;
    case OnRedisError::Allow:
        has_standings_ = false;
        admit();
        break;
    }
}

void Quota::reserve_in_zone(size_t first) {
    zone_first_ = first;
    in_zone_.emplace(zones_, id_, std::span<const limits::Demand>(demands_).subspan(first));
    limits::Decision decision = in_zone_->reserve(expected_, spent_);
    if (decision.status != Status::Admitted) {
        in_zone_.reset();
    }
    take(decision, first);
    if (decision.status == Status::Admitted) {
        admit();
    }
}

void Quota::take(const limits::Decision &decision, size_t first) {
    has_standings_ = decision.status != Status::Full;
    for (size_t i = 0; i < decision.count && first + i < lines_.size(); i++) {
        lines_[first + i].standing = decision.standings[i];
        lines_[first + i].judged = has_standings_;
    }
    dry_run_over_ |= decision.dry_run_over;
    if (decision.status == Status::Admitted) {
        clamped_ |= decision.clamped;
        covered_ = std::min(covered_, decision.covered);
        if (decision.clamped) {
            expected_.output = covered_;
        }
        return;
    }
    refused_ = first + decision.refused;
    retry_after_ = decision.retry_after;
    give_back();
    verdict_ = decision.status == Status::Refused ? Verdict::Refused
               : decision.status == Status::Never ? Verdict::Never
                                                  : Verdict::Full;
}

void Quota::admit() {
    verdict_ = Verdict::Admitted;
    keep_renewing(zones_.lease);
}

void Quota::give_back() {
    for (const auto &reserve : reserves_) {
        reserve->release();
    }
}

bool Quota::spend(const limits::Spent &spent) {
    spent_ = spent;
    if (verdict_ != Verdict::Admitted || settled_) {
        return true;
    }
    bool goes_on = !in_zone_ || in_zone_->spend(spent);
    for (const auto &reserve : reserves_) {
        goes_on &= reserve->spend(spent);
    }
    return goes_on;
}

void Quota::renew() {
    if (in_zone_) {
        in_zone_->renew(spent_);
    }
    for (const auto &reserve : reserves_) {
        reserve->renew(spent_);
    }
}

void Quota::settle(const limits::Spent &spent) {
    if (settled_) {
        return;
    }
    settled_ = true;
    stop_renewing();
    if (verdict_ == Verdict::Waiting) {
        give_back();
    }
    if (verdict_ == Verdict::Admitted) {
        if (in_zone_) {
            in_zone_->settle(spent);
        }
        size_t elsewhere = in_zone_ ? zone_first_ : demands_.size();
        if (elsewhere != 0) {
            charge_zone(zones_, id_, std::span<const limits::Demand>(demands_).first(elsewhere), spent);
        }
        for (const auto &reserve : reserves_) {
            reserve->settle(spent);
        }
    }
    reserves_.clear();
}

}  // namespace aigw::ngx
