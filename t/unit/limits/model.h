// The store as a list of what happened, counted anew for every question: slow, and too simple to be wrong.
#pragma once

#include <algorithm>
#include <map>
#include <vector>

#include "limits/store.h"

namespace aigw::limits {

class Model {
public:
    struct Result {
        Status status = Status::Admitted;
        std::vector<Tokens> remaining;
    };

    Result reserve(const Key &id, const std::vector<Demand> &demands, const Expected &expected, Millis lease, Now now) {
        Result result;
        if (live_.count(id) != 0 || lapsed_.count(id) != 0) {
            return finish(result, demands, now);
        }
        std::vector<Tokens> grants;
        for (const Demand &demand : demands) {
            grants.push_back(judge(demand, expected, now, result.status));
        }
        if (result.status == Status::Admitted) {
            Reservation made{now.monotonic + lease, {}, {}};
            for (size_t i = 0; i < demands.size(); i++) {
                const Demand &demand = demands[i];
                if (demand.count == Count::Requests) {
                    charges_[demand.key].push_back({now.unix_ms, 1});
                } else {
                    made.items.push_back({demand, grants[i]});
                }
            }
            if (!made.items.empty()) {
                live_[id] = made;
            }
        }
        return finish(result, demands, now);
    }

    Tokens progress(const Key &id, const Spent &spent, Tokens ahead, Millis lease, Now now) {
        if (auto lapsed = lapsed_.find(id); lapsed != lapsed_.end()) {
            take_back(lapsed->second);
            live_.insert(*lapsed);
            lapsed_.erase(lapsed);
        }
        auto found = live_.find(id);
        if (found == live_.end()) {
            return ahead;
        }
        Reservation &reservation = found->second;
        reservation.spent = spent;
        reservation.ends = now.monotonic + lease;
        Tokens least = ahead;
        for (Item &item : reservation.items) {
            Tokens used = amount_of(item.demand.count, spent), target = used;
            for (Tokens more = 0; more <= ahead; more++) {  // as far as the limit allows
                Tokens wish = amount_of(item.demand.count, {spent.input, spent.output + more});
                if (wish <= item.amount || item.demand.dry_run
                    || counted(item.demand, now) + wish - item.amount <= item.demand.limit) {
                    target = wish;
                }
            }
            item.amount = std::max(item.amount, target);
            if (item.demand.count != Count::Input) {
                least = std::min(least, item.amount - used);
            }
        }
        return std::max<Tokens>(least, 0);
    }

    bool settle(const Key &id, const Spent &spent, Now now) {
        if (auto found = live_.find(id); found != live_.end()) {
            charge(found->second, spent, now.unix_ms);
            live_.erase(found);
            return true;
        }
        auto found = lapsed_.find(id);
        if (found == lapsed_.end()) {
            return false;
        }
        take_back(found->second);
        charge(found->second, spent, found->second.ends);
        lapsed_.erase(found);
        return true;
    }

    size_t expire(Now now) {
        size_t count = 0;
        for (auto it = lapsed_.begin(); it != lapsed_.end();) {
            it = now.unix_ms - it->second.ends > Table::kKeepLapsed ? lapsed_.erase(it) : std::next(it);
        }
        for (auto it = live_.begin(); it != live_.end();) {
            if (it->second.ends > now.monotonic) {
                ++it;
                continue;
            }
            charge(it->second, it->second.spent, now.unix_ms);
            it->second.ends = now.unix_ms;
            lapsed_.insert(*it);
            it = live_.erase(it);
            count++;
        }
        return count;
    }

    Tokens counted(const Demand &demand, Now now) const {
        Tokens sum = 0;
        Millis slice = slice_length(demand.window);
        if (auto found = charges_.find(demand.key); found != charges_.end()) {
            for (const Charge &charge : found->second) {
                sum += charge.time / slice > now.unix_ms / slice - kRing ? charge.tokens : 0;
            }
        }
        for (const auto &[id, reservation] : live_) {
            for (const Item &item : reservation.items) {
                sum += item.demand.key == demand.key ? item.amount : 0;
            }
        }
        return sum;
    }

    bool knows(const Key &id) const { return live_.count(id) != 0 || lapsed_.count(id) != 0; }
    size_t live() const { return live_.size(); }

private:
    struct Charge {
        Millis time;
        Tokens tokens;
    };
    struct Item {
        Demand demand;
        Tokens amount;
    };
    struct Reservation {
        Millis ends;
        Spent spent;
        std::vector<Item> items;
    };

    Tokens judge(const Demand &demand, const Expected &expected, Now now, Status &status) const {
        Tokens room = std::max<Tokens>(demand.limit - counted(demand, now), 0);
        Tokens all = amount_of(demand.count, {expected.prompt, expected.output});
        Tokens least = amount_of(demand.count, {expected.prompt, std::min<Tokens>(expected.output, 1)});
        Tokens wanted = std::max(std::min(all, demand.limit), least);
        bool never = least > demand.limit;
        Tokens granted = demand.clamp && room < wanted ? std::max(room, least) : wanted;
        if (demand.dry_run) {
            return never || granted > room ? wanted : granted;
        }
        if (never) {
            status = Status::Never;
        } else if (granted > room && status == Status::Admitted) {
            status = Status::Refused;
        }
        return granted;
    }

    void take_back(const Reservation &lapsed) {
        for (const Item &item : lapsed.items) {
            charges_[item.demand.key].push_back({lapsed.ends, -amount_of(item.demand.count, lapsed.spent)});
        }
    }

    void charge(const Reservation &reservation, const Spent &spent, Millis time) {
        for (const Item &item : reservation.items) {
            charges_[item.demand.key].push_back({time, amount_of(item.demand.count, spent)});
        }
    }

    Result finish(Result &result, const std::vector<Demand> &demands, Now now) const {
        for (const Demand &demand : demands) {
            result.remaining.push_back(std::max<Tokens>(demand.limit - counted(demand, now), 0));
        }
        return result;
    }

    std::map<Key, std::vector<Charge>> charges_;
    std::map<Key, Reservation> live_, lapsed_;
};

}  // namespace aigw::limits
