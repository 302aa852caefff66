// Addresses of machines: IPv4, IPv6 as people write it. Not those that say nothing of anybody (loopback, unspecified, masks),
// not versions ("version 1.2.3.4", "Chrome/120.0.0.0") and not the section numbers of a document.
#include <algorithm>

#include "guards/chars.h"
#include "guards/context.h"
#include "guards/recogniser.h"

namespace aigw::guards {

namespace {

constexpr size_t kMaxV6 = 45;
constexpr unsigned kSmall = 20;  // four numbers up to here are rather a section's than a machine's

struct V4 {
    unsigned octets[4] = {};
    size_t end = 0;
    enum { No, Open, Whole } state = No;
};

V4 read_v4(std::string_view text, size_t at, bool final) {
    V4 out;
    for (int i = 0; i < 4; ++i) {
        size_t begin = at;
        unsigned value = 0;
        while (at < text.size() && is_digit(text[at]) && at - begin < 4) {
            value = value * 10 + static_cast<unsigned>(text[at++] - '0');
        }
        bool stops = at == text.size() && !final;
        if (at - begin > 3 || value > 255 || (at == begin && !stops) || (at - begin > 1 && text[begin] == '0')) {
            return {};
        }
        out.octets[i] = value;
        if (stops || (i < 3 && at + 1 == text.size() && text[at] == '.' && !final)) {
            out.state = V4::Open;
            return out;
        }
        if (i < 3 && at_or_space(text, at++) != '.') {
            return {};
        }
    }
    out.end = at;
    out.state = V4::Whole;
    return out;
}

bool is_nobody(const V4 &v4) {
    const unsigned *o = v4.octets;
    return o[0] == 0 || o[0] == 127 || o[0] == 255;
}

bool is_numbering(const V4 &v4) {
    const unsigned *o = v4.octets;
    bool small = std::all_of(o, o + 4, [](unsigned octet) { return octet <= kSmall; });
    bool same = std::all_of(o, o + 4, [o](unsigned octet) { return octet == o[0]; });
    return small && !same && o[0] != 10;
}

Probe probe_v4(const Site &site) {
    std::string_view text = site.window.text;
    size_t begin = site.anchor;
    char left = before(text, begin);
    bool product = left == '/' && begin >= 2 && is_alnum(text[begin - 2]);
    if (is_word(left) || left == '.' || left == '-' || left == '+' || product) {
        return {};
    }
    V4 v4 = read_v4(text, begin, site.window.final);
    if (v4.state != V4::Whole) {
        return v4.state == V4::Open ? Probe::open(begin) : Probe{};
    }
    if (!site.window.final && v4.end + 1 >= text.size()) {
        return Probe::open(begin);
    }
    char next = at_or_space(text, v4.end), after = at_or_space(text, v4.end + 1);
    if (is_word(next) || (next == '.' && is_digit(after)) || (next == '-' && is_alpha(after)) || is_nobody(v4)) {
        return {};
    }
    Hint hint = hint_before(text, begin);
    if (hint == Hint::Version || (is_numbering(v4) && hint != Hint::Address)) {
        return {};
    }
    return Probe::found(begin, v4.end);
}

// An address that people have begins with four digits of 2000::/3 or with fc, fd, fe, ff; "a::b" is code.
bool may_begin_v6(std::string_view group) {
    if (group.empty()) {
        return false;
    }
    char first = to_lower(group[0]), second = group.size() > 1 ? to_lower(group[1]) : 'c';
    return first == '2' || first == '3' || (first == 'f' && second >= 'c' && second <= 'f');
}

bool is_v6(std::string_view run) {
    size_t groups = 0, at = 0;
    bool gap = false;
    while (at < run.size()) {
        if (run.substr(at, 2) == "::" ) {
            if (gap) {
                return false;
            }
            gap = true;
            at += 2;
            continue;
        }
        if (run[at] == ':' && groups > 0 && at + 1 < run.size()) {
            ++at;
            continue;
        }
        size_t end = std::min(run.find(':', at), run.size());
        std::string_view group = run.substr(at, end - at);
        if (group.find('.') != std::string_view::npos) {
            V4 v4 = read_v4(group, 0, true);
            return end == run.size() && v4.state == V4::Whole && v4.end == group.size() && (gap ? groups <= 6 : groups == 6);
        }
        if (group.empty() || group.size() > 4) {
            return false;
        }
        ++groups;
        at = end;
    }
    return gap ? groups >= 1 && groups <= 7 : groups == 8;
}

// From the first colon of an address.
Probe probe_v6(const Site &site) {
    std::string_view text = site.window.text;
    size_t begin = site.anchor;
    while (begin > 0 && site.anchor - begin < 5 && is_hex(text[begin - 1])) {
        --begin;
    }
    char left = before(text, begin);
    bool mapped = begin == site.anchor;  // ::ffff:192.0.2.1
    if (begin < site.floor || is_word(left) || left == ':' || left == '.' || left == '-') {
        return {};
    }
    std::string_view head = text.substr(begin, 7);
    bool may_map = mapped && std::string_view("::ffff:").substr(0, head.size()) == head;
    if (mapped ? !may_map : site.anchor - begin != 4 || !may_begin_v6(text.substr(begin, 4))) {
        return {};
    }
    size_t end = begin;
    while (end < text.size() && end - begin <= kMaxV6 && (is_hex(text[end]) || text[end] == ':' || text[end] == '.')) {
        ++end;
    }
    if (end - begin > kMaxV6) {
        return {};
    }
    if (end == text.size() && !site.window.final) {
        return Probe::open(begin);
    }
    bool cut_word = is_word(at_or_space(text, end));
    while (end > begin && (text[end - 1] == '.' || (text[end - 1] == ':' && before(text, end - 1) != ':'))) {
        --end;  // the sentence's
    }
    std::string_view run = text.substr(begin, end - begin);
    bool whole = is_v6(run) && (!mapped || run.find('.') != std::string_view::npos);
    return whole && !cut_word ? Probe::found(begin, end) : Probe{};
}

Probe probe(const Site &site) {
    return site.window.text[site.anchor] == ':' ? probe_v6(site) : probe_v4(site);
}

// The first group of an IPv6 address whose colon has not come.
size_t tail(const Window &window) {
    std::string_view text = window.text;
    size_t begin = text.size();
    while (begin > 0 && text.size() - begin < 5 && is_hex(text[begin - 1])) {
        --begin;
    }
    char left = before(text, begin);
    bool fits = text.size() - begin <= 4 && may_begin_v6(text.substr(begin));
    return fits && !is_word(left) && left != ':' && left != '.' && left != '-' ? begin : text.size();
}

}  // namespace

Recogniser ip_recogniser() { return {"ip", "IP", kDigitAnchor | kColonAnchor, probe, tail}; }

}  // namespace aigw::guards
