// Handles over the tape: look-ups and numbers. A number is read from its digits each time it is asked for.
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/json.h"

namespace aigw {

namespace {

// 0.d1d2d3... * 10^point, d1 not zero; no digits at all for zero. Built from text that passed the number grammar.
struct Decimal {
    bool negative = false;
    uint64_t leading = 0;  // the first kDigits digits after leading zeros
    int64_t digits = 0;    // significant digits, trailing zeros not counted
    int64_t point = 0;

    static constexpr int64_t kDigits = 19;  // 10^19 - 1 fits uint64_t
    static constexpr int64_t kMaxExponent = int64_t(1) << 40;
};

int64_t parse_exponent(std::string_view text) {
    bool negative = text[0] == '-';
    int64_t value = 0;
    for (char c : text.substr(text[0] == '-' || text[0] == '+')) {
        value = std::min(value * 10 + (c - '0'), Decimal::kMaxExponent);
    }
    return negative ? -value : value;
}

Decimal scan_decimal(std::string_view text) {
    Decimal out;
    int64_t seen = 0;  // digits after leading zeros, zeros included
    bool fraction = false;
    for (size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '-') {
            out.negative = true;
        } else if (c == '.') {
            fraction = true;
        } else if (c == 'e' || c == 'E') {
            out.point += parse_exponent(text.substr(i + 1));
            break;
        } else {
            bool significant = seen > 0 || c != '0';
            seen += significant;
            out.point += fraction ? (significant ? 0 : -1) : (significant ? 1 : 0);
            if (significant && seen <= Decimal::kDigits) {
                out.leading = out.leading * 10 + static_cast<uint64_t>(c - '0');
            }
            if (c != '0') {
                out.digits = seen;
            }
        }
    }
    for (int64_t i = std::min(seen, Decimal::kDigits); i > out.digits; --i) {
        out.leading /= 10;
    }
    return out;
}

template <class Word>
bool same_words(const char *a, const char *b, size_t size) {  // from both ends; size is at most two words
    Word first_a, first_b, last_a, last_b;
    std::memcpy(&first_a, a, sizeof(Word));
    std::memcpy(&first_b, b, sizeof(Word));
    std::memcpy(&last_a, a + size - sizeof(Word), sizeof(Word));
    std::memcpy(&last_b, b + size - sizeof(Word), sizeof(Word));
    return ((first_a ^ first_b) | (last_a ^ last_b)) == 0;
}

// Names are short: without a call for most.
bool same_bytes(const char *a, const char *b, size_t size) {
    if (size > 16 || size < 4) {
        return std::memcmp(a, b, size) == 0;
    }
    return size < 8 ? same_words<uint32_t>(a, b, size) : same_words<uint64_t>(a, b, size);
}

std::optional<int64_t> integral(const Decimal &decimal) {
    if (decimal.digits == 0) {
        return 0;
    }
    if (decimal.point < decimal.digits || decimal.point > Decimal::kDigits) {
        return std::nullopt;
    }
    uint64_t value = decimal.leading;
    for (int64_t i = decimal.digits; i < decimal.point; ++i) {
        value *= 10;
    }
    uint64_t limit = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) + decimal.negative;
    if (value > limit) {
        return std::nullopt;
    }
    return static_cast<int64_t>(decimal.negative ? 0 - value : value);
}

}  // namespace

JsonType JsonValue::type() const { return doc_->nodes_[node_].type; }

std::string_view JsonValue::raw() const { return doc_ ? doc_->text_.substr(begin(), end() - begin()) : std::string_view(); }

size_t JsonValue::begin() const { return doc_ ? doc_->nodes_[node_].begin : 0; }

size_t JsonValue::end() const { return doc_ ? doc_->nodes_[node_].end : 0; }

JsonText JsonValue::text() const {
    if (!is_string()) {
        return {};
    }
    return {raw().substr(1, end() - begin() - 2)};
}

bool JsonValue::equals(std::string_view plain) const {
    return is_string() && (doc_->nodes_[node_].escaped ? text() == plain : text().escaped == plain);
}

std::optional<int64_t> JsonValue::as_int64() const {
    if (!is_number()) {
        return std::nullopt;
    }
    std::string_view digits = raw();
    int64_t value = 0;
    auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc() && stop == digits.data() + digits.size()) {
        return value;
    }
    return integral(scan_decimal(digits));
}

std::optional<double> JsonValue::as_double() const {
    if (!is_number()) {
        return std::nullopt;
    }
    std::string_view digits = raw();
    double value = 0;
    auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc::result_out_of_range) {  // too small reads as zero, too large not at all
        return scan_decimal(digits).point < 0 ? std::optional<double>(0.0) : std::nullopt;
    }
    return error == std::errc() && std::isfinite(value) ? std::optional<double>(value) : std::nullopt;
}

JsonValue JsonValue::find(std::string_view plain_key) const {
    if (!is_object()) {
        return {};
    }
    const JsonNode *nodes = doc_->nodes_.data();
    const char *text = doc_->text_.data();
    const size_t quoted = plain_key.size() + 2;
    uint32_t found = 0;
    for (uint32_t key = node_ + 1, end = nodes[node_].next; key < end; key = nodes[key + 1].next) {
        const JsonNode &name = nodes[key];
        if (name.escaped) [[unlikely]] {
            found = JsonText{{text + name.begin + 1, name.end - name.begin - 2u}} == plain_key ? key + 1 : found;
        } else if (name.end - name.begin == quoted && same_bytes(text + name.begin + 1, plain_key.data(), plain_key.size())) {
            found = key + 1;
        }
    }
    return found != 0 ? JsonValue(doc_, found) : JsonValue();
}

void JsonValue::pick_into(const Names &names, JsonValue *found) const {
    if (!is_object()) {
        return;
    }
    const JsonNode *nodes = doc_->nodes_.data();
    const char *text = doc_->text_.data();
    for (uint32_t key = node_ + 1, end = nodes[node_].next; key < end; key = nodes[key + 1].next) {
        const JsonNode &node = nodes[key];
        const std::string_view name(text + node.begin + 1, node.end - node.begin - 2u);
        if (node.escaped) [[unlikely]] {
            for (size_t i = 0; i < names.names.size(); ++i) {
                found[i] = JsonText{name} == names.names[i] ? JsonValue(doc_, key + 1) : found[i];
            }
            continue;
        }
        for (size_t i = names.heads[JsonNames<1>::slot(name)]; i != 0; i = names.chain[i - 1]) {
            std::string_view known = names.names[i - 1];
            if (name.size() == known.size() && same_bytes(name.data(), known.data(), name.size())) {
                found[i - 1] = JsonValue(doc_, key + 1);
            }
        }
    }
}

size_t JsonValue::size() const {
    size_t count = 0;
    if (is_object()) {
        for ([[maybe_unused]] Member member : members()) {
            ++count;
        }
    }
    for ([[maybe_unused]] JsonValue element : elements()) {
        ++count;
    }
    return count;
}

auto JsonValue::members() const -> Range<MemberIterator> {
    if (!is_object()) {
        return {{nullptr, 0}, {nullptr, 0}};
    }
    return {{doc_, node_ + 1}, {doc_, doc_->nodes_[node_].next}};
}

auto JsonValue::elements() const -> Range<ElementIterator> {
    if (!is_array()) {
        return {{nullptr, 0}, {nullptr, 0}};
    }
    return {{doc_, node_ + 1}, {doc_, doc_->nodes_[node_].next}};
}

JsonValue::MemberIterator &JsonValue::MemberIterator::operator++() {
    node_ = doc_->nodes_[node_ + 1].next;
    return *this;
}

JsonValue::Member JsonValue::MemberIterator::operator*() const {
    const JsonNode &key = doc_->nodes_[node_];
    return {{doc_->text_.substr(key.begin + 1, key.end - key.begin - 2)}, JsonValue(doc_, node_ + 1), key.begin};
}

JsonValue::ElementIterator &JsonValue::ElementIterator::operator++() {
    node_ = doc_->nodes_[node_].next;
    return *this;
}

JsonValue JsonValue::ElementIterator::operator*() const { return {doc_, node_}; }

}  // namespace aigw
