// An answer as it is kept: the sequence of its deltas, neighbours of a kind joined, so that any dialect's writer can
// tell it again, as a stream or as one body. Only whole answers that ended as the model meant them to become records.
//
// A record is bytes that come from shared memory or from Redis: reading checks everything that a writer relies on
// (lengths, order, that each text is the inside of a JSON string), and refuses the rest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/delta.h"
#include "core/units.h"

namespace aigw::cache {

inline constexpr size_t kMaxEntries = 4096;     // of a record: pieces, after joining
inline constexpr uint32_t kMaxChoices = 128;    // as OpenAI's n

// Listens to an answer on its way to the caller.
class RecordWriter final : public chat::DeltaSink {
public:
    // An answer whose record would be longer is given up; its memory is freed at once.
    explicit RecordWriter(size_t max_bytes) : max_bytes_(max_bytes) {}

    void on_delta(const chat::Delta &delta) override;
    // Gives up: the answer was cut, or changed on its way.
    void spoil();
    bool spoiled() const { return spoiled_; }
    // The record, once, after End. nullopt: spoiled, not whole, not finished normally, too long, no content to tell.
    std::optional<std::string> take(UnixSeconds now);

private:
    struct Entry {
        chat::Delta::Kind kind;
        uint32_t choice;
        uint32_t index;
        chat::FinishReason finish;
        std::string text, id, name, stop_sequence, signature;  // escaped
        chat::Signer signer;
    };

    bool join(const chat::Delta &delta);
    void append(const chat::Delta &delta);
    bool whole() const;

    size_t max_bytes_;
    size_t bytes_ = 0;
    bool spoiled_ = false;
    bool ended_ = false;
    std::optional<chat::Usage> usage_;
    std::vector<Entry> entries_;
    std::vector<size_t> last_;  // by choice: its newest entry + 1
};

// A record that was checked. Views into its bytes, which must outlive it.
struct Recording {
    UnixSeconds created = 0;
    std::optional<chat::Usage> usage;
    std::vector<chat::Delta> deltas;  // Start to Finish; neither Usage nor End

    // All of it, Usage and End included.
    void replay(chat::DeltaSink &sink) const;
};

// nullopt: no record of this version, or a damaged one.
std::optional<Recording> read_record(std::string_view bytes);

}  // namespace aigw::cache
