#include "nginx/state_file.h"

#include <cerrno>
#include <cstring>

#include "nginx/directive_tools.h"
#include "nginx/guarded.h"
#include "nginx/quota.h"

namespace aigw::ngx {

namespace {

constexpr uint32_t kMagic = 0x61677366;
constexpr size_t kMaxFile = size_t(1) << 30;  // bytes
constexpr time_t kLogEvery = 60;              // s

struct Header {
    uint32_t magic;
    uint32_t version;
    uint64_t epoch;
};

std::optional<Header> read_header(std::string_view file) {
    Header header;
    if (file.size() < sizeof(header)) {
        return std::nullopt;
    }
    ngx_memcpy(&header, file.data(), sizeof(header));
    return header.magic == kMagic && header.version == 1 ? std::optional(header) : std::nullopt;
}

// Of the file that stands there now; 0: none that can be read.
uint64_t epoch_of_file(const ngx_str_t &path) {
    char head[sizeof(Header)];
    ngx_fd_t fd = ngx_open_file(path.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        return 0;
    }
    ssize_t n = ngx_read_fd(fd, head, sizeof(head));
    ngx_close_file(fd);
    auto header = n == static_cast<ssize_t>(sizeof(head)) ? read_header({head, sizeof(head)}) : std::nullopt;
    return header ? header->epoch : 0;
}

}  // namespace

void load_state(Zones &zones, ngx_log_t *log) {
    zones.state->epoch = static_cast<uint64_t>(ngx_current_msec) + static_cast<uint64_t>(ngx_time()) * 1000;
    if (zones.state_file.len == 0) {
        return;
    }
    auto file = read_small_file(reinterpret_cast<const char *>(zones.state_file.data), kMaxFile);
    if (!file) {
        if (file.error() != NGX_ENOENT) {
            ngx_log_error(NGX_LOG_ERR, log, file.error(), "aigw: state file \"%V\" can't be read, limits begin at 0",
                          &zones.state_file);
        }
        return;
    }
    auto header = read_header(*file);
    auto restored = header ? limits::Snapshot::restore(limits::Store(zones.limits()), std::string_view(*file).substr(sizeof(Header)),
                                                       clock_now())
                           : Result<size_t, std::string>(Unexpected<std::string>{"it is none"});
    if (!restored) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "aigw: state file \"%V\" is refused, limits begin at 0: %s", &zones.state_file,
                      restored.error().c_str());
        return;
    }
    zones.state->epoch = ngx_max(zones.state->epoch, header->epoch + 1);
    ngx_log_error(NGX_LOG_NOTICE, log, 0, "aigw: %uz counters restored from \"%V\"", *restored, &zones.state_file);
}

StateSave::~StateSave() {
    abandon();
}

void StateSave::abandon() {
    if (fd_ != NGX_INVALID_FILE) {
        ngx_close_file(fd_);
        ngx_delete_file(path_.c_str());
        fd_ = NGX_INVALID_FILE;
    }
}

bool StateSave::fail(const char *what) {
    static time_t said = 0;
    if (ngx_time() - said >= kLogEvery) {
        said = ngx_time();
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, ngx_errno, "aigw: state file \"%V\" can't be written, %s failed",
                      &zones_.state_file, what);
    }
    return true;
}

bool StateSave::step() {
    if (phase_ == Phase::Write) {
        return write();
    }
    bool last;
    {
        ZoneLock lock(zones_.state_zone);
        last = snapshot_.add(limits::Store(zones_.limits()), kCells, clock_now());
    }
    return last && create();
}

bool StateSave::create() {
    if (epoch_of_file(zones_.state_file) > zones_.state->epoch) {
        return true;  // a newer master's
    }
    Header header{kMagic, 1, zones_.state->epoch};
    text_.assign(reinterpret_cast<const char *>(&header), sizeof(header));
    text_ += snapshot_.finish(clock_now());
    path_ = std::string(view(zones_.state_file)) + "." + std::to_string(ngx_pid) + ".tmp";
    fd_ = ngx_open_file(path_.c_str(), NGX_FILE_WRONLY, NGX_FILE_TRUNCATE, 0600);
    if (fd_ == NGX_INVALID_FILE) {
        return fail("open");
    }
    phase_ = Phase::Write;
    return false;
}

bool StateSave::write() {
    size_t size = ngx_min(kWriteBytes, text_.size() - written_);
    ssize_t n = ngx_write_fd(fd_, text_.data() + written_, size);
    if (n <= 0) {
        return fail("write");
    }
    written_ += static_cast<size_t>(n);
    if (written_ < text_.size()) {
        return false;
    }
    ngx_close_file(fd_);
    fd_ = NGX_INVALID_FILE;
    if (ngx_rename_file(path_.c_str(), zones_.state_file.data) == NGX_FILE_ERROR) {
        fail("rename");
        ngx_delete_file(path_.c_str());
    }
    return true;
}

}  // namespace aigw::ngx
