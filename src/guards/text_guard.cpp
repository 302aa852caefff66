#include "guards/text_guard.h"

#include <algorithm>

#include "guards/chars.h"
#include "core/utf8.h"

namespace aigw::guards {

namespace {

constexpr size_t kKeepFront = 1024;  // dropped in one go, not byte by byte

// How much of the text is whole characters: all but the beginning of one at its end.
size_t whole_characters(std::string_view text) {
    size_t end = text.size();
    for (size_t back = 1; back <= 3 && back <= end; ++back) {
        auto byte = static_cast<unsigned char>(text[end - back]);
        if (byte < 0x80) {
            return end;
        }
        if (byte >= 0xC0) {
            size_t needs = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
            return needs > back ? end - back : end;
        }
    }
    return end;
}

}  // namespace

TextGuard::TextGuard(const Plan &plan, Guarding &guarding, Way way, Pieces pieces)
    : plan_(&plan), guarding_(&guarding), way_(way), pieces_(pieces) {
    begin();
}

void TextGuard::begin(std::string_view context) {
    buffer_.assign(context);
    decided_ = context.size();
    // The sign between a name and its value belongs to what is looked at.
    open_.assign(slots(), context.size() - std::min<size_t>(context.size(), 2));
    silent_.assign(slots(), false);
    marks_.clear();
    ends_.clear();
    cuts_.clear();
    starts_ = true;
    changed_ = false;
}

TextGuard::State TextGuard::feed(std::string_view utf8, std::string &out) {
    open_call(out);
    do {
        std::string_view slice = utf8.substr(0, kSlice);
        utf8.remove_prefix(slice.size());
        buffer_.append(slice);
        if (pieces_ == Pieces::Kept && utf8.empty() && whole_characters(buffer_) == buffer_.size()) {
            ends_.push_back(buffer_.size());
        }
        if (State state = step(false, out); state != State::Ok) {
            return state;
        }
    } while (!utf8.empty());
    return State::Ok;
}

TextGuard::State TextGuard::finish(std::string &out) {
    open_call(out);
    return step(true, out);
}

TextGuard::State TextGuard::finish(std::string_view last, std::string &out) {
    open_call(out);
    buffer_.append(last);
    return step(true, out);
}

void TextGuard::open_call(const std::string &out) {
    cuts_.clear();
    call_ = out.size();
}

TextGuard::State TextGuard::step(bool final, std::string &out) {
    if (guarding_->refused_by) {
        return State::Refused;
    }
    if (!look(final)) {
        return State::Refused;
    }
    size_t safe = final ? buffer_.size() : whole_characters(buffer_);
    for (size_t open : open_) {
        safe = std::min(safe, open);
    }
    State state = settle(final || pieces_ == Pieces::Joined ? safe : at_piece(safe), out);
    drop_front();
    return state;
}

// How far is put out now: to the end of the last piece that is safe, or a good deal further.
size_t TextGuard::at_piece(size_t safe) {
    size_t end = decided_;
    for (size_t piece : ends_) {
        end = piece <= safe ? std::max(end, piece) : end;
    }
    if (safe <= end + kWaits) {
        return std::min(end, safe);
    }
    // The piece is sent in two: its rest goes with the next one.
    auto broken = std::find_if(ends_.begin(), ends_.end(), [safe](size_t piece) { return piece > safe; });
    if (broken != ends_.end()) {
        ends_.erase(broken);
    }
    return safe;
}

// Every finder goes on from where it stopped. False: one failed, and that refuses.
bool TextGuard::look(bool final) {
    std::string_view text(buffer_);
    text = text.substr(0, final ? text.size() : whole_characters(text));
    size_t known = marks_.size();
    for (size_t slot = 0; slot < slots(); ++slot) {
        if (silent_[slot] || open_[slot] > text.size()) {
            open_[slot] = std::max(open_[slot], text.size());
            continue;
        }
        const Finder &finder = is_vault(slot) ? guarding_->vault : *plan_->slots()[slot].finder;
        scratch_.clear();
        Progress progress = finder.scan({text, open_[slot], starts_, final}, scratch_);
        for (const Find &find : scratch_) {
            marks_.push_back({find, slot});
        }
        open_[slot] = progress.open;
        if (progress.failed) {
            const Plan::Slot &failing = plan_->slots()[slot];
            if (failing.on_error == OnError::Reject) {
                refuse(*failing.first(), true);
                return false;
            }
            silent_[slot] = true;
            open_[slot] = text.size();
        }
    }
    if (marks_.size() > known) {
        // At one beginning the longest is first: it wins within a rule.
        std::stable_sort(marks_.begin(), marks_.end(),
                         [](const Mark &a, const Mark &b) { return a.begin != b.begin ? a.begin < b.begin : a.end > b.end; });
    }
    return true;
}

// Adds a mark to the cluster that it overlaps. A rule that rejects comes back in `refused`.
bool TextGuard::count(const Mark &mark, Cluster &cluster, const Plan::Target *&refused) const {
    bool masked = false;
    auto extend = [&] {
        cluster.begin = std::min(cluster.begin, mark.begin);
        cluster.end = std::max(cluster.end, mark.end);
        masked = true;
    };
    if (is_vault(mark.slot)) {
        extend();
        cluster.restored = cluster.mask == nullptr;
        return true;
    }
    for (const Plan::Target &target : plan_->slots()[mark.slot].targets[mark.tag]) {
        if (target.rule->action == Action::Reject && !refused) {
            refused = &target;
        } else if (target.rule->action == Action::Mask) {
            if (!cluster.mask || target.rank < cluster.mask->rank) {
                cluster.mask = &target;
                cluster.restored = false;
            }
            extend();
        }
    }
    return masked;
}

void TextGuard::tally(const Mark &mark) {
    if (!is_vault(mark.slot)) {
        for (const Plan::Target &target : plan_->slots()[mark.slot].targets[mark.tag]) {
            guarding_->tally.add(target.detector->label, target.rule->action);
        }
    }
}

// Puts out all that nothing can change any more.
TextGuard::State TextGuard::settle(size_t safe, std::string &out) {
    size_t done = 0;
    while (done < marks_.size() && marks_[done].begin < safe) {
        Cluster cluster{.begin = marks_[done].begin, .end = marks_[done].begin};
        const Plan::Target *refused = nullptr;
        size_t next = done;
        do {
            count(marks_[next], cluster, refused);
            ++next;
        } while (!refused && next < marks_.size() && marks_[next].begin < cluster.end);
        if (cluster.end > safe && !refused) {
            safe = cluster.begin;
            break;
        }
        for (; done < next; ++done) {
            tally(marks_[done]);
        }
        if (refused) {
            emit_until(cluster.begin, out);
            return refuse(*refused, false);
        }
        if (cluster.end > cluster.begin) {
            emit_until(cluster.begin, out);
            write(cluster, out);
        }
    }
    marks_.erase(marks_.begin(), marks_.begin() + static_cast<std::ptrdiff_t>(done));
    emit_until(safe, out);
    return State::Ok;
}

TextGuard::State TextGuard::refuse(const Plan::Target &target, bool failed) {
    guarding_->refused_by = target.rule;
    guarding_->refused_label = target.detector->label;
    guarding_->failed = failed;
    return State::Refused;
}

void TextGuard::emit_until(size_t end, std::string &out) {
    auto put = [&](size_t to) {
        if (to > decided_) {
            out.append(buffer_, decided_, to - decided_);
            decided_ = to;
        }
    };
    size_t passed = 0;
    for (; passed < ends_.size() && ends_[passed] <= end; ++passed) {
        put(ends_[passed]);
        cut(out);
    }
    ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(passed));
    put(end);
}

// No piece is empty.
void TextGuard::cut(const std::string &out) {
    size_t at = out.size() - call_;
    if (at > (cuts_.empty() ? 0 : cuts_.back())) {
        cuts_.push_back(at);
    }
}

void TextGuard::write(const Cluster &cluster, std::string &out) {
    size_t begin = std::max(cluster.begin, decided_);
    if (cluster.end <= begin) {
        return;
    }
    // Pieces that ended inside the value have no end of their own.
    ends_.erase(std::remove_if(ends_.begin(), ends_.end(), [&](size_t end) { return end < cluster.end; }), ends_.end());
    std::string_view value = std::string_view(buffer_).substr(begin, cluster.end - begin);
    decided_ = cluster.end;
    changed_ = true;
    if (cluster.restored) {
        const std::string *restored = guarding_->vault.value_of(value);
        out.append(restored ? std::string_view(*restored) : value);
        return;
    }
    const Rule &rule = *cluster.mask->rule;
    if (rule.restore && way_ == Way::Outgoing) {
        out.append(guarding_->vault.placeholder(cluster.mask->detector->label, value));
    } else if (!rule.replacement.empty()) {
        out.append(rule.replacement);
    } else {
        out.append("[").append(cluster.mask->detector->label).append("]");
    }
}

void TextGuard::drop_front() {
    size_t keep = decided_;
    for (size_t open : open_) {
        keep = std::min(keep, open);
    }
    if (keep < kLookBehind + kKeepFront) {
        return;
    }
    size_t cut = keep - kLookBehind;
    while (cut > 0 && is_continuation(buffer_[cut])) {
        --cut;
    }
    buffer_.erase(0, cut);
    starts_ = false;
    decided_ -= cut;
    for (size_t &open : open_) {
        open -= cut;
    }
    for (size_t &end : ends_) {
        end -= cut;
    }
    for (Mark &mark : marks_) {
        mark.begin -= cut;
        mark.end -= cut;
    }
}

}  // namespace aigw::guards
