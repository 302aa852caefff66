#include "nginx/key_load.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string_view>

#include "nginx/text.h"

namespace aigw::ngx {

namespace {

FileStamp stamp_of(const ngx_str_t &path, const ngx_file_info_t &info) {
    auto ns = [](const timespec &time) { return int64_t(time.tv_sec) * 1'000'000'000 + time.tv_nsec; };
    FileStamp stamp;
    stamp.path = std::hash<std::string_view>()(view(path));
    stamp.device = info.st_dev;
    stamp.inode = info.st_ino;
    stamp.bytes = info.st_size;
    stamp.mtime = ns(info.st_mtim);
    stamp.ctime = ns(info.st_ctim);
    return stamp;
}

Unexpected<std::string> system_error(const char *what) {
    return {std::string(what) + ": " + strerror(errno)};
}

}  // namespace

std::optional<FileStamp> stamp_of(const ngx_str_t &path) {
    ngx_file_info_t info;
    if (ngx_file_info(path.data, &info) == NGX_FILE_ERROR) {
        return std::nullopt;
    }
    return stamp_of(path, info);
}

KeyLoad::~KeyLoad() {
    close();
}

void KeyLoad::close() {
    if (fd_ != NGX_INVALID_FILE) {
        ::close(fd_);
        fd_ = NGX_INVALID_FILE;
    }
}

// Without waiting, whatever stands there.
Result<bool, std::string> KeyLoad::open() {
    fd_ = ::open(reinterpret_cast<const char *>(path_.data), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ngx_file_info_t info;
    if (fd_ == NGX_INVALID_FILE || ngx_fd_info(fd_, &info) == NGX_FILE_ERROR) {
        return system_error("can't be opened");
    }
    if (!ngx_is_file(&info)) {
        return Unexpected<std::string>{"not a regular file"};
    }
    stamp_ = stamp_of(path_, info);
    if (info.st_size > static_cast<off_t>(identity::kMaxKeyFileBytes)) {
        return Unexpected<std::string>{"larger than 256 MiB"};
    }
    text_.reserve(static_cast<size_t>(info.st_size));
    return false;
}

Result<bool, std::string> KeyLoad::read() {
    size_t before = text_.size(), room = static_cast<size_t>(stamp_->bytes) - before;
    text_.resize(before + std::min(room, kReadBytes));
    ssize_t n = room > 0 ? ::read(fd_, text_.data() + before, text_.size() - before) : 0;
    if (n < 0) {
        stamp_.reset();  // worth another try
        return system_error("can't be read");
    }
    text_.resize(before + static_cast<size_t>(n));
    if (n > 0 && static_cast<size_t>(n) < room) {
        return false;
    }
    ngx_file_info_t info;
    changed_ = ngx_fd_info(fd_, &info) == NGX_FILE_ERROR || stamp_of(path_, info) != *stamp_;
    close();
    file_.emplace(std::move(text_));
    return false;
}

Result<bool, std::string> KeyLoad::read_step() {
    if (!stamp_) {
        return open();
    }
    if (!file_) {
        return read();
    }
    auto ready = file_->step(kKeys);
    ready_ = ready && *ready;
    return ready;
}

Result<bool, std::string> KeyLoad::copy(Zones &zones) {
    size_t bytes = file_->table().bytes(), room = zones.keys->table_bytes;
    if (bytes > room) {
        size_t zone = 2 * bytes + zones.keys->bytes - 2 * room;
        return Unexpected<std::string>{std::to_string(file_->table().keys()) + " keys do not fit into zone \""
                                       + std::string(view(zones.keys_zone->shm.name)) + "\": they need "
                                       + std::to_string(zone / 1024 + 64) + "k there, raise the size of ai_zone or its keys="};
    }
    if (build_ == 0) {
        build_ = begin_build(zones);
    }
    if (copied_ < bytes) {
        size_t n = std::min(bytes - copied_, kCopyBytes);
        bool ours = write_build(zones, build_, copied_, file_->table(), n);
        copied_ += n;
        return !ours;
    }
    published_ = publish_build(zones, build_, bytes, *stamp_);
    return true;
}

Result<bool, std::string> KeyLoad::step(Zones &zones) {
    if (changed_) {
        return true;
    }
    if (ready_) {
        return copy(zones);
    }
    auto read = read_step();
    // A half-written file that is still being written is not an error yet.
    if (!read && changed_) {
        return true;
    }
    return read ? Result<bool, std::string>(false) : read;
}

}  // namespace aigw::ngx
