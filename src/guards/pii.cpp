#include "guards/pii.h"

#include <algorithm>

#if defined(__x86_64__)
#include <tmmintrin.h>
#endif

#include "guards/chars.h"

namespace aigw::guards {

namespace {

constexpr uint8_t anchor_of(char c) {
    switch (c) {
    case '@': return kAtAnchor;
    case ':': return kColonAnchor;
    case '=': return kEqualsAnchor;
    case '-': return kDashAnchor;
    case '_': return kUnderscoreAnchor;
    case 'G':  // SG.
    case 'J':  // eyJ
    case 'K':  // AKIA
    case 'S':  // ASIA
    case 'z':  // AIza
        return kLetterAnchor;
    default: return c >= '0' && c <= '9' ? kDigitAnchor : 0;
    }
}

}  // namespace

PiiFinder::PiiFinder(std::vector<Recogniser> recognisers) : recognisers_(std::move(recognisers)) {
    recognisers_.resize(std::min(recognisers_.size(), kMost), Recogniser{});
    uint8_t wanted = 0;
    for (const Recogniser &recogniser : recognisers_) {
        wanted |= recogniser.anchors;
    }
    for (size_t byte = 0; byte < anchors_.size(); ++byte) {
        anchors_[byte] = anchor_of(static_cast<char>(byte)) & wanted;
        if (anchors_[byte] != 0) {
            low_half_[byte & 0x0F] |= static_cast<uint8_t>(1 << (byte >> 4));
            high_half_[byte >> 4] = static_cast<uint8_t>(1 << (byte >> 4));
        }
    }
}

#if defined(__x86_64__)
// To the sixteen bytes that hold an anchor, or to the last ones.
__attribute__((target("ssse3"))) size_t PiiFinder::skip_sixteens(std::string_view text, size_t at) const {
    __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i *>(low_half_.data()));
    __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i *>(high_half_.data()));
    for (; text.size() - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(text.data() + at));
        __m128i upper = _mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(0x0F));
        // A byte of 0x80 and more looks up nothing.
        __m128i marked = _mm_and_si128(_mm_shuffle_epi8(low, bytes), _mm_shuffle_epi8(high, upper));
        if (_mm_movemask_epi8(_mm_cmpeq_epi8(marked, _mm_setzero_si128())) != 0xFFFF) {
            break;
        }
    }
    return at;
}
#else
size_t PiiFinder::skip_sixteens(std::string_view, size_t at) const {
    return at;
}
#endif

size_t PiiFinder::next_anchor(std::string_view text, size_t at) const {
#if defined(__x86_64__)
    static const bool by_sixteens = __builtin_cpu_supports("ssse3");
    if (by_sixteens && at < text.size()) {
        at = skip_sixteens(text, at);
    }
#endif
    auto marked = [&](size_t i) { return anchors_[static_cast<unsigned char>(text[i])]; };
    for (; at + 8 <= text.size(); at += 8) {
        if (marked(at) | marked(at + 1) | marked(at + 2) | marked(at + 3) | marked(at + 4) | marked(at + 5) | marked(at + 6) |
            marked(at + 7)) {
            break;
        }
    }
    while (at < text.size() && !marked(at)) {
        ++at;
    }
    return at;
}

Progress PiiFinder::scan(const Window &window, std::vector<Find> &finds) const {
    std::string_view text = window.text;
    size_t first = finds.size(), open = text.size(), at = window.from;
    std::array<size_t, kMost> floors;
    floors.fill(window.from);
    auto run_end = [&](size_t i) {
        while (i < text.size() && is_digit(text[i])) {
            ++i;
        }
        return i;
    };
    if (at > 0 && is_digit(text[at - 1])) {  // what began before was decided
        at = run_end(at);
    }
    while ((at = next_anchor(text, at)) < text.size()) {
        uint8_t anchor = anchors_[static_cast<unsigned char>(text[at])];
        Phrase phrase;
        if (anchor == kDigitAnchor) {
            phrase = read_phrase(window, at);
        }
        for (size_t i = 0; i < recognisers_.size(); ++i) {
            if (!(recognisers_[i].anchors & anchor)) {
                continue;
            }
            Probe probe = recognisers_[i].probe({window, at, floors[i], &phrase});
            if (probe.state == Probe::State::Found) {
                finds.push_back({probe.begin, probe.end, static_cast<uint16_t>(i), std::min(probe.begin, at)});
                floors[i] = probe.end;
            } else if (probe.state == Probe::State::Open) {
                open = std::min(open, probe.begin);
            }
        }
        at = anchor == kDigitAnchor ? run_end(at) : at + 1;
    }
    if (!window.final) {
        for (const Recogniser &recogniser : recognisers_) {
            open = std::min(open, recogniser.tail(window));
        }
    }
    open = keep_decided(finds, first, std::max(open, window.from));
    std::stable_sort(finds.begin() + static_cast<std::ptrdiff_t>(first), finds.end(),
                     [](const Find &a, const Find &b) { return a.begin < b.begin; });
    return {open, false};
}

}  // namespace aigw::guards
