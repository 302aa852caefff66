// One load of the key file in short steps: read, parse, copy into the idle table, publish. A file that is wrong
// anywhere changes nothing.
#pragma once

#include <optional>
#include <string>

#include "core/result.h"
#include "identity/key_file.h"
#include "nginx/keys.h"
#include "nginx/ngx.h"
#include "nginx/zone.h"

namespace aigw::ngx {

// What stat says of `path` (ends with a NUL); nullopt with errno if nothing.
std::optional<FileStamp> stamp_of(const ngx_str_t &path);

class KeyLoad {
public:
    static constexpr size_t kReadBytes = 256 << 10;  // of one step
    static constexpr size_t kCopyBytes = 128 << 10;
    static constexpr size_t kKeys = 64;

    explicit KeyLoad(const ngx_str_t &path) : path_(path) {}
    ~KeyLoad();
    KeyLoad(const KeyLoad &) = delete;

    // One step of reading and checking; true: the file is good.
    Result<bool, std::string> read_step();
    // One step of the whole; true: over (published, or another process took it over, or the file changed meanwhile:
    // the next check sees).
    Result<bool, std::string> step(Zones &zones);

    // Of the file that was opened; a load that failed before has none.
    const std::optional<FileStamp> &stamp() const { return stamp_; }
    size_t keys() const { return file_ ? file_->table().keys() : 0; }
    // The new table is in use.
    bool published() const { return published_; }

private:
    Result<bool, std::string> open();
    Result<bool, std::string> read();
    Result<bool, std::string> copy(Zones &zones);
    void close();

    ngx_str_t path_;
    ngx_fd_t fd_ = NGX_INVALID_FILE;
    std::optional<FileStamp> stamp_;
    std::string text_;
    std::optional<identity::KeyFile> file_;
    bool ready_ = false;      // the file is good, its table made
    bool changed_ = false;    // it was written to while it was read
    bool published_ = false;
    uint64_t build_ = 0;      // 0: copying has not begun
    size_t copied_ = 0;       // bytes
};

}  // namespace aigw::ngx
