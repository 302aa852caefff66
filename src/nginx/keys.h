// The virtual keys in shared memory: two fixed tables, one in use, one that the leader fills. Readers take no lock:
// they read the sequence, copy, and read it again.
#pragma once

#include <atomic>
#include <span>
#include <string>
#include <string_view>

#include "core/units.h"
#include "identity/identity.h"
#include "identity/key_table.h"
#include "nginx/ngx.h"
#include "nginx/zone.h"

namespace aigw::ngx {

enum class KeyState : uint8_t { Known, Unknown, Expired, Disabled, NotLoaded };

// Who presents this credential. `out` is filled for Known only.
KeyState find_key(const Zones &zones, std::string_view credential, UnixSeconds now, identity::Identity &out);

// Reads and checks a key file as `nginx -t` does: "" or what is wrong, without a secret. `path` ends with a NUL.
std::string check_keys_file(const ngx_str_t &path);

// Which file, and which state of it.
struct FileStamp {
    uint64_t path = 0;  // a hash
    uint64_t device = 0, inode = 0;
    int64_t bytes = 0;
    int64_t mtime = 0, ctime = 0;  // ns

    bool operator==(const FileStamp &) const = default;
};

// Head of the keys zone.
struct KeysRoot {
    static constexpr size_t kMaxWrong = 240;

    uint32_t magic;
    uint32_t version;
    uint64_t bytes;
    uint64_t table_bytes;            // of each table
    uint64_t tables[2];              // offsets from this root
    std::atomic<uint64_t> sequence;  // 0: nothing loaded yet; its lowest bit is the table in use
    std::atomic<uint64_t> used;      // bytes of the table in use
    // Written with the mutex held.
    uint64_t build;                      // who may fill the idle table
    FileStamp seen;                      // the last state of the file that was read to its end, good or bad
    std::atomic<int64_t> broken_since;   // unix s; 0: the table in use is what the file says
    std::atomic<uint64_t> next_log;      // ms: when a broken file may be logged again
    char wrong[kMaxWrong];               // what is wrong with it
};

// Carves `bytes` of zeroed memory.
void make_keys(KeysRoot *root, size_t bytes);
bool keys_fit(const KeysRoot *root);

// Filling the idle table: a token, pieces, publication. False: another process has taken a token since, give up.
uint64_t begin_build(Zones &zones);
bool write_build(Zones &zones, uint64_t build, size_t offset, const identity::KeyTableBuilder &table, size_t bytes);
bool publish_build(Zones &zones, uint64_t build, size_t bytes, const FileStamp &stamp);

// At start, in the master: the file's keys, before any worker runs. [emerg] if they do not fit.
ngx_int_t load_first_keys(Zones &zones, ngx_log_t *log);

}  // namespace aigw::ngx
