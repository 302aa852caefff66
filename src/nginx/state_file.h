// ai_zone state=FILE: what of the limits survives a restart, an upgrade of the binary and a crash. The leader writes it
// every few seconds, in slices, to a file beside it that takes its name at the end. A file's epoch is the start of the
// master whose zone it tells: an older master's workers leave a newer one's file alone.
#pragma once

#include <string>

#include "limits/snapshot.h"
#include "nginx/ngx.h"
#include "nginx/zone.h"

namespace aigw::ngx {

// Into the fresh zone, at start. A file that is missing or damaged is an empty one, and is said so.
void load_state(Zones &zones, ngx_log_t *log);

// One writing of the file.
class StateSave {
public:
    static constexpr uint32_t kCells = 8192;        // looked at under one lock
    static constexpr size_t kWriteBytes = 1 << 20;  // of one step

    explicit StateSave(Zones &zones) : zones_(zones) {}
    ~StateSave();
    StateSave(const StateSave &) = delete;

    // One step; true: over. A failure is logged, at most once a minute.
    bool step();

private:
    enum class Phase : uint8_t { Collect, Write };

    bool create();
    bool write();
    bool fail(const char *what);
    void abandon();

    Zones &zones_;
    Phase phase_ = Phase::Collect;
    limits::Snapshot snapshot_;
    std::string text_;
    std::string path_;  // of the file being written
    size_t written_ = 0;
    ngx_fd_t fd_ = NGX_INVALID_FILE;
};

}  // namespace aigw::ngx
