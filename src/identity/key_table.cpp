#include "identity/key_table.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace aigw::identity {

namespace {

using Header = KeyTableBuilder::Header;
using Slot = KeyTableBuilder::Slot;
using Entry = KeyTableBuilder::Entry;

constexpr uint32_t kMagic = 0x61676b32;
constexpr size_t kMaxArena = UINT32_MAX;

size_t align(size_t n) {
    return (n + 7) & ~size_t(7);
}

// Digests are spread evenly already.
uint64_t home_of(const Sha256 &digest) {
    uint64_t home;
    std::memcpy(&home, digest.data(), sizeof home);
    return home;
}

uint32_t tag_of(const Sha256 &digest) {
    uint32_t tag;
    std::memcpy(&tag, digest.data() + sizeof(uint64_t), sizeof tag);
    return tag;
}

struct Layout {
    size_t slots, entries, arena, end;
};

Layout layout_of(const Header &header) {
    Layout at{};
    at.slots = align(sizeof(Header));
    at.entries = at.slots + header.slots * sizeof(Slot);
    at.arena = at.entries + header.digests * sizeof(Entry);
    at.end = at.arena + header.arena;
    return at;
}

void put(std::string &out, std::string_view text) {
    auto bytes = static_cast<uint16_t>(text.size());
    out.append(reinterpret_cast<const char *>(&bytes), sizeof bytes);
    out += text;
}

void put_count(std::string &out, size_t count) {
    auto n = static_cast<uint16_t>(count);
    out.append(reinterpret_cast<const char *>(&n), sizeof n);
}

void encode(const Identity &identity, std::string &out) {
    for (const std::string *text : {&identity.key_id, &identity.team, &identity.user, &identity.project, &identity.env}) {
        put(out, *text);
    }
    put_count(out, identity.models.size());
    for (const std::string &model : identity.models) {
        put(out, model);
    }
    put_count(out, identity.tags.size());
    for (const auto &[name, value] : identity.tags) {
        put(out, name);
        put(out, value);
    }
    for (const auto *rates : {&identity.tokens, &identity.requests}) {
        put_count(out, rates->size());
        for (const Rate &rate : *rates) {
            out.append(reinterpret_cast<const char *>(&rate), sizeof rate);
        }
    }
}

class RecordReader {
public:
    explicit RecordReader(std::string_view record) : rest_(record) {}

    uint16_t count() {
        uint16_t n = 0;
        if (rest_.size() < sizeof n) {
            good_ = false;
            return 0;
        }
        std::memcpy(&n, rest_.data(), sizeof n);
        rest_.remove_prefix(sizeof n);
        return n;
    }

    std::string_view text() {
        size_t bytes = count();
        if (bytes > rest_.size()) {
            good_ = false;
            return {};
        }
        std::string_view text = rest_.substr(0, bytes);
        rest_.remove_prefix(bytes);
        return text;
    }

    Rate rate() {
        Rate rate;
        if (rest_.size() < sizeof rate) {
            good_ = false;
            return rate;
        }
        std::memcpy(&rate, rest_.data(), sizeof rate);
        rest_.remove_prefix(sizeof rate);
        return rate;
    }

    bool good() const { return good_; }
    bool whole() const { return good_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool good_ = true;
};

}  // namespace

bool KeyTable::find(const Sha256 &digest, Found &found) const {
    Header header;
    if (capacity_ < sizeof header) {
        return false;
    }
    std::memcpy(&header, memory_, sizeof header);
    Layout at = layout_of(header);
    if (header.magic != kMagic || header.slots == 0 || header.arena > capacity_ || at.end > capacity_) {
        return false;
    }
    uint32_t tag = tag_of(digest);
    uint64_t home = home_of(digest);
    for (uint32_t i = 0; i < header.slots; i++) {
        Slot slot;
        std::memcpy(&slot, memory_ + at.slots + ((home + i) & (header.slots - 1)) * sizeof slot, sizeof slot);
        if (slot.entry == 0 || slot.entry > header.digests) {
            return false;
        }
        if (slot.tag != tag) {
            continue;
        }
        Entry entry;
        std::memcpy(&entry, memory_ + at.entries + (slot.entry - 1) * sizeof entry, sizeof entry);
        if (!constant_time_equal(entry.digest, digest)) {
            continue;
        }
        if (uint64_t(entry.record) + entry.record_bytes > header.arena) {
            return false;
        }
        found.expires = entry.expires;
        found.disabled = entry.disabled != 0;
        found.record.assign(memory_ + at.arena + entry.record, entry.record_bytes);
        return true;
    }
    return false;
}

size_t KeyTable::size() const {
    Header header;
    if (capacity_ < sizeof header) {
        return 0;
    }
    std::memcpy(&header, memory_, sizeof header);
    return header.magic == kMagic ? header.keys : 0;
}

bool KeyTable::decode(std::string_view record, Identity &identity) {
    RecordReader reader(record);
    for (std::string *text : {&identity.key_id, &identity.team, &identity.user, &identity.project, &identity.env}) {
        *text = reader.text();
    }
    identity.models.clear();
    for (uint16_t n = reader.count(); n > 0 && reader.good(); n--) {
        identity.models.emplace_back(reader.text());
    }
    identity.tags.clear();
    for (uint16_t n = reader.count(); n > 0 && reader.good(); n--) {
        std::string_view name = reader.text();
        identity.tags.emplace_back(name, reader.text());
    }
    for (auto *rates : {&identity.tokens, &identity.requests}) {
        rates->clear();
        for (uint16_t n = reader.count(); n > 0 && reader.good(); n--) {
            rates->push_back(reader.rate());
        }
    }
    return reader.whole();
}

void KeyTableBuilder::reserve(size_t file_bytes) {
    constexpr size_t kDigestBytes = 67;  // in JSON, with its quotes and a comma
    constexpr size_t kKeyBytes = 90;     // with its id
    entries_.reserve(file_bytes / kDigestBytes + 1);
    keys_.reserve(file_bytes / kKeyBytes + 1);
    arena_.reserve(file_bytes / 2);
}

Result<void, std::string> KeyTableBuilder::add(const KeyEntry &key) {
    size_t record = arena_.size();
    encode(key.identity, arena_);
    if (arena_.size() > kMaxArena || entries_.size() + key.digests.size() > kMaxArena / sizeof(Entry)) {
        return Unexpected<std::string>{"too many keys"};
    }
    for (const Sha256 &digest : key.digests) {
        entries_.push_back({digest, key.expires, static_cast<uint32_t>(record), static_cast<uint32_t>(arena_.size() - record),
                            key.disabled, static_cast<uint32_t>(keys_.size())});
    }
    keys_.push_back(static_cast<uint32_t>(record));
    return {};
}

void KeyTableBuilder::begin_index() {
    header_ = {kMagic, 8, static_cast<uint32_t>(entries_.size()), static_cast<uint32_t>(keys_.size()), arena_.size()};
    while (header_.slots / 5 * 4 < header_.digests) {
        header_.slots *= 2;
    }
    slots_.resize(header_.slots);
}

std::string_view KeyTableBuilder::id_of(uint32_t key) const {
    return RecordReader(std::string_view(arena_).substr(keys_[key])).text();
}

std::string KeyTableBuilder::name_of(uint32_t key) const {
    return "keys[" + std::to_string(key) + "] (id \"" + std::string(id_of(key)) + "\")";
}

Result<void, std::string> KeyTableBuilder::index_digest(uint32_t index) {
    const Entry &entry = entries_[index];
    for (uint64_t i = home_of(entry.digest);; i++) {
        Slot &slot = slots_[i & (header_.slots - 1)];
        if (slot.entry == 0) {
            slot = {tag_of(entry.digest), index + 1};
            return {};
        }
        const Entry &other = entries_[slot.entry - 1];
        if (other.digest == entry.digest) {
            return Unexpected<std::string>{name_of(entry.key)
                                           + (other.key == entry.key ? ": the same sha256 stands twice"
                                                                     : ": sha256 is that of " + name_of(other.key) + " too")};
        }
    }
}

Result<void, std::string> KeyTableBuilder::index_id(uint32_t key) {
    std::string_view id = id_of(key);
    for (size_t i = std::hash<std::string_view>()(id);; i++) {
        uint32_t &slot = id_slots_[i & (header_.slots - 1)];
        if (slot == 0) {
            slot = key + 1;
            return {};
        }
        if (id_of(slot - 1) == id) {
            return Unexpected<std::string>{name_of(key) + ": id is that of keys[" + std::to_string(slot - 1) + "] too"};
        }
    }
}

Result<bool, std::string> KeyTableBuilder::index(size_t steps) {
    if (slots_.empty()) {
        begin_index();
        return false;
    }
    // First the digests, then the ids.
    if (indexed_ == entries_.size()) {
        id_slots_.resize(header_.slots);
    }
    size_t end = std::min(indexed_ + steps, indexed_ < entries_.size() ? entries_.size() : entries_.size() + keys_.size());
    for (; indexed_ < end; indexed_++) {
        auto done = indexed_ < entries_.size() ? index_digest(static_cast<uint32_t>(indexed_))
                                               : index_id(static_cast<uint32_t>(indexed_ - entries_.size()));
        if (!done) {
            return Unexpected<std::string>{std::move(done.error())};
        }
    }
    return !id_slots_.empty() && end == entries_.size() + keys_.size();
}

size_t KeyTableBuilder::bytes() const {
    return layout_of(header_).end;
}

void KeyTableBuilder::copy(size_t offset, std::span<char> out) const {
    Layout at = layout_of(header_);
    struct Part {
        size_t begin;
        const void *data;
        size_t bytes;
    };
    const Part parts[] = {{0, &header_, sizeof header_},
                          {at.slots, slots_.data(), slots_.size() * sizeof(Slot)},
                          {at.entries, entries_.data(), entries_.size() * sizeof(Entry)},
                          {at.arena, arena_.data(), arena_.size()}};
    for (const Part &part : parts) {
        size_t begin = std::max(part.begin, offset), end = std::min(part.begin + part.bytes, offset + out.size());
        if (begin < end) {
            std::memcpy(out.data() + (begin - offset), static_cast<const char *>(part.data) + (begin - part.begin), end - begin);
        }
    }
}

}  // namespace aigw::identity
