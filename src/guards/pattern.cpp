#include "guards/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>

#include "guards/chars.h"
#include "guards/pattern_width.h"

namespace aigw::guards {

namespace {

constexpr size_t kStackStart = 32 << 10, kStackMost = 256 << 10;  // bytes, of the JIT's backtracking

constexpr size_t kAhead = 64;  // bytes searched beyond hold=

Unexpected<std::string> fail(std::string text) { return {std::move(text)}; }

std::string error_text(int code) {
    PCRE2_UCHAR buffer[256];
    return pcre2_get_error_message(code, buffer, sizeof(buffer)) < 0 ? "error " + std::to_string(code)
                                                                     : std::string(reinterpret_cast<char *>(buffer));
}

// \K moves a match's beginning: nothing could be held back rightly.
bool moves_begin(std::string_view text) {
    for (size_t at = 0; at + 1 < text.size(); ++at) {
        if (text[at] == '\\') {
            if (text[at + 1] == 'K') {
                return true;
            }
            ++at;
        }
    }
    return false;
}

size_t next_character(std::string_view text, size_t at) {
    ++at;
    while (at < text.size() && is_continuation(text[at])) {
        ++at;
    }
    return at;
}

}  // namespace

Result<std::shared_ptr<const Pattern>, std::string> Pattern::compile(std::string_view text, std::optional<size_t> hold, bool streams) {
    if (text.empty() || text.size() > kMaxPattern) {
        return fail(text.empty() ? "empty" : "over " + std::to_string(kMaxPattern) + " bytes");
    }
    std::shared_ptr<Pattern> out(new Pattern);
    int error = 0;
    PCRE2_SIZE offset = 0;
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    out->code_ = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), options, &error, &offset, nullptr);
    if (!out->code_) {
        return fail(error_text(error) + " at character " + std::to_string(offset + 1));
    }
    uint32_t behind = 0;
    pcre2_pattern_info(out->code_, PCRE2_INFO_MAXLOOKBEHIND, &behind);
    if (behind > kMaxLookBehind) {
        return fail("looks back over more than " + std::to_string(kMaxLookBehind) + " characters");
    }
    if (moves_begin(text)) {
        return fail("\\K is not supported");
    }
    std::optional<size_t> width = pattern_width(text);
    if (streams && !hold && !width) {
        return fail("may match text of any length: in answers it needs hold=N, the bytes that a match may have (write {1,9} for + to bound it)");
    }
    if (streams && !hold && *width > kMaxHold) {
        return fail("may match " + std::to_string(*width) + " bytes, over " + std::to_string(kMaxHold) + ": in answers it needs hold=N");
    }
    out->hold_ = hold.value_or(width ? kUnlimited : kMaxUnbounded);
    pcre2_jit_compile(out->code_, PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD);  // without a JIT it is interpreted
    out->context_ = pcre2_match_context_create(nullptr);
    out->data_ = pcre2_match_data_create_from_pattern(out->code_, nullptr);
    out->stack_ = pcre2_jit_stack_create(kStackStart, kStackMost, nullptr);
    if (!out->context_ || !out->data_) {
        return fail("out of memory");
    }
    if (out->stack_) {
        pcre2_jit_stack_assign(out->context_, nullptr, out->stack_);
    }
    return std::shared_ptr<const Pattern>(std::move(out));
}

Pattern::~Pattern() {
    pcre2_match_data_free(data_);
    pcre2_match_context_free(context_);
    pcre2_jit_stack_free(stack_);
    pcre2_code_free(code_);
}

Pattern::Match Pattern::run(const Window &window, size_t size, size_t from, uint32_t options) const {
    auto limit = static_cast<uint32_t>(std::min<size_t>(kMatchLimit + size * kStepsPerByte, UINT32_MAX));
    pcre2_set_match_limit(context_, limit);
    pcre2_set_depth_limit(context_, kMatchLimit);
    options |= PCRE2_NOTEMPTY | (window.starts ? 0 : PCRE2_NOTBOL);
    auto subject = reinterpret_cast<PCRE2_SPTR>(window.text.data());
    int rc = pcre2_match(code_, subject, size, from, options, data_, context_);
    if (rc == PCRE2_ERROR_NOMATCH) {
        return {};
    }
    if (rc < 0 && rc != PCRE2_ERROR_PARTIAL) {
        return {.kind = Match::Failed};
    }
    const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(data_);
    return {rc < 0 ? Match::Partial : Match::Whole, std::max<size_t>(bounds[0], from), bounds[1]};
}

// What begins at `begin`, in the bytes that hold= allows: the same however much of the text is there.
Pattern::Match Pattern::within_hold(const Window &window, size_t begin) const {
    size_t cut = begin + hold_;
    while (cut > begin && cut < window.text.size() && is_continuation(window.text[cut])) {
        --cut;
    }
    Match match = run(window, cut, begin, PCRE2_ANCHORED | PCRE2_PARTIAL_HARD);
    return match.kind == Match::Partial ? run(window, cut, begin, PCRE2_ANCHORED | PCRE2_NOTEOL) : match;
}

// With hold= the search runs over a little more than that at a time, so that one beginning costs no more than it may.
Progress Pattern::scan(const Window &window, std::vector<Find> &finds) const {
    std::string_view text = window.text;
    size_t rework = kMaxRework + (text.size() - window.from) * kReworkPerByte;
    for (size_t at = window.from; at < text.size();) {
        size_t size = hold_ == kUnlimited ? text.size() : std::min(text.size(), at + hold_ + kAhead);
        while (size < text.size() && is_continuation(text[size])) {
            ++size;
        }
        bool last = size == text.size();
        Match match = run(window, size, at, last && window.final ? 0 : PCRE2_PARTIAL_HARD);
        bool seen = match.kind == Match::Whole || match.kind == Match::Partial;
        if (seen && hold_ != kUnlimited && size - match.begin >= hold_) {
            size_t begin = match.begin;
            if (rework < size - begin) {
                return {at, true};
            }
            rework -= size - begin;
            match = within_hold(window, begin);
            if (match.kind == Match::No) {
                at = next_character(text, begin);
                continue;
            }
        }
        if (match.kind == Match::Failed) {
            return {at, true};
        }
        if (match.kind == Match::Whole) {
            finds.push_back({match.begin, match.end, 0, match.begin});
            at = match.end;
        } else if (last) {
            return {match.kind == Match::Partial ? match.begin : text.size(), false};
        } else {
            at = match.kind == Match::Partial ? match.begin : size;
        }
    }
    return {text.size(), false};
}

}  // namespace aigw::guards
