// The keys as one block of memory that can be copied anywhere: a header, an index by digest (open addressing), one
// entry for each digest, and an arena with the identities. Offsets only.
//
// A KeyTable may look at memory that somebody writes meanwhile: it never reads outside of the block, whatever stands
// in it, and its answer then means nothing. The caller must find out (by a sequence number) and ask again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "core/result.h"
#include "core/units.h"
#include "identity/identity.h"
#include "identity/key_entry.h"

namespace aigw::identity {

class KeyTable {
public:
    struct Found {
        UnixSeconds expires = 0;
        bool disabled = false;
        std::string record;  // an encoded Identity
    };

    KeyTable(const void *memory, size_t capacity) : memory_(static_cast<const char *>(memory)), capacity_(capacity) {}

    // False: not there. Compares a digest in constant time.
    bool find(const Sha256 &digest, Found &found) const;
    // How many keys are in it.
    size_t size() const;

    // What stands in a record; false if it is none.
    static bool decode(std::string_view record, Identity &identity);

private:
    const char *memory_;
    size_t capacity_;  // bytes
};

// Makes a table in slices: add() for each key, then index() until it says true, then copy().
class KeyTableBuilder {
public:
    // Before the first key: room for what a file of so many bytes may hold, so that no step has to move it.
    void reserve(size_t file_bytes);
    // Fails if the arena is full (4 GiB).
    Result<void, std::string> add(const KeyEntry &key);
    // Indexes about `steps` digests and ids more; true: ready. Fails on a digest or an id that stands twice.
    Result<bool, std::string> index(size_t steps);

    size_t keys() const { return keys_.size(); }
    // Of the whole table.
    size_t bytes() const;
    // The bytes from `offset` on; `out` may reach beyond the end.
    void copy(size_t offset, std::span<char> out) const;

    struct Header {
        uint32_t magic;
        uint32_t slots;    // of the index, a power of two
        uint32_t digests;  // entries
        uint32_t keys;
        uint64_t arena;    // bytes
    };
    struct Slot {
        uint32_t tag;    // of the digest
        uint32_t entry;  // + 1; 0: free
    };
    struct Entry {
        Sha256 digest;
        UnixSeconds expires;
        uint32_t record;  // offset into the arena
        uint32_t record_bytes;
        uint32_t disabled;
        uint32_t key;     // ordinal in the file
    };

private:
    void begin_index();
    std::string_view id_of(uint32_t key) const;
    std::string name_of(uint32_t key) const;
    Result<void, std::string> index_digest(uint32_t entry);
    Result<void, std::string> index_id(uint32_t key);

    Header header_{};
    std::vector<Slot> slots_;
    std::vector<Entry> entries_;
    std::string arena_;
    std::vector<uint32_t> keys_;      // offset of each key's record
    std::vector<uint32_t> id_slots_;  // index of ids: key + 1; 0: free
    size_t indexed_ = 0;
};

}  // namespace aigw::identity
