#include "dialects/anthropic_text.h"

#include "core/json_escape.h"
#include "core/json_writer.h"

namespace aigw::dialects::anthropic {

namespace {

// One character of a JSON string as written: its length, and its value if it is ASCII (else 'x', which means nothing
// to any caller here).
struct Step {
    size_t length;
    char value;
};

Step step(std::string_view s) {
    if (s[0] != '\\')
        return {1, static_cast<unsigned char>(s[0]) < 0x80 ? s[0] : 'x'};
    const DecodedEscape escape = decode_json_escape(s);
    return {escape.consumed, escape.size == 1 ? escape.bytes[0] : 'x'};
}

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_id_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

}  // namespace

JsonText trim_end(JsonText text) {
    size_t end = 0;
    for (size_t at = 0; at < text.escaped.size();) {
        const Step s = step(text.escaped.substr(at));
        at += s.length;
        if (!is_space(s.value))
            end = at;
    }
    return {text.escaped.substr(0, end)};
}

bool is_blank(JsonText text) {
    for (size_t at = 0; at < text.escaped.size();) {
        const Step s = step(text.escaped.substr(at));
        if (!is_space(s.value))
            return false;
        at += s.length;
    }
    return true;
}

void append_compact_escaped(std::string &out, std::string_view raw) {
    bool in_string = false;
    size_t from = 0;  // start of what has to be copied
    for (size_t at = 0; at < raw.size(); ++at) {
        const char c = raw[at];
        if (in_string) {
            if (c == '\\')
                ++at;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (is_space(c)) {
            append_json_escaped(out, raw.substr(from, at - from));
            from = at + 1;
        }
    }
    append_json_escaped(out, raw.substr(from));
}

void append_tool_id(std::string &out, JsonText id) {
    for (size_t at = 0; at < id.escaped.size();) {
        const Step s = step(id.escaped.substr(at));
        const bool foreign = s.value == 'x' && id.escaped[at] != 'x';
        out += is_id_char(s.value) && !foreign ? s.value : '_';
        at += s.length;
    }
}

void JsonProgress::feed(JsonText piece) {
    for (size_t at = 0; at < piece.escaped.size() && !complete_;) {
        const Step s = step(piece.escaped.substr(at));
        byte(s.value);
        at += s.length;
    }
}

void JsonProgress::byte(char c) {
    if (in_string_) {
        if (after_backslash_)
            after_backslash_ = false;
        else if (c == '\\')
            after_backslash_ = true;
        else if (c == '"')
            in_string_ = false;
        return;
    }
    if (c == '"') {
        in_string_ = true;
    } else if (c == '{' || c == '[') {
        ++depth_;
    } else if ((c == '}' || c == ']') && depth_ > 0) {
        complete_ = --depth_ == 0;
    }
}

}  // namespace aigw::dialects::anthropic
