// Credentials by the shape their makers gave them: a prefix and enough characters behind it, a JSON web token. What stands
// behind "api_key=" and in private keys is in secret_value.cpp.
#include "guards/secret_value.h"

#include <algorithm>

#include "guards/chars.h"

namespace aigw::guards {

namespace {

enum Body : uint8_t { Alnum, Dashed, Upper32, Word };  // Dashed: - and _ too; Upper32: A-Z, 2-7; Word: _ too

struct Prefix {
    std::string_view text;
    size_t anchor;  // place in `text` of the byte that recognition begins at
    Body body;
    size_t least;        // bytes of the body
    bool exact = false;  // no more than `least` either
};

constexpr Prefix kPrefixes[] = {
    {"sk-", 2, Dashed, 20},         {"AKIA", 1, Upper32, 16, true}, {"ASIA", 1, Upper32, 16, true}, {"ghp_", 3, Alnum, 30},
    {"gho_", 3, Alnum, 30},         {"ghu_", 3, Alnum, 30},         {"ghs_", 3, Alnum, 30},         {"ghr_", 3, Alnum, 30},
    {"github_pat_", 6, Word, 22},   {"glpat-", 5, Dashed, 20},      {"xoxb-", 4, Dashed, 10},       {"xoxp-", 4, Dashed, 10},
    {"xoxa-", 4, Dashed, 10},       {"xoxr-", 4, Dashed, 10},       {"xoxs-", 4, Dashed, 10},       {"xapp-", 4, Dashed, 10},
    {"AIza", 2, Dashed, 35, true},  {"sk_live_", 2, Alnum, 16},     {"sk_test_", 2, Alnum, 16},     {"rk_live_", 2, Alnum, 16},
    {"rk_test_", 2, Alnum, 16},     {"whsec_", 5, Alnum, 16},       {"hf_", 2, Alnum, 30},          {"npm_", 3, Alnum, 36},
    {"pypi-", 4, Dashed, 50},       {"dop_v1_", 3, Alnum, 64},      {"gsk_", 3, Alnum, 40},         {"xai-", 3, Alnum, 40},
    {"SG.", 0, Dashed, 16},         {"shpat_", 5, Alnum, 32},       {"tskey-", 5, Dashed, 16},      {"dckr_pat_", 4, Dashed, 20},
    {"sntrys_", 6, Word, 30},       {"glsa_", 4, Word, 32},         {"pplx-", 4, Alnum, 40},
};
constexpr size_t kLongestPrefix = 11;

bool fits(Body body, char c) {
    switch (body) {
    case Alnum: return is_alnum(c);
    case Word: return is_word(c);
    case Upper32: return is_upper(c) || (c >= '2' && c <= '7');
    case Dashed: break;
    }
    return is_word(c) || c == '-';
}

bool is_token(char c) { return is_word(c) || c == '-'; }

Probe probe_prefix(const Site &site, const Prefix &prefix) {
    std::string_view text = site.window.text;
    size_t begin = site.anchor - prefix.anchor;
    if (site.anchor < site.floor + prefix.anchor || is_token(before(text, begin))) {
        return {};
    }
    std::string_view head = text.substr(begin, prefix.text.size());
    if (head != prefix.text.substr(0, head.size())) {
        return {};
    }
    size_t end = begin + head.size();
    auto in_body = [&](char c) { return fits(prefix.body, c) || (prefix.anchor == 0 && c == '.'); };
    while (end < text.size() && end - begin < kMaxSecret && in_body(text[end])) {
        ++end;
    }
    if (end == text.size() && !site.window.final) {
        return Probe::open(begin);
    }
    size_t size = end - begin - std::min(end - begin, prefix.text.size());
    std::string_view body = text.substr(end - size, size);
    bool dense = prefix.exact || std::any_of(body.begin(), body.end(), is_digit) ||
                 (std::any_of(body.begin(), body.end(), is_upper) && std::any_of(body.begin(), body.end(), is_lower));
    bool whole = prefix.exact ? size == prefix.least && !is_word(at_or_space(text, end)) : size >= prefix.least;
    return head.size() == prefix.text.size() && whole && dense ? Probe::found(begin, end) : Probe{};
}

// eyJ… . … . …: the middle of an unsigned one may be the last.
Probe probe_jwt(const Site &site) {
    std::string_view text = site.window.text;
    size_t begin = site.anchor - 2;
    if (site.anchor < site.floor + 2 || text.substr(begin, 2) != "ey" || is_word(before(text, begin))) {
        return {};
    }
    size_t end = begin, dots = 0, segment = 0, shortest = kMaxSecret;
    for (; end < text.size() && end - begin < kMaxSecret; ++end) {
        if (is_token(text[end])) {
            ++segment;
        } else if (text[end] == '.' && dots < 2 && segment >= 8) {
            shortest = std::min(shortest, segment);
            segment = 0;
            ++dots;
        } else {
            break;
        }
    }
    if (end == text.size() && !site.window.final) {
        return Probe::open(begin);
    }
    while (end > begin && text[end - 1] == '.') {
        --end;
        --dots;
    }
    return dots >= 1 && shortest >= 8 ? Probe::found(begin, end) : Probe{};
}

void widen(Probe &best, const Probe &next) {
    bool open = best.state == Probe::State::Open || next.state == Probe::State::Open;
    if (open) {
        size_t begin = best.state == Probe::State::No   ? next.begin
                       : next.state == Probe::State::No ? best.begin
                                                        : std::min(best.begin, next.begin);
        best = Probe::open(begin);
    } else if (next.state == Probe::State::Found && (best.state == Probe::State::No || next.end > best.end)) {
        best = next;
    }
}

Probe probe(const Site &site) {
    char c = site.window.text[site.anchor];
    Probe best = c == ':' || c == '=' ? probe_assigned(site) : c == '-' ? probe_private_key(site) : c == 'J' ? probe_jwt(site) : Probe{};
    if (c == ':') {
        widen(best, probe_url_password(site));
    }
    if (c == ':' || c == '=') {  // in no prefix
        return best;
    }
    for (const Prefix &prefix : kPrefixes) {
        if (prefix.text[prefix.anchor] == c) {
            widen(best, probe_prefix(site, prefix));
        }
    }
    return best;
}

// The head of a prefix.
size_t tail(const Window &window) {
    std::string_view text = window.text;
    size_t begin = text.size();
    while (begin > 0 && text.size() - begin < kLongestPrefix && is_token(text[begin - 1])) {
        --begin;
    }
    std::string_view head = text.substr(begin);
    if (head.empty() || is_token(before(text, begin))) {
        return text.size();
    }
    bool begins = head == "e" || head == "ey";
    for (const Prefix &prefix : kPrefixes) {
        begins = begins || (head.size() < prefix.text.size() && prefix.text.substr(0, head.size()) == head);
    }
    return begins ? begin : text.size();
}

}  // namespace

Recogniser secret_recogniser() {
    uint8_t anchors = kColonAnchor | kEqualsAnchor | kDashAnchor | kUnderscoreAnchor | kLetterAnchor;
    return {"secret", "SECRET", anchors, probe, tail};
}

}  // namespace aigw::guards
