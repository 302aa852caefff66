#include "limits/reservation.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "core/digest.h"

namespace aigw::limits {

namespace {

Tokens sane(Tokens tokens) {
    return std::clamp<Tokens>(tokens, 0, kMaxTokens);
}

Tokens room_in(const Window &window, Tokens limit) {
    return std::max<Tokens>(limit - counted(window), 0);
}

void refuse(Decision &decision, Status status, size_t index, Millis wait) {
    bool worse = decision.status == Status::Admitted
                 || (decision.status == Status::Refused && (status == Status::Never || wait > decision.retry_after));
    if (worse) {
        decision.status = status;
        decision.refused = index;
        decision.retry_after = wait;
    }
}

}  // namespace

size_t packed_size(KeyParts parts) {
    size_t bytes = 0;
    for (std::string_view part : parts) {
        bytes += sizeof(uint32_t) + part.size();
    }
    return bytes;
}

void pack_key(KeyParts parts, char *out) {
    for (std::string_view part : parts) {
        auto size = static_cast<uint32_t>(part.size());
        std::memcpy(out, &size, sizeof size);
        out += sizeof size;
        out += part.copy(out, part.size());
    }
}

Key key_of_packed(std::string_view packed) {
    Sha256 digest = sha256(packed);
    Key key;
    std::copy_n(digest.begin(), key.size(), key.begin());
    return key;
}

Key make_key(KeyParts parts) {
    char stack[512];
    size_t bytes = packed_size(parts);
    std::string heap(bytes > sizeof stack ? bytes : 0, '\0');
    char *packed = bytes > sizeof stack ? heap.data() : stack;
    pack_key(parts, packed);
    return key_of_packed({packed, bytes});
}

uint8_t group_of(std::string_view name) {
    return make_key({name})[0];
}

Tokens amount_of(Count count, const Spent &spent) {
    switch (count) {
    case Count::Total:
        return sane(spent.input) + sane(spent.output);
    case Count::Input:
        return sane(spent.input);
    case Count::Output:
        return sane(spent.output);
    case Count::Requests:
        break;
    }
    return 1;
}

Need need_of(const Demand &demand, const Expected &expected) {
    Spent all{expected.prompt, expected.output}, least{expected.prompt, std::min<Tokens>(sane(expected.output), 1)};
    Need need;
    need.least = amount_of(demand.count, least);
    need.never = need.least > demand.limit;
    need.wanted = std::max(std::min(amount_of(demand.count, all), demand.limit), need.least);
    return need;
}

bool judge(const Demand &demand, const Need &need, const Window &window, Millis now, size_t index, Decision &decision) {
    Standing &standing = decision.standings[index];
    standing = standing_of(window, demand.limit, now);
    Tokens room = standing.remaining;
    standing.granted = demand.clamp ? std::clamp(room, need.least, need.wanted) : need.wanted;
    standing.over = need.never || standing.granted > room;
    if (standing.over && demand.dry_run) {
        decision.dry_run_over = true;
        standing.granted = need.wanted;
        return false;
    }
    if (!standing.over) {
        return false;
    }
    if (need.never) {
        refuse(decision, Status::Never, index, 0);
        return true;
    }
    Tokens missing = counted(window) + standing.granted - demand.limit;
    Millis wait = charged(window) >= missing ? until_free(window, missing, now) : kHeldRetry;
    refuse(decision, Status::Refused, index, wait);
    return true;
}

Standing standing_of(const Window &window, Tokens limit, Millis now) {
    Standing standing;
    standing.limit = limit;
    standing.remaining = room_in(window, limit);
    standing.reset = until_empty(window, now);
    return standing;
}

void note_output(const Demand &demand, const Expected &expected, size_t index, Decision &decision) {
    Tokens granted = decision.standings[index].granted, output = granted;
    if (demand.count == Count::Total) {
        output = std::max<Tokens>(granted - sane(expected.prompt), 0);
    } else if (demand.count != Count::Output) {
        return;
    }
    decision.clamped |= demand.clamp && granted < amount_of(demand.count, {expected.prompt, expected.output});
    if (!demand.dry_run) {
        decision.covered = std::min(decision.covered, output);
    }
}

size_t first_of_key(std::span<const Demand> demands, size_t index) {
    for (size_t i = 0; i < index; i++) {
        if (demands[i].key == demands[index].key) {
            return i;
        }
    }
    return index;
}

}  // namespace aigw::limits
