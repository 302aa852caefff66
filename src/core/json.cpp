// The parser: simdjson marks where tokens begin, Walk goes over the marks once and checks what lies between them.
// The container that is open keeps its parent's index in `next` until it closes, so there is no stack to bound.
#include "core/json.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <new>

#include "core/json_duplicates.h"
#include "core/json_escape.h"
#include "core/json_fault.h"

namespace aigw {

namespace {

constexpr size_t kFirstCapacity = 4096;
constexpr size_t kMaxText = std::numeric_limits<uint32_t>::max();
constexpr uint32_t kNoNode = std::numeric_limits<uint32_t>::max();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// What may stand right behind a number or a literal.
bool ends_scalar(char c) { return is_space(c) || c == ',' || c == '}' || c == ']'; }

size_t skip_digits(std::string_view text, size_t at) {
    while (at < text.size() && is_digit(text[at])) {
        ++at;
    }
    return at;
}

// The end of the number at `at`, or `at` itself if there is none.
size_t number_end(std::string_view text, size_t at) {
    size_t start = at;
    at += text[at] == '-';
    size_t digits = at;
    at = skip_digits(text, at);
    if (at == digits || (text[digits] == '0' && at > digits + 1)) {
        return start;
    }
    if (at < text.size() && text[at] == '.') {
        size_t fraction = at + 1;
        at = skip_digits(text, fraction);
        if (at == fraction) {
            return start;
        }
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        size_t exponent = at + 1;
        exponent += exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-');
        at = skip_digits(text, exponent);
        if (at == exponent) {
            return start;
        }
    }
    return at;
}

// A comma or colon stands between two nodes and a container has two marks, so a sound text has about half as many nodes as
// marks.
constexpr size_t most_nodes(size_t marks) { return (marks + 1) / 2; }

// Offset of the next backslash at or after `at`, or the text's size. Near ones are found without a call.
size_t next_backslash(std::string_view text, size_t at) {
    constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080, kBackslashes = kOnes * '\\';
    for (int round = 0; round < 4 && at + 8 <= text.size(); ++round, at += 8) {
        uint64_t word;
        std::memcpy(&word, text.data() + at, 8);
        word ^= kBackslashes;
        if (((word - kOnes) & ~word & kHighs) != 0) {
            break;
        }
    }
    const void *found = at < text.size() ? std::memchr(text.data() + at, '\\', text.size() - at) : nullptr;
    return found ? static_cast<size_t>(static_cast<const char *>(found) - text.data()) : text.size();
}

class Walk {
public:
    Walk(std::string_view text, const uint32_t *marks, size_t count, std::vector<JsonNode> &nodes, JsonOptions options)
        : text_(text), marks_(marks), count_(count), nodes_(nodes), options_(options) {
        backslash_ = next_backslash(text, 0);
    }

    bool run();

    JsonError error;

private:
    enum Expect : uint8_t { kEnd = 0, kValue = 1, kKey = 2, kColon = 4, kComma = 8, kClose = 16 };

    bool fail(JsonFault fault, size_t at) {
        error = {fault, at, {}};
        return false;
    }
    void after_value() { expect_ = open_ == kNoNode ? kEnd : kComma | kClose; }
    bool expects(uint8_t what) const { return (expect_ & what) != 0; }

    bool token(size_t i);
    bool open(JsonType type, uint32_t at);
    bool close(JsonType type, uint32_t at);
    bool comma(uint32_t at);
    bool string(uint32_t at, uint32_t next);
    bool escapes(uint32_t end);
    bool scalar(uint32_t at, JsonType type, size_t end);
    bool literal(uint32_t at, JsonType type, std::string_view word);

    std::string_view text_;
    const uint32_t *marks_;  // where tokens begin; marks_[count_] is the text's size
    size_t count_;
    std::vector<JsonNode> &nodes_;
    JsonOptions options_;
    size_t backslash_ = 0;     // the first one not yet judged
    uint32_t open_ = kNoNode;  // the innermost open container
    uint32_t depth_ = 0;
    uint8_t expect_ = kValue;
};

bool Walk::run() {
    for (size_t i = 0; i < count_; ++i) {
        if (!token(i)) {
            return false;
        }
    }
    return open_ == kNoNode && expect_ == kEnd ? true : fail(JsonFault::Syntax, text_.size());
}

inline bool Walk::token(size_t i) {
    uint32_t at = marks_[i];
    switch (text_[at]) {
        case '"': return string(at, marks_[i + 1]);
        case ':':
            if (!expects(kColon)) {
                return fail(JsonFault::Syntax, at);
            }
            expect_ = kValue;
            return true;
        case ',': return comma(at);
        case '{': return open(JsonType::Object, at);
        case '[': return open(JsonType::Array, at);
        case '}': return close(JsonType::Object, at);
        case ']': return close(JsonType::Array, at);
        case 't': return literal(at, JsonType::True, "true");
        case 'f': return literal(at, JsonType::False, "false");
        case 'n': return literal(at, JsonType::Null, "null");
        default:
            if (text_[at] != '-' && !is_digit(text_[at])) {
                return fail(JsonFault::Syntax, at);
            }
            return scalar(at, JsonType::Number, number_end(text_, at));
    }
}

inline bool Walk::open(JsonType type, uint32_t at) {
    if (!expects(kValue)) {
        return fail(JsonFault::Syntax, at);
    }
    if (++depth_ > options_.max_depth) {
        return fail(JsonFault::Depth, at);
    }
    nodes_.push_back({at, at, open_, type, false});
    open_ = static_cast<uint32_t>(nodes_.size() - 1);
    expect_ = kClose | (type == JsonType::Object ? kKey : kValue);
    return true;
}

inline bool Walk::close(JsonType type, uint32_t at) {
    if (!expects(kClose) || nodes_[open_].type != type) {
        return fail(JsonFault::Syntax, at);
    }
    uint32_t closed = open_;
    JsonNode &node = nodes_[closed];
    open_ = node.next;
    node.next = static_cast<uint32_t>(nodes_.size());
    node.end = at + 1;
    --depth_;
    after_value();
    if (options_.refuse_duplicates && type == JsonType::Object) {
        return distinct_members(text_, nodes_, closed, error);
    }
    return true;
}

inline bool Walk::comma(uint32_t at) {
    if (!expects(kComma)) {
        return fail(JsonFault::Syntax, at);
    }
    expect_ = nodes_[open_].type == JsonType::Object ? kKey : kValue;
    return true;
}

// `next` is where the next token begins: the closing quote is the last byte before it that is no space.
inline bool Walk::string(uint32_t at, uint32_t next) {
    if (!expects(kValue | kKey)) {
        return fail(JsonFault::Syntax, at);
    }
    uint32_t end = next;
    while (end > at + 1 && text_[end - 1] != '"') {
        if (!is_space(text_[end - 1])) {
            return fail(JsonFault::Syntax, end - 1);
        }
        --end;
    }
    if (end <= at + 1) {
        return fail(JsonFault::Syntax, at);
    }
    bool escaped = backslash_ < end;
    if (escaped && !escapes(end - 1)) {
        return false;
    }
    nodes_.push_back({at, end, static_cast<uint32_t>(nodes_.size() + 1), JsonType::String, escaped});
    if (expects(kKey)) {
        expect_ = kColon;
    } else {
        after_value();
    }
    return true;
}

// Judges every escape up to `end`, the closing quote.
bool Walk::escapes(uint32_t end) {
    while (backslash_ < end) {
        std::string_view rest = text_.substr(backslash_, end - backslash_);
        if (rest.size() > 1 && rest[1] == 'n') {
            backslash_ = next_backslash(text_, backslash_ + 2);
            continue;
        }
        DecodedEscape escape = decode_json_escape(rest);
        if (escape.verdict != DecodedEscape::Verdict::Valid) {
            bool lone = escape.verdict == DecodedEscape::Verdict::LoneSurrogate;
            return fail(lone ? JsonFault::Utf8 : JsonFault::Syntax, backslash_);
        }
        backslash_ = next_backslash(text_, backslash_ + escape.consumed);
    }
    return true;
}

inline bool Walk::scalar(uint32_t at, JsonType type, size_t end) {
    if (!expects(kValue) || end == at) {
        return fail(JsonFault::Syntax, at);
    }
    if (end < text_.size() && !ends_scalar(text_[end])) {
        return fail(JsonFault::Syntax, end);
    }
    nodes_.push_back({at, static_cast<uint32_t>(end), static_cast<uint32_t>(nodes_.size() + 1), type, false});
    after_value();
    return true;
}

inline bool Walk::literal(uint32_t at, JsonType type, std::string_view word) {
    bool same = text_.substr(at, word.size()) == word;
    return scalar(at, type, same ? at + word.size() : at);
}

}  // namespace

struct JsonParser::Scratch {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1;

    void grow(size_t size) {
        if (stage1 && stage1->capacity() >= size) {
            return;
        }
        size_t capacity = size > kMaxText / 2 ? kMaxText : std::bit_ceil(std::max(size, kFirstCapacity));
        stage1.reset();
        if (simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, stage1) != simdjson::SUCCESS) {
            stage1.reset();
            throw std::bad_alloc();
        }
    }
    void shrink() {
        if (stage1 && stage1->capacity() > kKeepCapacity) {
            stage1.reset();
        }
    }
};

JsonParser::JsonParser() : scratch_(std::make_unique<Scratch>()) {}
JsonParser::~JsonParser() = default;

Result<void, JsonError> JsonParser::parse(std::string_view text, JsonDoc &doc, JsonOptions options) {
    doc.nodes_.clear();
    doc.text_ = text;
    if (text.size() > kMaxText) {
        return Unexpected{JsonError{JsonFault::TooLarge, kMaxText, {}}};
    }
    if (text.empty()) {
        return Unexpected{JsonError{JsonFault::Syntax, 0, {}}};
    }
    scratch_->grow(text.size());
    auto &stage1 = *scratch_->stage1;
    auto code = stage1.stage1(reinterpret_cast<const uint8_t *>(text.data()), text.size(), simdjson::stage1_mode::regular);
    if (code != simdjson::SUCCESS) {
        scratch_->shrink();
        return Unexpected{locate_json_fault(text, {JsonFault::Syntax, text.size(), {}})};
    }
    if (stage1.n_structural_indexes > kMaxMarks) {
        size_t at = stage1.structural_indexes[kMaxMarks];
        scratch_->shrink();
        return Unexpected{JsonError{JsonFault::TooLarge, at, {}}};
    }
    doc.nodes_.reserve(most_nodes(stage1.n_structural_indexes));
    Walk walk(text, stage1.structural_indexes.get(), stage1.n_structural_indexes, doc.nodes_, options);
    bool good = walk.run();
    scratch_->shrink();
    if (!good) {
        doc.nodes_.clear();
        return Unexpected{std::move(walk.error)};
    }
    return {};
}

}  // namespace aigw
