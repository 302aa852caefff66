#include "guards/secret_value.h"

#include <algorithm>
#include <bitset>

#include "guards/chars.h"

namespace aigw::guards {

namespace {

constexpr size_t kMaxName = 40;
constexpr size_t kMaxValue = 256;
constexpr size_t kMaxUrlPart = 128;
constexpr size_t kLeastKey = 16, kLeastPassword = 6, kLeastBody = 16;
constexpr size_t kDistinctInKey = 8;

constexpr std::string_view kKeyNames[] = {"apikey", "secret", "token", "accesskey", "secretkey", "privatekey", "authkey", "authorization"};
constexpr std::string_view kPasswordNames[] = {"password", "passwd", "passphrase", "pwd", "passwort", "contraseña"};

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }

enum class Name : uint8_t { None, Key, Password };

// The identifier to the left of the anchor, folded, without _ and -.
Name name_before(std::string_view text, size_t at) {
    auto skip = [&](auto test) {
        while (at > 0 && test(text[at - 1])) {
            --at;
        }
    };
    skip(is_blank);
    skip(is_quote);
    if (at > 0 && text[at - 1] == '\\') {
        --at;
    }
    char folded[kMaxName];
    size_t size = 0;
    for (; at > 0 && size < kMaxName; --at) {
        char c = text[at - 1];
        if (!is_word(c) && c != '-' && static_cast<unsigned char>(c) < 0x80) {
            break;
        }
        if (c != '_' && c != '-') {
            folded[kMaxName - ++size] = to_lower(c);
        }
    }
    std::string_view name(folded + kMaxName - size, size);
    auto ends = [&](std::string_view known) { return name.size() >= known.size() && name.substr(name.size() - known.size()) == known; };
    if (std::any_of(std::begin(kPasswordNames), std::end(kPasswordNames), ends)) {
        return Name::Password;
    }
    return std::any_of(std::begin(kKeyNames), std::end(kKeyNames), ends) ? Name::Key : Name::None;
}

bool is_value(char c) {
    return is_word(c) || c == '-' || c == '.' || c == '+' || c == '/' || c == '=' || c == '!' || c == '#' || c == '@' || c == '%' ||
           c == '^' || c == '&' || c == '*' || c == '~' || c == '?' || c == '$';
}

bool is_secret(Name name, std::string_view value) {
    std::bitset<256> seen;
    bool digit = false, letter = false, mark = false;
    for (char c : value) {
        seen.set(static_cast<unsigned char>(c));
        digit = digit || is_digit(c);
        letter = letter || is_alpha(c);
        mark = mark || (!is_alnum(c) && c != '_' && c != '.' && c != '-' && c != '/');
    }
    if (name == Name::Key) {
        return value.size() >= kLeastKey && digit && letter && seen.count() >= kDistinctInKey;
    }
    return value.size() >= kLeastPassword && (digit || mark) && letter && seen.count() >= 4;
}

}  // namespace

Probe probe_assigned(const Site &site) {
    std::string_view text = site.window.text;
    Name name = name_before(text, site.anchor);
    if (name == Name::None) {
        return {};
    }
    size_t at = site.anchor + 1;
    auto stops = [&] { return at >= text.size() && !site.window.final; };
    auto skip = [&](auto test, size_t most) {
        for (size_t n = 0; n < most && at < text.size() && test(text[at]); ++n) {
            ++at;
        }
    };
    skip([](char c) { return c == '=' || c == '>'; }, 2);  // :=, ==, =>
    skip(is_blank, 4);
    skip([](char c) { return c == '\\'; }, 1);
    skip(is_quote, 3);
    for (std::string_view scheme : {"Bearer ", "bearer ", "Basic ", "basic "}) {
        std::string_view head = text.substr(at, scheme.size());
        if (head == scheme) {
            at += scheme.size();
        } else if (!site.window.final && head == scheme.substr(0, head.size())) {
            return Probe::open(site.anchor);
        }
    }
    size_t begin = at;
    while (at < text.size() && at - begin < kMaxValue && is_value(text[at]) && !(text[at] == '=' && is_word(at_or_space(text, at + 1)))) {
        ++at;  // = is padding at the end, or begins something else
    }
    if (stops() || (at + 1 == text.size() && text[at] == '=' && !site.window.final)) {
        return Probe::open(site.anchor);
    }
    bool expression = at < text.size() && (text[at] == '(' || text[at] == '[' || text[at] == '{' || text[at] == '<');
    while (at > begin && (text[at - 1] == '.' || text[at - 1] == '?')) {
        --at;  // the sentence's
    }
    bool found = begin >= site.floor && at > begin && !expression && is_secret(name, text.substr(begin, at - begin));
    return found ? Probe::found(begin, at) : Probe{};
}

Probe probe_private_key(const Site &site) {
    std::string_view text = site.window.text;
    constexpr std::string_view kName = "PRIVATE KEY", kBegin = "-----BEGIN ", kLine = "-----";
    constexpr size_t kMaxKind = 40;
    if (site.anchor < kName.size() || text.substr(site.anchor - kName.size(), kName.size()) != kName) {
        return {};
    }
    size_t head = site.anchor > kMaxKind ? site.anchor - kMaxKind : 0;
    if (text.substr(head, site.anchor - head).find(kBegin) == std::string_view::npos) {
        return {};
    }
    std::string_view line = text.substr(site.anchor, kLine.size());
    if (line != kLine.substr(0, line.size()) || (line.size() < kLine.size() && site.window.final)) {
        return {};
    }
    size_t begin = site.anchor + line.size(), end = begin;
    auto in_body = [](char c) {
        return is_alnum(c) || c == '+' || c == '/' || c == '=' || c == '\n' || c == '\r' || c == ' ' || c == '\\' || c == ':' || c == ',';
    };
    while (end < text.size() && end - begin < kMaxPrivateKey && in_body(text[end])) {
        ++end;
    }
    if (end == text.size() && !site.window.final) {
        return Probe::open(site.anchor);
    }
    auto is_break = [](char c) { return c == '\n' || c == '\r' || c == ' '; };
    while (begin < end && is_break(text[begin])) {
        ++begin;
    }
    if (text.substr(begin, 2) == "\\n") {
        begin += 2;
    }
    while (end > begin && is_break(text[end - 1])) {
        --end;
    }
    if (end - begin > 2 && text.substr(end - 2, 2) == "\\n") {
        end -= 2;
    }
    return end > begin + kLeastBody && begin >= site.floor ? Probe::found(begin, end) : Probe{};
}

Probe probe_url_password(const Site &site) {
    std::string_view text = site.window.text;
    size_t at = site.anchor;
    if (!is_alnum(before(text, at))) {
        return {};
    }
    std::string_view head = text.substr(at, 3);
    if (head != std::string_view("://").substr(0, head.size())) {
        return {};
    }
    at += head.size();
    size_t begin = at, colon = 0;
    while (at < text.size() && at - begin < kMaxUrlPart && text[at] != '@' && is_value(text[at]) && text[at] != '/') {
        ++at;
    }
    if (at < text.size() && text[at] == ':') {
        colon = at++;
        while (at < text.size() && at - colon < kMaxUrlPart && text[at] != '@' && is_value(text[at]) && text[at] != '/') {
            ++at;
        }
    }
    if (at == text.size() && !site.window.final) {
        return Probe::open(site.anchor);
    }
    bool whole = head.size() == 3 && colon > begin && at_or_space(text, at) == '@' && at > colon + 1;
    return whole && colon + 1 >= site.floor ? Probe::found(colon + 1, at) : Probe{};
}

}  // namespace aigw::guards
