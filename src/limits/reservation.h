// What one request asks of its limits, and the answer. A request reserves what it may use before the call, under all
// of its limits or under none, and settles to what it has used. This file is the arithmetic, the same for shared
// memory (store.h) and Redis (quota_command.h); it keeps nothing.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "core/units.h"
#include "limits/window.h"

namespace aigw::limits {

// 128 bits of a SHA-256: of a counter's name and key, or of a request. Nothing can be read from it.
using Key = std::array<uint8_t, 16>;
// Of the parts as they are, in this order; ("ab","c") is another key than ("a","bc").
using KeyParts = std::initializer_list<std::string_view>;
Key make_key(KeyParts parts);
// In two steps: the parts as one text, so many bytes long, and its key.
size_t packed_size(KeyParts parts);
void pack_key(KeyParts parts, char *out);
Key key_of_packed(std::string_view packed);

enum class Count : uint8_t {
    Total,     // prompt and completion
    Input,     // prompt
    Output,    // completion
    Requests,  // one, when it is admitted; never given back
};

// One limit as it applies to one request.
struct Demand {
    Key key{};             // of the counter; the host puts everything into it that makes it another counter
    Tokens limit = 0;
    Millis window = 0;     // ms; a counter that is there keeps its own until its key changes
    Count count = Count::Total;
    bool clamp = false;    // rather a shorter answer than none
    bool dry_run = false;  // counts, never refuses
    // Counters that make room for one another before others do; best of the limit's name. Shared memory only.
    uint8_t group = 0;
    uint32_t max_keys = UINT32_MAX;  // counters that the group may have, but for those in use
};

// A group for a limit of this name. Two names may share one; they then share its room.
uint8_t group_of(std::string_view name);

// Of limits in one request, those of one counter counted once each.
inline constexpr size_t kMaxDemands = 16;
// Of token limits among them: what one reservation can hold.
inline constexpr size_t kMaxHeld = 8;

// What a request may use at most; each at most kMaxTokens.
struct Expected {
    Tokens prompt = 0;
    Tokens output = 0;
};

// What it has used so far, or in the end.
struct Spent {
    Tokens input = 0;
    Tokens output = 0;

    bool operator==(const Spent &) const = default;
};

// As a limit counts it; negative and absurd counts are cut to [0, kMaxTokens].
Tokens amount_of(Count count, const Spent &spent);

struct Need {
    Tokens wanted = 0;  // to be reserved, cut to the limit
    Tokens least = 0;   // what `clamp` may cut it down to: the prompt and one token of answer
    bool never = false; // the least is above the limit: waiting does not help
};

Need need_of(const Demand &demand, const Expected &expected);

enum class Status : uint8_t {
    Admitted,
    Refused,  // too much for now: retry_after
    Never,    // too much for this limit at any time
    Full,     // no room to keep the count; nothing was reserved
};

// How one limit stands, for x-ratelimit-*: after the reservation if it was made.
struct Standing {
    Tokens limit = 0;
    Tokens remaining = 0;
    Millis reset = 0;    // ms until all of it is free again; what is held counts as charged now
    Tokens granted = 0;  // reserved by this request
    bool over = false;   // it refuses, or would if it were no dry run
};

struct Decision {
    Status status = Status::Admitted;
    size_t refused = 0;      // the demand that refuses; of several the one to wait for longest
    Millis retry_after = 0;  // ms; Refused: the same request passes then if no other comes
    // If admitted:
    Tokens covered = 0;      // tokens of answer that the reserves cover; to go on beyond them, ask progress()
    bool clamped = false;    // the answer is to be asked for with `covered` tokens at most
    bool dry_run_over = false;
    size_t count = 0;        // of standings: one for each demand
    std::array<Standing, kMaxDemands> standings{};
};

inline constexpr Millis kHeldRetry = 1000;  // ms: where running requests hold what is missing, nobody knows when

// How `demand` would fare on a window that was advanced. Writes its standing before any reservation; returns whether it
// refuses (dry runs never do) and notes in `decision` why.
bool judge(const Demand &demand, const Need &need, const Window &window, Millis now, size_t index, Decision &decision);
// The standing of a window, as it is now.
Standing standing_of(const Window &window, Tokens limit, Millis now);
// Notes how much of the answer the grant of `demand` covers.
void note_output(const Demand &demand, const Expected &expected, size_t index, Decision &decision);
// For a demand that repeats an earlier one's counter: that one's index, else `index`.
size_t first_of_key(std::span<const Demand> demands, size_t index);

}  // namespace aigw::limits
