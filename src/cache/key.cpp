#include "cache/key.h"

#include <algorithm>
#include <string>
#include <vector>

namespace aigw::cache {

namespace {

constexpr std::string_view kVersion = "aigw.cache.1";

// A type, a length, the bytes: no two sequences of these have the same bytes.
void put(std::string &out, char type, std::string_view bytes) {
    auto size = static_cast<uint64_t>(bytes.size());
    out += type;
    out.append(reinterpret_cast<const char *>(&size), sizeof size);
    out += bytes;
}

// As it reads, however it was escaped.
void put_text(std::string &out, char type, JsonText text) {
    bool plain = text.escaped.find('\\') == std::string_view::npos;
    put(out, type, plain ? text.escaped : std::string_view(text.decode()));
}

bool shapes_no_answer(const std::string &name) {
    return name == "stream" || name == "stream_options" || name == "user" || name == "metadata";
}

bool put_value(std::string &out, JsonValue value, bool top);

bool put_object(std::string &out, JsonValue object, bool top) {
    std::vector<std::pair<std::string, JsonValue>> members;
    members.reserve(object.size());
    for (JsonValue::Member member : object.members()) {
        std::string name;
        put_text(name, 'k', member.key);
        if (!top || !shapes_no_answer(member.key.decode())) {
            members.emplace_back(std::move(name), member.value);
        }
    }
    std::sort(members.begin(), members.end(), [](const auto &a, const auto &b) { return a.first < b.first; });
    out += '{';
    for (size_t i = 0; i < members.size(); i++) {
        if (i > 0 && members[i].first == members[i - 1].first) {
            return false;
        }
        out += members[i].first;
        if (!put_value(out, members[i].second, false)) {
            return false;
        }
    }
    out += '}';
    return true;
}

// Recurses as deep as the parser let the text nest.
bool put_value(std::string &out, JsonValue value, bool top) {
    switch (value.type()) {
    case JsonType::Object:
        return put_object(out, value, top);
    case JsonType::Array:
        out += '[';
        for (JsonValue element : value.elements()) {
            if (!put_value(out, element, false)) {
                return false;
            }
        }
        out += ']';
        return true;
    case JsonType::String:
        put_text(out, 's', value.text());
        return true;
    default:
        put(out, 'v', value.raw());
        return true;
    }
}

}  // namespace

std::optional<Key> request_key(const Scope &scope, JsonValue body) {
    if (!body.is_object()) {
        return std::nullopt;
    }
    std::string canonical;
    canonical.reserve(body.raw().size() + body.raw().size() / 4 + 256);
    for (std::string_view part : {kVersion, scope.owner, scope.api, scope.model, scope.policy}) {
        put(canonical, 'p', part);
    }
    if (!put_value(canonical, body, true)) {
        return std::nullopt;
    }
    return sha256(canonical);
}

}  // namespace aigw::cache
