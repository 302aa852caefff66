// What one request has reserved under its limits: made before the call, renewed while it runs, settled on every way out.
//
// Without ai_redis all of it is in the zone. With it there are at most two reserves in Redis: under the limits whose KEY
// holds the tenant variable, and under the others; made in this order, each in one hash, and all given back when a later
// one is refused. What Redis does not answer goes as on_error says: local counts in the zone and tells Redis afterwards,
// deny refuses, allow lets in and tells Redis afterwards. What was used under limits of Redis is charged in the zone too,
// so that the zone knows something when it has to stand in.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limits/reservation.h"
#include "nginx/ngx.h"
#include "nginx/quota_redis.h"
#include "nginx/quota_zone.h"
#include "nginx/renewal.h"
#include "nginx/zone.h"

namespace aigw::ngx {

struct Context;
struct RedisConf;

class Quota final : RedisReserve::Owner, Renewed {
public:
    // One limit that applies to this request.
    struct Line {
        std::string_view name;  // of the counter; of the configuration
        std::string key;        // its value, for the caller
        Tokens limit;
        Millis window;          // ms
        limits::Count count;
        bool dry_run = false;
        limits::Standing standing{};
        bool judged = false;    // the standing says something
    };

    enum class Verdict : uint8_t {
        Waiting,   // for Redis: admission is resumed when it is decided
        Admitted,
        Refused,   // too much for now: retry_after
        Never,     // too much at any time
        Full,      // no room to keep the count
        Away,      // Redis, and it may not go without
    };

    // `redis` may be null.
    Quota(Context &context, Zones &zones, Redis *redis);
    ~Quota();

    // `of_tenant`: Redis keeps it with the tenant's other limits.
    void add(Line line, limits::Demand demand, bool of_tenant);
    bool empty() const { return lines_.empty(); }

    // All limits or none. `tenant`: the tenant variable's value.
    Verdict reserve(const limits::Expected &expected, std::string_view tenant);
    // What was used so far. False: the answer ends here.
    bool spend(const limits::Spent &spent);
    // The real usage, once.
    void settle(const limits::Spent &spent);

    Verdict verdict() const { return verdict_; }
    const std::vector<Line> &lines() const { return lines_; }
    // All limits were looked at, or one refused.
    bool has_standings() const { return has_standings_; }
    const Line &refused_line() const { return lines_[refused_]; }
    Millis retry_after() const { return retry_after_; }  // ms
    bool dry_run_over() const { return dry_run_over_; }
    bool clamped() const { return clamped_; }
    Tokens covered() const { return covered_; }          // tokens of answer

private:
    void on_reserved(const limits::Decision *decision) override;
    void renew() override;

    void make_reserves(std::string_view tenant);
    void next();
    void go_without();
    void reserve_in_zone(size_t first);
    void take(const limits::Decision &decision, size_t first);
    void admit();
    void give_back();

    Context &context_;
    Zones &zones_;
    Redis *redis_;
    limits::Key id_{};
    std::vector<Line> lines_;               // the tenant's first
    std::vector<limits::Demand> demands_;   // of the lines
    size_t of_tenant_ = 0;                  // lines
    std::vector<std::unique_ptr<RedisReserve>> reserves_;
    size_t asked_ = 0;                      // of them the one that is to answer
    std::optional<ZoneReserve> in_zone_;    // of the last lines
    size_t zone_first_ = 0;                 // from this one on
    limits::Expected expected_;             // its output shrinks to what `clamp` leaves
    Tokens covered_ = 0;                    // tokens of answer
    limits::Spent spent_;                   // as recorded last

    Verdict verdict_ = Verdict::Waiting;
    bool settled_ = false;
    bool has_standings_ = false;
    bool dry_run_over_ = false;
    bool clamped_ = false;
    size_t refused_ = 0;
    Millis retry_after_ = 0;
};

}  // namespace aigw::ngx
