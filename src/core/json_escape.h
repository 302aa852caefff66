// One JSON escape, decoded and judged. What is no escape, or half a surrogate pair, decodes to U+FFFD.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/utf8.h"

namespace aigw {

struct DecodedEscape {
    enum class Verdict : uint8_t { Valid, LoneSurrogate, Malformed };

    Verdict verdict = Verdict::Valid;
    uint8_t size = 0;     // bytes of UTF-8
    size_t consumed = 0;  // bytes of the escape, at least 1
    char bytes[4] = {};

    std::string_view utf8() const { return {bytes, size}; }
};

// The four hex digits at the head of `text`, or -1.
inline int32_t parse_hex4(std::string_view text) {
    if (text.size() < 4) {
        return -1;
    }
    int32_t value = 0;
    for (char c : text.substr(0, 4)) {
        int32_t digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
        if (digit < 0) {
            return -1;
        }
        value = value << 4 | digit;
    }
    return value;
}

namespace detail {

inline DecodedEscape escape_of(uint32_t code, size_t consumed, DecodedEscape::Verdict verdict) {
    DecodedEscape out;
    out.verdict = verdict;
    out.consumed = consumed;
    out.size = static_cast<uint8_t>(utf8_encode(code, out.bytes));
    return out;
}

inline DecodedEscape decode_unicode_escape(std::string_view text) {
    using Verdict = DecodedEscape::Verdict;
    int32_t high = parse_hex4(text.substr(2));
    if (high < 0) {
        return escape_of(0xFFFD, 2, Verdict::Malformed);
    }
    if (high < 0xD800 || high > 0xDFFF) {
        return escape_of(static_cast<uint32_t>(high), 6, Verdict::Valid);
    }
    if (high < 0xDC00 && text.substr(6, 2) == "\\u") {
        int32_t low = parse_hex4(text.substr(8));
        if (low >= 0xDC00 && low <= 0xDFFF) {
            return escape_of(0x10000u + (static_cast<uint32_t>(high - 0xD800) << 10) + static_cast<uint32_t>(low - 0xDC00), 12,
                             Verdict::Valid);
        }
    }
    return escape_of(0xFFFD, 6, Verdict::LoneSurrogate);
}

}  // namespace detail

// `text` begins with the backslash; it may be cut off anywhere.
inline DecodedEscape decode_json_escape(std::string_view text) {
    using Verdict = DecodedEscape::Verdict;
    if (text.size() < 2) {
        return detail::escape_of(0xFFFD, 1, Verdict::Malformed);
    }
    switch (text[1]) {
        case '"': case '\\': case '/': return detail::escape_of(static_cast<unsigned char>(text[1]), 2, Verdict::Valid);
        case 'b': return detail::escape_of('\b', 2, Verdict::Valid);
        case 'f': return detail::escape_of('\f', 2, Verdict::Valid);
        case 'n': return detail::escape_of('\n', 2, Verdict::Valid);
        case 'r': return detail::escape_of('\r', 2, Verdict::Valid);
        case 't': return detail::escape_of('\t', 2, Verdict::Valid);
        case 'u': return detail::decode_unicode_escape(text);
        default: return detail::escape_of(0xFFFD, 1, Verdict::Malformed);
    }
}

}  // namespace aigw
