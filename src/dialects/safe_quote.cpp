// Masks what looks like a credential in a provider's words. A heuristic: it errs on the side of masking.
#include <cctype>

#include "dialects/common.h"

namespace aigw::dialects {

namespace {

constexpr std::string_view kMask = "[masked]";
constexpr size_t kMinKey = 8;      // bytes of a run that begins like a key
constexpr size_t kLongToken = 32;  // bytes of letters and digits that no word or model name has

bool is_alnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool is_run(char c) { return is_alnum(c) || std::string_view("_-.*+/~").find(c) != std::string_view::npos; }

bool begins_like_key(std::string_view run) {
    for (std::string_view prefix : {"sk-", "sk_", "rk-", "pk-", "gsk_", "xai-", "AIza", "hf_", "eyJ", "AKIA", "ASIA", "ghp_",
                                    "nvapi-", "pplx-", "csk-", "fw_", "r8_"}) {
        size_t at = run.find(prefix);
        if (at == std::string_view::npos || (at > 0 && is_alnum(run[at - 1]))) continue;
        if (run.size() - at >= kMinKey) return true;
    }
    return false;
}

bool holds_long_token(std::string_view run) {
    size_t length = 0;
    bool digit = false, letter = false;
    for (char c : run) {
        if (!is_alnum(c) && c != '+' && c != '_') {
            length = 0;
            digit = letter = false;
            continue;
        }
        ++length;
        (std::isdigit(static_cast<unsigned char>(c)) ? digit : letter) = true;
        if (length >= kLongToken && digit && letter) return true;
    }
    return false;
}

bool ends_with_bearer(std::string_view before) {
    static constexpr std::string_view kBearer = "bearer";
    while (!before.empty() && (before.back() == ' ' || before.back() == ':')) before.remove_suffix(1);
    if (before.size() < kBearer.size()) return false;
    before.remove_prefix(before.size() - kBearer.size());
    for (size_t i = 0; i < kBearer.size(); ++i) {
        if (std::tolower(static_cast<unsigned char>(before[i])) != kBearer[i]) return false;
    }
    return true;
}

bool is_secret(std::string_view run, std::string_view before) {
    if (run.find("***") != std::string_view::npos || begins_like_key(run) || holds_long_token(run)) return true;
    return run.size() >= kMinKey && ends_with_bearer(before);
}

// Not in the middle of a UTF-8 sequence.
size_t cut_length(std::string_view text, size_t limit) {
    if (text.size() <= limit) return text.size();
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
    return limit;
}

}  // namespace

std::string safe_quote(std::string_view text) {
    std::string out;
    size_t at = 0;
    while (at < text.size() && out.size() <= kMaxQuotedBytes) {
        size_t end = at;
        while (end < text.size() && is_run(text[end])) ++end;
        size_t run_end = end;
        while (run_end > at && text[run_end - 1] == '.') --run_end;
        std::string_view run = text.substr(at, run_end - at);
        out.append(is_secret(run, text.substr(0, at)) ? kMask : run).append(text.substr(run_end, end - run_end));
        at = end;
        while (at < text.size() && !is_run(text[at])) out += text[at++];
    }
    if (out.size() > kMaxQuotedBytes) out.resize(cut_length(out, kMaxQuotedBytes));
    return out;
}

}  // namespace aigw::dialects
