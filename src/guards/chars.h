// Bytes of a text, by what identifiers are made of. Letters beyond ASCII are the two-byte ones of alphabets written with
// spaces (Latin with accents, Greek, Cyrillic, Armenian); ideographs and punctuation are boundaries.
#pragma once

#include <cstddef>
#include <string_view>

namespace aigw::guards {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
inline bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
inline bool is_alpha(char c) { return is_upper(c) || is_lower(c); }
inline bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
inline bool is_word(char c) { return is_alnum(c) || c == '_'; }
inline bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
inline char to_lower(char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; }

// The first byte of a two-byte letter.
inline bool leads_letter(char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte >= 0xC3 && byte <= 0xD6;
}
inline bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Bytes of the two-byte letter that ends before `at`: 2 or 0.
inline size_t letter_before(std::string_view text, size_t at) {
    return at >= 2 && is_continuation(text[at - 1]) && leads_letter(text[at - 2]) ? 2 : 0;
}
inline size_t letter_at(std::string_view text, size_t at) {
    return at + 1 < text.size() && leads_letter(text[at]) && is_continuation(text[at + 1]) ? 2 : 0;
}

// The byte before `at`, or a space at the text's beginning.
inline char before(std::string_view text, size_t at) { return at > 0 ? text[at - 1] : ' '; }
inline char at_or_space(std::string_view text, size_t at) { return at < text.size() ? text[at] : ' '; }

}  // namespace aigw::guards
