// Mail addresses: the local part to the left of the @, the domain to its right. In a stream the last word of a piece is
// kept, since it may be a local part: nothing shows that it is none.
#include <algorithm>

#include "guards/chars.h"
#include "guards/recogniser.h"

namespace aigw::guards {

namespace {

constexpr size_t kMaxLocal = 64;    // RFC 5321
constexpr size_t kMaxDomain = 190;
constexpr size_t kMaxLabel = 24;    // of a top-level domain
constexpr std::string_view kNoDomains[] = {"png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "css", "js", "map", "pdf"};

bool is_local(char c) {
    return is_word(c) || c == '.' || c == '-' || c == '+' || c == '%' || c == '\'';
}

// Where the run of local characters before `end` begins, signs at its head left out; `end` if it is no local part.
size_t local_begin(std::string_view text, size_t end) {
    size_t begin = end;
    while (begin > 0 && end - begin <= kMaxLocal) {
        size_t letter = letter_before(text, begin);
        if (letter == 0 && !is_local(text[begin - 1])) {
            break;
        }
        begin -= letter ? letter : 1;
    }
    if (end - begin > kMaxLocal) {
        return end;
    }
    if (begin < end && before(text, begin) == '\\' && (text[begin] == 'n' || text[begin] == 'r' || text[begin] == 't')) {
        ++begin;  // an escape that stands in the text as it is
    }
    while (begin < end && !is_word(text[begin]) && !letter_at(text, begin)) {
        ++begin;
    }
    return begin;
}

size_t domain_end(std::string_view text, size_t begin) {
    size_t end = begin;
    while (end < text.size() && end - begin <= kMaxDomain) {
        size_t letter = letter_at(text, end);
        if (letter == 0 && !is_alnum(text[end]) && text[end] != '-' && text[end] != '.') {
            break;
        }
        end += letter ? letter : 1;
    }
    return end;
}

bool is_top_level(std::string_view label) {
    if (label.size() < 2 || label.size() > kMaxLabel) {
        return false;
    }
    if (label.substr(0, 4) == "xn--") {
        return true;
    }
    for (char c : label) {
        if (static_cast<unsigned char>(c) < 0x80 && !is_alpha(c)) {
            return false;
        }
    }
    for (std::string_view extension : kNoDomains) {
        if (label == extension) {
            return false;
        }
    }
    return true;
}

// The longest head of the run that is a domain: its size, or 0.
size_t domain_size(std::string_view run) {
    size_t best = 0, labels = 0;
    for (size_t begin = 0; begin < run.size();) {
        size_t dot = std::min(run.find('.', begin), run.size());
        std::string_view label = run.substr(begin, dot - begin);
        size_t hyphens = label.size();
        while (hyphens > 0 && label[hyphens - 1] == '-') {
            --hyphens;
        }
        label = label.substr(0, hyphens);
        if (label.empty() || label[0] == '-') {
            break;
        }
        if (++labels >= 2 && is_top_level(label)) {
            best = begin + label.size();
        }
        if (begin + hyphens != dot) {
            break;
        }
        begin = dot + 1;
    }
    return best;
}

// scheme://user:password@host: the local part would be a password.
bool is_url_password(std::string_view text, size_t begin) {
    constexpr size_t kMaxUser = 96;
    size_t at = begin;
    while (at > 0 && begin - at < kMaxUser && (is_word(text[at - 1]) || text[at - 1] == ':' || text[at - 1] == '-' || text[at - 1] == '.')) {
        --at;
    }
    return before(text, begin) == ':' && at >= 2 && text[at - 1] == '/' && text[at - 2] == '/';
}

Probe probe(const Site &site) {
    std::string_view text = site.window.text;
    size_t begin = local_begin(text, site.anchor);
    if (begin == site.anchor || begin < site.floor) {
        return {};
    }
    size_t end = domain_end(text, site.anchor + 1);
    if (end - site.anchor - 1 > kMaxDomain) {
        return {};
    }
    if (end == text.size() && !site.window.final) {
        return Probe::open(begin);
    }
    size_t size = domain_size(text.substr(site.anchor + 1, end - site.anchor - 1));
    bool checkout = text.substr(begin, site.anchor - begin) == "git" && at_or_space(text, end) == ':';  // git@host:path
    return size == 0 || checkout || is_url_password(text, begin) ? Probe{} : Probe::found(begin, site.anchor + 1 + size);
}

size_t tail(const Window &window) { return local_begin(window.text, window.text.size()); }

}  // namespace

Recogniser email_recogniser() { return {"email", "EMAIL", kAtAnchor, probe, tail}; }

}  // namespace aigw::guards
