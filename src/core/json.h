// JSON, read in place. simdjson's first stage finds the structure and checks UTF-8; one flat walk over it
// checks the grammar and leaves a tape of nodes with byte offsets into the caller's text. Nothing is copied or
// unescaped, so a value can be passed on, spliced or compared as it stood. The text must outlive the document;
// it needs no padding. Limits: 4 GiB - 1 of text, JsonParser::kMaxMarks brackets, commas, colons and scalars, which
// bounds a document's memory whatever its text is, Options::max_depth of nesting (the walk does not recurse).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace aigw {

enum class JsonType : uint8_t { Null, False, True, Number, String, Array, Object };

enum class JsonFault : uint8_t {
    Syntax,
    Utf8,
    Depth,
    DuplicateMember,
    TooLarge,
};

struct JsonError {
    JsonFault fault = JsonFault::Syntax;
    size_t offset = 0;   // bytes from the start of the text, of the first thing that is wrong
    std::string member;  // DuplicateMember: its name, decoded
};

// The inside of a JSON string as it stood between the quotes: valid, still escaped.
struct JsonText {
    std::string_view escaped;

    bool empty() const { return escaped.empty(); }
    // UTF-8 with every escape resolved (a lone surrogate becomes U+FFFD).
    std::string decode() const;
    // Appends decode() to `out`.
    void decode_to(std::string &out) const;
    // Equal to plain UTF-8, whatever escapes it was written with.
    bool operator==(std::string_view plain) const;
};

class JsonDoc;

// Names that are looked up together, see JsonValue::pick. Most members of an object are none of them: a small table tells.
template <size_t N>
struct JsonNames {
    template <class... Name>
    constexpr JsonNames(Name... name) : names{name...} {
        for (size_t i = 0; i < N; ++i) {
            uint8_t &first = heads[slot(names[i])];
            chain[i] = first;
            first = static_cast<uint8_t>(i + 1);
        }
    }
    constexpr bool contains(std::string_view name) const {
        size_t i = heads[slot(name)];
        while (i != 0 && names[i - 1] != name) {
            i = chain[i - 1];
        }
        return i != 0;
    }
    static constexpr size_t slot(std::string_view name) {
        return name.empty() ? 0 : (name.size() + 3 * static_cast<unsigned char>(name.front()) +
                                   static_cast<unsigned char>(name.back())) % 64;
    }

    std::array<std::string_view, N> names;
    std::array<uint8_t, 64> heads{};  // 1 + the last name of that slot; 0: none
    std::array<uint8_t, N> chain{};   // 1 + the name before it in the slot
};

template <class... Name>
JsonNames(Name...) -> JsonNames<sizeof...(Name)>;

// A handle to one value of a JsonDoc; absent when a look-up found nothing. Copies are cheap, valid while the doc is.
class JsonValue {
public:
    JsonValue() = default;

    explicit operator bool() const { return doc_ != nullptr; }
    JsonType type() const;  // of a present value
    bool is_string() const { return *this && type() == JsonType::String; }
    bool is_object() const { return *this && type() == JsonType::Object; }
    bool is_array() const { return *this && type() == JsonType::Array; }
    bool is_number() const { return *this && type() == JsonType::Number; }
    bool is_null() const { return *this && type() == JsonType::Null; }
    bool is_true() const { return *this && type() == JsonType::True; }
    bool is_false() const { return *this && type() == JsonType::False; }
    bool is_bool() const { return is_true() || is_false(); }

    // The value's own bytes in the text, quotes and brackets included; empty if absent.
    std::string_view raw() const;
    size_t begin() const;  // offset of raw() in the text
    size_t end() const;

    // Strings; empty for anything else.
    JsonText text() const;
    // A present string equal to `plain`.
    bool equals(std::string_view plain) const;

    // Numbers: nullopt if not a number, not integral, or out of range. 1.0 and 1e2 are integral.
    std::optional<int64_t> as_int64() const;
    // Finite numbers only.
    std::optional<double> as_double() const;

    // Objects: the member's value (the last one if a name stands twice), else absent.
    JsonValue find(std::string_view plain_key) const;
    JsonValue operator[](std::string_view plain_key) const { return find(plain_key); }
    // What find() gives for each of the names, by one walk over the members.
    template <size_t N>
    std::array<JsonValue, N> pick(const JsonNames<N> &names) const {
        std::array<JsonValue, N> found;
        pick_into({names.names, names.heads, names.chain}, found.data());
        return found;
    }
    // Arrays and objects: how many elements or members.
    size_t size() const;

    struct Member;
    class MemberIterator;
    class ElementIterator;
    template <class Iterator>
    struct Range {
        Iterator first, last;
        Iterator begin() const { return first; }
        Iterator end() const { return last; }
    };
    // Empty ranges for values of another type.
    Range<MemberIterator> members() const;
    Range<ElementIterator> elements() const;

private:
    friend class JsonDoc;
    JsonValue(const JsonDoc *doc, uint32_t node) : doc_(doc), node_(node) {}
    struct Names {
        std::span<const std::string_view> names;
        std::span<const uint8_t, 64> heads;
        std::span<const uint8_t> chain;
    };
    void pick_into(const Names &names, JsonValue *found) const;

    const JsonDoc *doc_ = nullptr;
    uint32_t node_ = 0;
};

struct JsonNode {
    uint32_t begin;  // offsets into the text, [begin, end)
    uint32_t end;
    uint32_t next;  // index of the node after this one and all it holds
    JsonType type;
    bool escaped;  // a string that holds a backslash
};

class JsonDoc {
public:
    // Of a parsed document; absent before the first parse and after a failed one.
    JsonValue root() const { return nodes_.empty() ? JsonValue() : JsonValue(this, 0); }
    std::string_view text() const { return text_; }

private:
    friend class JsonParser;
    friend class JsonValue;
    std::string_view text_;
    std::vector<JsonNode> nodes_;  // an object's children alternate key, value
};

struct JsonOptions {
    uint32_t max_depth = 200;
    bool refuse_duplicates = false;  // the same member name twice in one object, however it is escaped
};

// Owns simdjson's scratch memory (about five bytes for each byte of the largest text): one for a worker, used for
// every document in turn. Scratch grown by a text over kKeepCapacity is given back at once.
class JsonParser {
public:
    static constexpr size_t kKeepCapacity = 1 << 20;
    static constexpr size_t kMaxMarks = 8 << 20;  // 8 bytes of a sound document for each

    JsonParser();
    ~JsonParser();
    JsonParser(const JsonParser &) = delete;
    JsonParser &operator=(const JsonParser &) = delete;

    // Parses one whole JSON text (any type at the top) into `doc`, replacing what it held.
    Result<void, JsonError> parse(std::string_view text, JsonDoc &doc, JsonOptions options = {});

private:
    struct Scratch;
    std::unique_ptr<Scratch> scratch_;
};

class JsonValue::MemberIterator {
public:
    MemberIterator(const JsonDoc *doc, uint32_t node) : doc_(doc), node_(node) {}
    bool operator==(const MemberIterator &) const = default;
    MemberIterator &operator++();
    Member operator*() const;

private:
    const JsonDoc *doc_;
    uint32_t node_;  // the key
};

class JsonValue::ElementIterator {
public:
    ElementIterator(const JsonDoc *doc, uint32_t node) : doc_(doc), node_(node) {}
    bool operator==(const ElementIterator &) const = default;
    ElementIterator &operator++();
    JsonValue operator*() const;

private:
    const JsonDoc *doc_;
    uint32_t node_;
};

struct JsonValue::Member {
    JsonText key;
    JsonValue value;
    size_t key_begin;  // offset of the key's opening quote
};

}  // namespace aigw
