// JSON: the same verdict as simdjson's own two stages; what was read, written anew, reads the same.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "core/json.h"
#include "core/json_writer.h"
#include "require.h"

namespace aigw::fuzz {

inline void write_again(JsonWriter &out, JsonValue value, int depth = 0) {
    require(depth <= 200, "nesting is bounded");
    if (value.is_object()) {
        out.begin_object();
        for (JsonValue::Member member : value.members()) {
            out.key(member.key.decode());
            write_again(out, member.value, depth + 1);
        }
        out.end_object();
    } else if (value.is_array()) {
        out.begin_array();
        for (JsonValue element : value.elements()) {
            write_again(out, element, depth + 1);
        }
        out.end_array();
    } else if (value.is_string()) {
        out.string(value.text().decode());
    } else {
        out.raw(value.raw());
    }
}

inline void require_same(JsonValue a, JsonValue b) {
    require(a.type() == b.type() && a.size() == b.size(), "written anew: the same shape");
    require(!a.is_string() || b.equals(a.text().decode()), "written anew: the same string");
    require(!a.is_number() || (a.raw() == b.raw() && a.as_int64() == b.as_int64()), "written anew: the same number");
    auto other_element = b.elements().begin();
    for (JsonValue element : a.elements()) {
        require_same(element, *other_element);
        ++other_element;
    }
    auto other_member = b.members().begin();
    for (JsonValue::Member member : a.members()) {
        std::string key = member.key.decode();
        require((*other_member).key == key, "written anew: the same name");
        require(bool(a.find(key)), "a member is found by its name");
        require_same(member.value, (*other_member).value);
        ++other_member;
    }
}

// simdjson refuses numbers that fit no machine type; nothing else may differ (we stop at depth 200, it at 1024).
inline void require_same_verdict(std::string_view text, const Result<void, JsonError> &ours) {
    simdjson::dom::parser parser;
    auto theirs = parser.parse(text.data(), text.size(), true).error();
    if (ours) {
        require(!theirs || theirs == simdjson::NUMBER_ERROR, "what we take, simdjson takes");
    } else if (ours.error().fault != JsonFault::Depth) {
        require(theirs != simdjson::SUCCESS, "what simdjson takes, we take");
    }
}

inline void check_json(std::string_view bytes) {
    auto exact = std::make_unique<char[]>(bytes.size());
    if (!bytes.empty()) {
        std::memcpy(exact.get(), bytes.data(), bytes.size());
    }
    std::string_view text(exact.get(), bytes.size());
    JsonParser parser;
    JsonDoc doc, strict_doc, again_doc;
    auto result = parser.parse(text, doc);
    auto strict = parser.parse(text, strict_doc, {200, true});
    require_same_verdict(text, result);
    require(!strict || result, "a text without duplicates is a text");
    if (!result) {
        require(!doc.root(), "no document after a fault");
        require(result.error().offset <= text.size(), "the fault lies in the text");
        return;
    }
    require(strict || strict.error().fault == JsonFault::DuplicateMember, "only duplicates are refused on top");
    std::string again;
    JsonWriter writer(again);
    write_again(writer, doc.root());
    require(bool(parser.parse(again, again_doc)), "written anew it is valid");
    require_same(doc.root(), again_doc.root());
}

}  // namespace aigw::fuzz
