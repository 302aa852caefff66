// One text on its way through the rules: pieces in, safe pieces out. What is held back is what may still become a find;
// the joined output is the same however the text was cut. Of overlapping finds that are masked one placeholder is
// written for all that they cover: that of the earliest rule, in one rule of the find that begins first, then of the
// longest. Rules that log or reject see the text as it came, whatever is masked.
//
// Pieces may be kept as they came (Pieces::Kept): one of which only a little is safe waits whole for the next, and comes
// out as a piece of its own, see cuts(). So what waited does not shift the borders of all that follows.
#pragma once

#include "guards/plan.h"

namespace aigw::guards {

class TextGuard {
public:
    static constexpr size_t kSlice = 32 << 10;  // bytes looked at in one go
    static constexpr size_t kWaits = 32;        // safe bytes of a piece that wait for its rest; more are sent at once

    enum class State : uint8_t {
        Ok,
        Refused,  // see Guarding; nothing more is to be fed
    };
    enum class Way : uint8_t {
        Outgoing,  // restore fills the vault
        Incoming,  // placeholders of the vault become values again
    };

    enum class Pieces : uint8_t { Joined, Kept };

    TextGuard(const Plan &plan, Guarding &guarding, Way way, Pieces pieces = Pieces::Joined);

    // A new text. `context` stands before it for the detectors (a member's name), and is not part of it.
    void begin(std::string_view context = {});
    // Appends to `out` what is safe. Bytes of a cut character wait for the rest.
    State feed(std::string_view utf8, std::string &out);
    // The text has ended: appends the rest.
    State finish(std::string &out);
    // The same with its last bytes, at most kSlice: they are looked at once and not twice. Pieces::Joined.
    State finish(std::string_view last, std::string &out);

    // Pieces::Kept: where in what the last call appended a piece ended, counted from its beginning. The end is one itself
    // or belongs to a piece that is not over.
    const std::vector<size_t> &cuts() const { return cuts_; }

    size_t held() const { return buffer_.size() - decided_; }
    // Anything but the text itself was put out since begin().
    bool changed() const { return changed_; }

private:
    struct Mark : Find {
        size_t slot;
    };
    struct Cluster {
        size_t begin = 0, end = 0;
        const Plan::Target *mask = nullptr;  // who writes the placeholder
        bool restored = false;
    };

    State step(bool final, std::string &out);
    bool look(bool final);
    State settle(size_t safe, std::string &out);
    State refuse(const Plan::Target &target, bool failed);
    bool count(const Mark &mark, Cluster &cluster, const Plan::Target *&refused) const;
    void tally(const Mark &mark);
    void emit_until(size_t end, std::string &out);
    void write(const Cluster &cluster, std::string &out);
    void drop_front();
    size_t at_piece(size_t safe);
    void open_call(const std::string &out);
    void cut(const std::string &out);
    size_t slots() const { return plan_->slots().size() + (way_ == Way::Incoming ? 1 : 0); }
    bool is_vault(size_t slot) const { return slot == plan_->slots().size(); }

    const Plan *plan_;
    Guarding *guarding_;
    Way way_;
    std::string buffer_;  // context, then text
    size_t decided_ = 0;  // what is before has been put out
    std::vector<size_t> open_;   // by slot: where it looks from
    std::vector<bool> silent_;   // by slot: failed, and passed over
    std::vector<Mark> marks_;    // reported, not yet settled; by beginning
    std::vector<Find> scratch_;
    Pieces pieces_;
    std::vector<size_t> ends_;  // of pieces that have not been put out to their end
    std::vector<size_t> cuts_;
    size_t call_ = 0;  // size of `out` when the call began
    bool starts_ = true;
    bool changed_ = false;
};

}  // namespace aigw::guards
