#include "limits/snapshot.h"

#include <algorithm>
#include <cstring>

#include "limits/section.h"

namespace aigw::limits {

namespace {

constexpr uint64_t kMagic = 0x316d696c77676961;  // "aigwlim1"

struct FileHead {
    uint64_t magic;
    uint64_t entries;
    Millis written;  // Unix ms
    uint64_t checksum;
};

struct FileEntry {
    Key key;
    uint64_t group;
    Millis length;
    int64_t newest;
    Tokens slices[kRing];
};
static_assert(sizeof(FileHead) == 32 && sizeof(FileEntry) == 168);

// Against damage, not against malice.
void mix(uint64_t &sum, uint64_t word) {
    sum = (sum ^ word) * 0x9E3779B97F4A7C15;
    sum ^= sum >> 29;
}

uint64_t checksum(const FileHead &head, std::string_view body) {
    uint64_t sum = kMagic;
    mix(sum, head.entries);
    mix(sum, static_cast<uint64_t>(head.written));
    for (size_t at = 0; at + sizeof sum <= body.size(); at += sizeof sum) {
        uint64_t word;
        std::memcpy(&word, body.data() + at, sizeof word);
        mix(sum, word);
    }
    return sum;
}

bool sane(const FileEntry &entry) {
    return entry.group < kGroups && entry.length > 0 && entry.length <= kMaxWindow && entry.newest >= 0 && entry.newest <= INT64_MAX / kMaxWindow
           && std::all_of(std::begin(entry.slices), std::end(entry.slices),
                          [](Tokens slice) { return slice >= 0 && slice <= kMaxCount; });
}

FileEntry entry_of(const Cell &cell) {
    Window window = cell.counter.window;
    running_slice(window) = add_saturating(running_slice(window), window.held);
    FileEntry entry{cell.key, cell.counter.group, window.length, window.newest, {}};
    std::copy(std::begin(window.slices), std::end(window.slices), entry.slices);
    return entry;
}

FileEntry entry_at(std::string_view body, size_t index) {
    FileEntry entry;
    std::memcpy(&entry, body.data() + index * sizeof entry, sizeof entry);
    return entry;
}

const char *fault_of(const FileHead &head, std::string_view body) {
    if (head.magic != kMagic) {
        return "no state of this version";
    }
    if (body.size() % sizeof(FileEntry) != 0 || head.entries != body.size() / sizeof(FileEntry)) {
        return "cut off";
    }
    if (head.checksum != checksum(head, body)) {
        return "damaged";
    }
    for (size_t i = 0; i < head.entries; i++) {
        if (!sane(entry_at(body, i))) {
            return "damaged";
        }
    }
    return nullptr;
}

}  // namespace

bool Snapshot::add(Store store, uint32_t cells, Now now) {
    Section section(store.table_);
    uint32_t all = store.table_.head().cells;
    uint32_t end = all - next_ > cells ? next_ + cells : all;
    for (; next_ < end; next_++) {
        Cell &cell = store.table_.cell(next_);
        if (cell.kind != Kind::Counter || cell.counter.window.length < shortest_) {
            continue;
        }
        advance(cell.counter.window, now.unix_ms);
        if (counted(cell.counter.window) > 0) {
            FileEntry entry = entry_of(cell);
            body_.append(reinterpret_cast<const char *>(&entry), sizeof entry);
        }
    }
    return next_ == all;
}

std::string Snapshot::seal(std::string_view entries, Now now) {
    FileHead head{kMagic, entries.size() / sizeof(FileEntry), now.unix_ms, 0};
    head.checksum = checksum(head, entries);
    return std::string(reinterpret_cast<const char *>(&head), sizeof head).append(entries);
}

Result<size_t, std::string> Snapshot::restore(Store store, std::string_view file, Now now) {
    FileHead head;
    if (file.size() < sizeof head) {
        return Unexpected<std::string>{"cut off"};
    }
    std::memcpy(&head, file.data(), sizeof head);
    std::string_view body = file.substr(sizeof head);
    if (const char *fault = fault_of(head, body)) {
        return Unexpected<std::string>{fault};
    }
    Section section(store.table_);
    size_t read = 0;
    for (size_t i = 0; i < head.entries; i++) {
        FileEntry entry = entry_at(body, i);
        if (store.table_.find(entry.key, true) != nullptr) {
            continue;
        }
        Demand demand;
        demand.key = entry.key;
        demand.window = entry.length;
        demand.group = static_cast<uint8_t>(entry.group);
        Cell *cell = store.table_.use_counter(demand, now.unix_ms);
        if (cell == nullptr) {
            break;
        }
        Window &window = cell->counter.window;
        window.newest = entry.newest;
        std::copy(std::begin(entry.slices), std::end(entry.slices), window.slices);
        advance(window, now.unix_ms);
        store.table_.leave_counter(*cell);
        read++;
    }
    return read;
}

}  // namespace aigw::limits
