#include "guards/words.h"

#include <algorithm>

#include "guards/chars.h"

namespace aigw::guards {

namespace {

// The letter at `at` in lower case, its two bytes as one number; the same length in every case.
uint16_t fold_letter(unsigned char lead, unsigned char next) {
    unsigned code = (lead & 0x1Fu) << 6 | (next & 0x3Fu);
    if ((code >= 0xC0 && code <= 0xDE && code != 0xD7) || (code >= 0x391 && code <= 0x3A9) || (code >= 0x410 && code <= 0x42F)) {
        code += 0x20;
    } else if (code >= 0x400 && code <= 0x40F) {
        code += 0x50;
    } else if ((code >= 0x100 && code <= 0x137 && code != 0x130) || (code >= 0x14A && code <= 0x177) || (code >= 0x460 && code <= 0x481)) {
        code |= 1;
    } else if ((code >= 0x139 && code <= 0x148) || (code >= 0x179 && code <= 0x17E)) {
        code += code & 1;
    }
    return static_cast<uint16_t>((0xC0u | code >> 6) << 8 | (0x80u | (code & 0x3Fu)));
}

// One folded character into `out`: how many bytes it takes there and in the text.
size_t fold(std::string_view text, size_t at, char *out) {
    char c = text[at];
    if (leads_letter(c) && at + 1 < text.size()) {
        uint16_t letter = fold_letter(static_cast<unsigned char>(c), static_cast<unsigned char>(text[at + 1]));
        out[0] = static_cast<char>(letter >> 8);
        out[1] = static_cast<char>(letter & 0xFF);
        return 2;
    }
    out[0] = c == '\n' || c == '\t' || c == '\r' ? ' ' : to_lower(c);
    return 1;
}

bool is_letter_before(std::string_view text, size_t at) { return is_word(before(text, at)) || letter_before(text, at) != 0; }
bool is_letter_at(std::string_view text, size_t at) { return is_word(at_or_space(text, at)) || letter_at(text, at) != 0; }

}  // namespace

Result<std::shared_ptr<const Words>, std::string> Words::parse(std::string_view list) {
    if (list.size() > kMaxText) {
        return Unexpected<std::string>{"over " + std::to_string(kMaxText >> 20) + " MB"};
    }
    if (list.substr(0, 3) == "\xEF\xBB\xBF") {
        list.remove_prefix(3);
    }
    auto out = std::make_shared<Words>();
    size_t number = 0;
    while (!list.empty()) {
        size_t end = std::min(list.find('\n'), list.size());
        std::string_view line = list.substr(0, end);
        list.remove_prefix(std::min(end + 1, list.size()));
        ++number;
        auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
        while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
        while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
        if (line.empty() || line.front() == '#') {
            continue;
        }
        if (line.size() > kMaxWord) {
            return Unexpected<std::string>{"line " + std::to_string(number) + " is over " + std::to_string(kMaxWord) + " bytes"};
        }
        auto begin = static_cast<uint32_t>(out->text_.size());
        for (size_t at = 0; at < line.size();) {
            char folded[2];
            size_t bytes = fold(line, at, folded);
            out->text_.append(folded, bytes);
            at += bytes;
        }
        out->words_.push_back({begin, static_cast<uint32_t>(line.size())});
    }
    if (out->words_.empty()) {
        return Unexpected<std::string>{"no words in it"};
    }
    auto text_of = [&](const Entry &entry) { return std::string_view(out->text_).substr(entry.begin, entry.size); };
    std::sort(out->words_.begin(), out->words_.end(), [&](const Entry &a, const Entry &b) { return text_of(a) < text_of(b); });
    out->words_.erase(std::unique(out->words_.begin(), out->words_.end(), [&](const Entry &a, const Entry &b) { return text_of(a) == text_of(b); }),
                      out->words_.end());
    out->first_.assign(257, 0);
    for (const Entry &entry : out->words_) {
        ++out->first_[static_cast<unsigned char>(out->text_[entry.begin]) + 1u];
    }
    for (size_t i = 1; i < out->first_.size(); ++i) {
        out->first_[i] += out->first_[i - 1];
    }
    return std::shared_ptr<const Words>(std::move(out));
}

// Narrows the range of words that begin as the text does, byte by byte.
Words::Match Words::match(const Window &window, size_t begin) const {
    std::string_view text = window.text;
    Match out;
    char folded[2];
    size_t bytes = fold(text, begin, folded);
    size_t low = first_[static_cast<unsigned char>(folded[0])], high = first_[static_cast<unsigned char>(folded[0]) + 1u];
    for (size_t at = begin, depth = 0; low < high;) {
        if (at == text.size()) {
            out.open = !window.final;
            return out;
        }
        bytes = fold(text, at, folded);
        for (size_t i = 0; i < bytes && low < high; ++i, ++depth) {
            auto byte_of = [&](const Entry &entry) { return depth < entry.size ? static_cast<unsigned char>(text_[entry.begin + depth]) : -1; };
            int wanted = static_cast<unsigned char>(folded[i]);
            auto from = words_.begin() + static_cast<std::ptrdiff_t>(low), to = words_.begin() + static_cast<std::ptrdiff_t>(high);
            auto first = std::lower_bound(from, to, wanted, [&](const Entry &entry, int value) { return byte_of(entry) < value; });
            auto last = std::upper_bound(first, to, wanted, [&](int value, const Entry &entry) { return value < byte_of(entry); });
            low = static_cast<size_t>(first - words_.begin());
            high = static_cast<size_t>(last - words_.begin());
        }
        at += bytes;
        bool whole = low < high && words_[low].size == depth;
        if (whole && at == text.size() && !window.final) {
            out.open = true;
            return out;
        }
        bool inside = is_letter_before(text, at) && is_letter_at(text, at);
        if (whole && !inside) {
            out.end = at;
        }
    }
    return out;
}

Progress Words::scan(const Window &window, std::vector<Find> &finds) const {
    std::string_view text = window.text;
    size_t first = finds.size(), open = text.size();
    for (size_t at = window.from; at < text.size();) {
        auto byte = static_cast<unsigned char>(to_lower(text[at]));
        bool two = leads_letter(text[at]);
        bool begins = two || first_[byte] != first_[byte + 1u];
        if (begins && !is_continuation(text[at]) && !(is_letter_before(text, at) && is_letter_at(text, at))) {
            Match found = match(window, at);
            if (found.open) {
                open = std::min(open, at);
            } else if (found.end > at) {
                finds.push_back({at, found.end, 0, at});
                at = found.end;
                continue;
            }
        }
        ++at;
    }
    return {keep_decided(finds, first, open), false};
}

}  // namespace aigw::guards
