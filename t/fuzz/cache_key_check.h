// Keys of requests: the same body written in another order has the same key, one with another value has not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cache/key.h"
#include "core/json_writer.h"
#include "require.h"

namespace aigw::fuzz {

inline void write_turned(JsonWriter &out, JsonValue value) {
    if (value.is_object()) {
        std::vector<JsonValue::Member> members;
        for (JsonValue::Member member : value.members()) {
            members.insert(members.begin(), member);
        }
        out.begin_object();
        for (const JsonValue::Member &member : members) {
            out.key(member.key.decode());
            write_turned(out, member.value);
        }
        out.end_object();
    } else if (value.is_array()) {
        out.begin_array();
        for (JsonValue element : value.elements()) {
            write_turned(out, element);
        }
        out.end_array();
    } else if (value.is_string()) {
        out.string(value.text().decode());
    } else {
        out.raw(value.raw());
    }
}

inline void check_cache_key(std::string_view text) {
    JsonParser parser;
    JsonDoc doc, strict, turned;
    if (text.size() > 20'000 || !parser.parse(text, doc)) {
        return;
    }
    auto key = cache::request_key({"o", "a", "m", "p"}, doc.root());
    bool whole = doc.root().is_object() && bool(parser.parse(text, strict, {200, true}));
    require(key.has_value() || !whole, "an object without duplicates has a key");
    if (!key) {
        return;
    }
    std::string again = "{\"stream\":true,\"x\":";
    JsonWriter writer(again);
    write_turned(writer, doc.root());
    std::string other = again + "}";
    require(bool(parser.parse(std::string_view(again).substr(19), turned)), "written anew it is valid");
    require(cache::request_key({"o", "a", "m", "p"}, turned.root()) == key, "order does not count");
    require(bool(parser.parse(other, turned)), "wrapped it is valid");
    require(cache::request_key({"o", "a", "m", "p"}, turned.root()) != key, "where it stands does");
}

}  // namespace aigw::fuzz
