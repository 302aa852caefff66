#include "tokens/estimate.h"

#include <array>
#include <cstring>

#include "core/utf8.h"

namespace aigw::tokens {

namespace {

// Of a byte. Bytes of a multi-byte character: its first one says what it is, the others are Inside.
enum Class : uint8_t { kSpace, kLine, kLower, kUpper, kDigit, kMark, kInside, kScript, kSymbol, kIdeograph, kEmoji, kClasses };

constexpr Class class_of(size_t byte) {
    if (byte >= 0x80) {
        return byte < 0xC0   ? kInside
               : byte < 0xD0 ? kLower      // up to U+03FF: Latin with accents, Greek
               : byte < 0xE2 ? kScript     // to U+1FFF: Cyrillic, Hebrew, Arabic, Indic and others
               : byte < 0xE3 ? kSymbol     // to U+2FFF: typographic marks, arrows, boxes
               : byte < 0xEE ? kIdeograph  // to U+DFFF: kana, ideographs, Hangul
               : byte < 0xF0 ? kSymbol     // to U+FFFF: full-width forms and the like
                             : kEmoji;
    }
    if (byte >= 'a' && byte <= 'z') {
        return kLower;
    }
    if (byte >= 'A' && byte <= 'Z') {
        return kUpper;
    }
    if (byte >= '0' && byte <= '9') {
        return kDigit;
    }
    return byte == ' ' || byte == '\t' ? kSpace : byte == '\n' || byte == '\r' ? kLine : kMark;
}

constexpr std::array<uint8_t, 256> kClass = [] {
    std::array<uint8_t, 256> table{};
    for (size_t byte = 0; byte < 256; ++byte) {
        table[byte] = class_of(byte);
    }
    return table;
}();

// Hundredths of a token for a byte of class `now` after one of class `last`. English runs at 1.3 tokens a word: a word
// costs one as it begins and a little more for each letter; the space before it belongs to it.
constexpr uint8_t cost(Class last, Class now) {
    bool in_word = last == kLower || last == kInside;
    switch (now) {
        case kSpace: return last == kSpace ? 14 : 0;  // indents come in runs
        case kLine: return last == kLine ? 12 : 80;
        case kLower: return in_word || last == kUpper ? 7 : 98;
        case kUpper: return in_word ? 70 : last == kUpper ? 35 : 98;  // camelCase splits, CAPITALS come in pairs or threes
        case kDigit: return 46;                                       // one to three digits a token
        case kMark: return last == kMark ? 40 : 85;                   // `":"` and `});` are few tokens
        case kScript: return 45;
        case kSymbol: return 110;
        case kIdeograph: return 100;
        case kEmoji: return 220;
        default: return 0;
    }
}

// By class of the byte before and the byte itself: one look-up for a byte's cost, beside the one for its class.
constexpr auto kCost = [] {
    std::array<std::array<uint8_t, 256>, kClasses> table{};
    for (size_t last = 0; last < kClasses; ++last) {
        for (size_t byte = 0; byte < 256; ++byte) {
            table[last][byte] = cost(static_cast<Class>(last), static_cast<Class>(kClass[byte]));
        }
    }
    return table;
}();

// By two neighbouring bytes as they lie in memory, the first one low: for all but a text's first byte.
constexpr auto kPairCost = [] {
    std::array<uint8_t, 65536> table{};
    for (size_t byte = 0; byte < 256; ++byte) {
        for (size_t last = 0; last < 256; ++last) {
            table[byte << 8 | last] = kCost[kClass[last]][byte];
        }
    }
    return table;
}();

constexpr std::string_view kQuietMembers[] = {"required", "title", "$schema", "additionalProperties", "strict", "cache_control"};
constexpr std::string_view kQuietNames[] = {"type",     "properties", "items",       "enum", "anyOf",  "default",     "$defs",
                                            "function", "parameters", "input_schema", "name", "custom", "description"};

template <size_t N>
bool is_one_of(JsonText key, const std::string_view (&names)[N]) {
    for (std::string_view name : names) {
        if (key == name) {
            return true;
        }
    }
    return false;
}

}  // namespace

void TextEstimator::add_plain(std::string_view utf8) {
    if (utf8.empty()) {
        return;
    }
    const auto *byte = reinterpret_cast<const unsigned char *>(utf8.data());
    const unsigned char *end = byte + utf8.size();
    auto pair = [](const unsigned char *second) { return kPairCost[size_t{second[0]} << 8 | second[-1]]; };
    uint64_t sum = kCost[last_][*byte++];
    for (; end - byte >= 4; byte += 4) {
        sum += uint64_t{pair(byte)} + pair(byte + 1) + pair(byte + 2) + pair(byte + 3);
    }
    for (; byte != end; ++byte) {
        sum += pair(byte);
    }
    units_ += sum;
    last_ = kClass[end[-1]];
}

void TextEstimator::add(JsonText text) {
    std::string_view rest = text.escaped;
    while (!rest.empty()) {
        if (escape_ != 0) {
            escape_byte(static_cast<unsigned char>(rest[0]));
            rest.remove_prefix(1);
            continue;
        }
        const void *found = std::memchr(rest.data(), '\\', rest.size());
        size_t run = found ? static_cast<size_t>(static_cast<const char *>(found) - rest.data()) : rest.size();
        add_plain(rest.substr(0, run));
        escape_ = found ? 1 : 0;
        rest.remove_prefix(run + (found ? 1 : 0));
    }
}

// Valid JSON has four hex digits after \u and a known letter otherwise; anything else just counts as something.
void TextEstimator::escape_byte(unsigned char byte) {
    if (escape_ == 1) {
        escape_ = byte == 'u' ? 2 : 0;
        code_ = 0;
        if (escape_ == 0) {
            add_code(byte == 'n' || byte == 'r' ? '\n' : byte == 't' ? '\t' : byte == 'b' || byte == 'f' ? 0 : byte);
        }
        return;
    }
    code_ = code_ << 4 | ((byte & 0x0F) + (byte >= 'A' ? 9u : 0u));
    if (++escape_ == 6) {
        escape_ = 0;
        add_code(code_);
    }
}

void TextEstimator::add_code(uint32_t code) {
    if (code >= 0xD800 && code <= 0xDFFF) {  // the first half of a pair pays for the character
        add_plain(code < 0xDC00 ? "\xF0" : "\x80");
        return;
    }
    char bytes[4];
    add_plain({bytes, utf8_encode(code, bytes)});
}

void TextEstimator::end_text() {
    last_ = kSpace;
    escape_ = 0;
}

void TextEstimator::add_schema(JsonValue schema) { add_schema(schema, 0); }

void TextEstimator::add_schema(JsonValue value, int depth) {
    if (depth > kMaxSchemaDepth) {
        return;
    }
    if (value.is_string()) {
        end_text();
        add(value.text());
    }
    for (JsonValue element : value.elements()) {
        add_schema(element, depth + 1);
    }
    for (JsonValue::Member member : value.members()) {
        if (is_one_of(member.key, kQuietMembers)) {
            continue;
        }
        if (!is_one_of(member.key, kQuietNames)) {
            end_text();
            add(member.key);
        }
        add_schema(member.value, depth + 1);
    }
}

Tokens estimate_text(std::string_view utf8) {
    TextEstimator estimator;
    estimator.add_plain(utf8);
    return estimator.tokens();
}

}  // namespace aigw::tokens
