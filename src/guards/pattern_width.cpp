#include "guards/pattern_width.h"

#include <algorithm>

#include "guards/chars.h"

namespace aigw::guards {

namespace {

constexpr size_t kCharacter = 4;       // bytes
constexpr size_t kMost = 1 << 20;      // where counting stops
constexpr int kMaxDepth = 100;

using Width = std::optional<size_t>;

class Walk {
public:
    explicit Walk(std::string_view text) : text_(text) {}

    Width whole() {
        while (take("(*UTF)") || take("(*UCP)")) {
        }
        Width width = alternatives(0);
        return at_ == text_.size() ? width : std::nullopt;
    }

private:
    bool done() const { return at_ >= text_.size(); }
    char peek() const { return at_or_space(text_, at_); }
    bool take(std::string_view head) {
        if (text_.substr(at_, head.size()) != head) {
            return false;
        }
        at_ += head.size();
        return true;
    }
    // Behind the next `c`; false if there is none.
    bool skip_past(char c) {
        size_t found = text_.find(c, at_);
        at_ = found == std::string_view::npos ? text_.size() : found + 1;
        return found != std::string_view::npos;
    }
    size_t number() {
        size_t value = 0;
        while (!done() && is_digit(peek())) {
            value = std::min(value * 10 + static_cast<size_t>(text_[at_++] - '0'), kMost);
        }
        return value;
    }

    Width alternatives(int depth) {
        size_t most = 0;
        do {
            Width width = sequence(depth);
            if (!width) {
                return std::nullopt;
            }
            most = std::max(most, *width);
        } while (take("|"));
        return most;
    }

    Width sequence(int depth) {
        size_t sum = 0;
        while (!done() && peek() != '|' && peek() != ')') {
            Width width = atom(depth);
            width = width ? repeated(*width) : width;
            if (!width) {
                return std::nullopt;
            }
            sum = std::min(sum + *width, kMost);
        }
        return sum;
    }

    Width repeated(size_t width) {
        size_t times = 1;
        if (take("*") || take("+")) {
            times = kMost;
        } else if (peek() == '{') {
            std::optional<size_t> most = braces();
            times = most.value_or(1);
        } else {
            take("?");
            take("?");
            take("+");
            return width;
        }
        (void)(take("?") || take("+"));
        if (times >= kMost && width > 0) {
            return std::nullopt;
        }
        return std::min(width * std::min(times, kMost), kMost);
    }

    // {n}, {n,}, {n,m}: the most; anything else is a literal brace and not taken.
    std::optional<size_t> braces() {
        size_t start = at_++;
        if (is_digit(peek())) {
            size_t most = number();
            if (take(",")) {
                most = peek() == '}' ? kMost : number();
            }
            if (take("}")) {
                return most;
            }
        }
        at_ = start;
        return std::nullopt;
    }

    Width atom(int depth) {
        if (take("(")) {
            return group(depth);
        }
        if (take("[")) {
            return bracket();
        }
        if (take("\\")) {
            return escape();
        }
        if (take("^") || take("$")) {
            return 0;
        }
        ++at_;
        while (!done() && is_continuation(peek())) {
            ++at_;
        }
        return kCharacter;
    }

    Width group(int depth) {
        if (depth >= kMaxDepth || peek() == '*') {
            return std::nullopt;
        }
        bool behind = false;
        if (take("?#")) {
            return skip_past(')') ? Width(0) : std::nullopt;
        }
        if (take("?<=") || take("?<!")) {
            behind = true;
        } else if (take("?:") || take("?>") || take("?|") || take("?=") || take("?!")) {
        } else if (take("?<") || take("?P<")) {
            skip_past('>');
        } else if (take("?'")) {
            skip_past('\'');
        } else if (take("?")) {
            while (!done() && (peek() == 'i' || peek() == 'm' || peek() == 's' || peek() == 'U' || peek() == 'J' || peek() == 'n' || peek() == '-' || peek() == '^')) {
                ++at_;
            }
            if (take(")")) {
                return 0;
            }
            if (!take(":")) {
                return std::nullopt;
            }
        }
        Width width = alternatives(depth + 1);
        return width && take(")") ? Width(behind ? 0 : *width) : std::nullopt;
    }

    Width bracket() {
        take("^");
        take("]");
        while (!done() && peek() != ']') {
            if (take("[:")) {
                skip_past(']');
            } else if (take("\\")) {
                if (peek() == 'Q') {
                    return std::nullopt;
                }
                ++at_;
            } else {
                ++at_;
            }
        }
        return take("]") ? Width(kCharacter) : std::nullopt;
    }

    Width escape() {
        char c = peek();
        ++at_;
        switch (c) {
        case 'b': case 'B': case 'A': case 'z': case 'Z': case 'G': case 'E': return 0;
        case 'X': case 'C': case 'K': case 'g': case 'k': return std::nullopt;
        case 'R': return 2 * kCharacter;
        case 'c': ++at_; return kCharacter;
        case 'Q': return quoted();
        case 'x': case 'o': case 'p': case 'P': case 'N': case 'u':
            if (peek() == '{') {
                return skip_past('}') ? Width(kCharacter) : std::nullopt;
            }
            if (c == 'p' || c == 'P') {
                ++at_;
            } else if (c == 'x') {
                at_ += is_hex(peek());
                at_ += is_hex(peek());
            }
            return kCharacter;
        case '0':
            for (int i = 0; i < 2 && peek() >= '0' && peek() <= '7'; ++i) {
                ++at_;
            }
            return kCharacter;
        default: return c >= '1' && c <= '9' ? std::nullopt : Width(kCharacter);
        }
    }

    Width quoted() {
        size_t end = std::min(text_.find("\\E", at_), text_.size());
        size_t width = (end - at_) * kCharacter;
        at_ = std::min(end + 2, text_.size());
        // A quantifier would belong to the last character only: counted for all, which is no less.
        return width;
    }

    std::string_view text_;
    size_t at_ = 0;
};

}  // namespace

std::optional<size_t> pattern_width(std::string_view pattern) { return Walk(pattern).whole(); }

}  // namespace aigw::guards
