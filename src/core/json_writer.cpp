#include "core/json_writer.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/utf8.h"

namespace aigw {

namespace {

enum class Treat : uint8_t { Copy, Escape, Check };

constexpr std::array<Treat, 256> kTreat = [] {
    std::array<Treat, 256> table{};
    for (size_t c = 0; c < 256; ++c) {
        table[c] = c < 0x20 || c == '"' || c == '\\' ? Treat::Escape : c >= 0x80 ? Treat::Check : Treat::Copy;
    }
    return table;
}();

void append_escape(std::string &out, char c) {
    switch (c) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\b': out += "\\b"; return;
        case '\f': out += "\\f"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
    }
    constexpr char kHex[] = "0123456789abcdef";
    out += "\\u00";
    out += kHex[c >> 4 & 0xF];
    out += kHex[c & 0xF];
}

// Eight bytes of ASCII that stand in a JSON string as they are.
bool eight_plain(const char *bytes) {
    constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
    uint64_t word;
    std::memcpy(&word, bytes, 8);
    uint64_t quote = word ^ (kOnes * '"'), backslash = word ^ (kOnes * '\\');
    uint64_t low = (word - kOnes * 0x20) & ~word;  // below a space
    return ((word | low | ((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash)) & kHighs) == 0;
}

#ifdef __SSE2__
// How many of sixteen bytes, from the first one on, are ASCII that stands in a JSON string as it is.
size_t plain_of_sixteen(const char *bytes) {
    __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i *>(bytes));
    __m128i low = _mm_cmplt_epi8(text, _mm_set1_epi8(0x20));  // signed: what is no ASCII, too
    __m128i signs = _mm_or_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8('"')), _mm_cmpeq_epi8(text, _mm_set1_epi8('\\')));
    auto found = static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(low, signs)));
    return static_cast<size_t>(std::countr_zero(found | 1u << 16));
}
#endif

// Where the plain run at `at` ends.
size_t skip_plain(std::string_view text, size_t at) {
#ifdef __SSE2__
    while (text.size() - at >= 16) {
        size_t plain = plain_of_sixteen(text.data() + at);
        at += plain;
        if (plain < 16) {
            return at;
        }
    }
#endif
    while (text.size() - at >= 8 && eight_plain(text.data() + at)) {
        at += 8;
    }
    while (at < text.size() && kTreat[static_cast<unsigned char>(text[at])] == Treat::Copy) {
        ++at;
    }
    return at;
}

}  // namespace

void append_json_escaped(std::string &out, std::string_view plain) {
    size_t copied = 0, at = 0;
    auto copy_run = [&] { out.append(plain.substr(copied, at - copied)); };
    while (at < plain.size()) {
        at = skip_plain(plain, at);
        if (at == plain.size()) {
            break;
        }
        Treat treat = kTreat[static_cast<unsigned char>(plain[at])];
        size_t length = treat == Treat::Check ? utf8_length(plain.substr(at)) : 1;
        if (treat == Treat::Escape || length == 0) {
            copy_run();
            if (length == 0) {
                out.append(kReplacementCharacter);
            } else {
                append_escape(out, plain[at]);
            }
            copied = ++at;
        } else {
            at += length;
        }
    }
    copy_run();
}

void JsonWriter::before_value() {
    if (comma_) {
        out_ += ',';
    }
    comma_ = true;
}

JsonWriter &JsonWriter::begin_object() {
    before_value();
    out_ += '{';
    comma_ = false;
    return *this;
}

JsonWriter &JsonWriter::end_object() {
    out_ += '}';
    comma_ = true;
    return *this;
}

JsonWriter &JsonWriter::begin_array() {
    before_value();
    out_ += '[';
    comma_ = false;
    return *this;
}

JsonWriter &JsonWriter::end_array() {
    out_ += ']';
    comma_ = true;
    return *this;
}

JsonWriter &JsonWriter::key(std::string_view plain) {
    string(plain);
    out_ += ':';
    comma_ = false;
    return *this;
}

JsonWriter &JsonWriter::string(std::string_view plain) { return begin_string().append(plain).end_string(); }

JsonWriter &JsonWriter::text(JsonText escaped) { return begin_string().append(escaped).end_string(); }

JsonWriter &JsonWriter::raw(std::string_view json) {
    before_value();
    out_ += json;
    return *this;
}

JsonWriter &JsonWriter::number(int64_t value) {
    char digits[20];
    auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return raw({digits, static_cast<size_t>(end - digits)});
}

JsonWriter &JsonWriter::boolean(bool value) { return raw(value ? "true" : "false"); }

JsonWriter &JsonWriter::null() { return raw("null"); }

JsonWriter &JsonWriter::begin_string() {
    before_value();
    out_ += '"';
    return *this;
}

JsonWriter &JsonWriter::append(std::string_view plain) {
    append_json_escaped(out_, plain);
    return *this;
}

JsonWriter &JsonWriter::append(JsonText escaped) {
    out_ += escaped.escaped;
    return *this;
}

JsonWriter &JsonWriter::end_string() {
    out_ += '"';
    return *this;
}

}  // namespace aigw
