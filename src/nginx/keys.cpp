#include "nginx/keys.h"

#include <algorithm>
#include <new>

#include "core/digest.h"
#include "nginx/key_load.h"
#include "nginx/text.h"

namespace aigw::ngx {

namespace {

constexpr uint32_t kMagic = 0x61676b79;
constexpr uint32_t kLayout = 1;
constexpr size_t kLine = 64;  // tables begin at cache lines
constexpr int kReadTries = 16;  // of a reader that the writer laps: each lap is a whole load

u_char *table_at(KeysRoot *root, uint64_t sequence) {
    return reinterpret_cast<u_char *>(root) + root->tables[sequence & 1];
}

KeyState judge(const identity::KeyTable::Found &found, UnixSeconds now, identity::Identity &out) {
    if (found.disabled) {
        return KeyState::Disabled;
    }
    if (now >= found.expires) {
        return KeyState::Expired;
    }
    return identity::KeyTable::decode(found.record, out) ? KeyState::Known : KeyState::Unknown;
}

}  // namespace

KeyState find_key(const Zones &zones, std::string_view credential, UnixSeconds now, identity::Identity &out) {
    KeysRoot *root = zones.keys;
    Sha256 digest = sha256(credential);
    identity::KeyTable::Found found;
    for (int i = 0; i < kReadTries; i++) {
        uint64_t sequence = root->sequence.load(std::memory_order_acquire);
        if (sequence == 0) {
            return KeyState::NotLoaded;
        }
        bool known = identity::KeyTable(table_at(root, sequence), root->table_bytes).find(digest, found);
        std::atomic_thread_fence(std::memory_order_acquire);
        if (root->sequence.load(std::memory_order_relaxed) == sequence) {
            return known ? judge(found, now, out) : KeyState::Unknown;
        }
    }
    return KeyState::NotLoaded;
}

void make_keys(KeysRoot *root, size_t bytes) {
    ::new (root) KeysRoot();
    size_t head = (sizeof(KeysRoot) + kLine - 1) & ~(kLine - 1);
    root->magic = kMagic;
    root->version = kLayout;
    root->bytes = bytes;
    root->table_bytes = (bytes - head) / 2 & ~(kLine - 1);
    root->tables[0] = head;
    root->tables[1] = head + root->table_bytes;
}

bool keys_fit(const KeysRoot *root) {
    return root->magic == kMagic && root->version == kLayout;
}

uint64_t begin_build(Zones &zones) {
    ZoneLock lock(zones.keys_zone);
    return ++zones.keys->build;
}

bool write_build(Zones &zones, uint64_t build, size_t offset, const identity::KeyTableBuilder &table, size_t bytes) {
    ZoneLock lock(zones.keys_zone);
    KeysRoot *root = zones.keys;
    if (root->build != build) {
        return false;
    }
    u_char *idle = table_at(root, root->sequence.load(std::memory_order_relaxed) + 1);
    // A reader that sees any of this must see the sequence that made the table idle.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    table.copy(offset, {reinterpret_cast<char *>(idle) + offset, bytes});
    return true;
}

bool publish_build(Zones &zones, uint64_t build, size_t bytes, const FileStamp &stamp) {
    ZoneLock lock(zones.keys_zone);
    KeysRoot *root = zones.keys;
    if (root->build != build) {
        return false;
    }
    root->seen = stamp;
    root->used.store(bytes, std::memory_order_relaxed);
    root->broken_since.store(0, std::memory_order_relaxed);
    root->next_log.store(0, std::memory_order_relaxed);
    // Never 0 again: it starts at 0 and only grows.
    root->sequence.fetch_add(1, std::memory_order_release);
    return true;
}

std::string check_keys_file(const ngx_str_t &path) {
    KeyLoad load(path);
    while (true) {
        auto read = load.read_step();
        if (!read) {
            return read.error();
        }
        if (*read) {
            return {};
        }
    }
}

ngx_int_t load_first_keys(Zones &zones, ngx_log_t *log) {
    const ngx_str_t &path = zones.main->keys_file;
    if (path.len == 0 || zones.keys->sequence.load() != 0) {
        return NGX_OK;
    }
    KeyLoad load(path);
    while (true) {
        auto done = load.step(zones);
        if (!done) {
            ngx_log_error(NGX_LOG_EMERG, log, 0, "aigw: ai_keys \"%V\": %s", &path, done.error().c_str());
            return NGX_ERROR;
        }
        if (*done) {
            return NGX_OK;
        }
    }
}

}  // namespace aigw::ngx
