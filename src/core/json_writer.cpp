#include "core/json_writer.h"

#include <array>
#include <charconv>
#include <cstring>

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

}  // namespace

void append_json_escaped(std::string &out, std::string_view plain) {
    size_t copied = 0, at = 0;
    auto copy_run = [&] { out.append(plain.substr(copied, at - copied)); };
    while (at < plain.size()) {
        if (plain.size() - at >= 8 && eight_plain(plain.data() + at)) {
            at += 8;
            continue;
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
