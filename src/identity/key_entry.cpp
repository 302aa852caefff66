#include "identity/key_entry.h"

#include <algorithm>
#include <optional>

#include "identity/rfc3339.h"

namespace aigw::identity {

namespace {

using Check = Result<void, std::string>;

bool is_one_of(char c, std::string_view others) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || others.find(c) != std::string_view::npos;
}

bool is_plain(char c) {
    return is_one_of(c, "._@:+-") || (c >= 'A' && c <= 'Z');
}

std::string_view text_of(const json_t *value) {
    return {json_string_value(value), json_string_length(value)};
}

Unexpected<std::string> wrong(std::string_view member, std::string_view what) {
    return {std::string(member) + " " + std::string(what)};
}

Check read_value(std::string_view member, const json_t *value, std::string &out) {
    if (!json_is_string(value)) {
        return wrong(member, "is not a string");
    }
    std::string_view text = text_of(value);
    if (text.empty() || text.size() > kMaxValueBytes) {
        return wrong(member, "is empty or longer than 128 bytes");
    }
    out = encode_value(text);
    return {};
}

Check read_digest(const json_t *value, KeyEntry &entry) {
    std::optional<Sha256> digest;
    if (json_is_string(value)) {
        digest = sha256_from_hex(text_of(value));
    }
    if (!digest) {
        return wrong("sha256", "is not a string of 64 hex digits, nor an array of them");
    }
    entry.digests.push_back(*digest);
    return {};
}

Check read_digests(const json_t *value, KeyEntry &entry) {
    if (!json_is_array(value)) {
        return read_digest(value, entry);
    }
    size_t count = json_array_size(value);
    if (count == 0 || count > kMaxDigests) {
        return wrong("sha256", "is an array of none or of more than 16");
    }
    for (size_t i = 0; i < count; i++) {
        if (Check read = read_digest(json_array_get(value, i), entry); !read) {
            return read;
        }
    }
    return {};
}

Check read_models(const json_t *value, std::vector<std::string> &out) {
    if (!json_is_array(value) || json_array_size(value) > kMaxModels) {
        return wrong("models", "is not an array of at most 256 names");
    }
    if (json_array_size(value) == 0) {
        return wrong("models", "is empty: leave it out to allow every model, or set disabled");
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *name = json_array_get(value, i);
        std::string_view text = json_is_string(name) ? text_of(name) : std::string_view();
        if (text.empty() || text.size() > kMaxModelBytes) {
            return wrong("models", "holds something that is no name of 1 to 256 bytes");
        }
        if (text.find('*') < text.size() - 1) {
            return wrong("models", "holds a pattern with * elsewhere than at its end");
        }
        out.emplace_back(text);
    }
    return {};
}

Check read_tags(const json_t *value, std::vector<std::pair<std::string, std::string>> &out) {
    if (!json_is_object(value) || json_object_size(value) > kMaxTags) {
        return wrong("tags", "is not an object of at most 64 members");
    }
    const char *name;
    json_t *tag;
    json_object_foreach(const_cast<json_t *>(value), name, tag) {
        std::string_view text = name;
        bool named = !text.empty() && text.size() <= kMaxTagNameBytes
                     && std::all_of(text.begin(), text.end(), [](char c) { return is_one_of(c, "_"); });
        if (!named) {
            return wrong("tags", "has a name that is not 1 to 64 of [a-z0-9_]");
        }
        std::string encoded;
        if (Check read = read_value("tags." + std::string(text), tag, encoded); !read) {
            return read;
        }
        out.emplace_back(text, std::move(encoded));
    }
    return {};
}

Check read_rates(std::string_view member, const json_t *value, std::vector<Rate> &out) {
    if (!json_is_array(value) || json_array_size(value) == 0 || json_array_size(value) > kMaxRates) {
        return wrong(member, "is not an array of 1 to 4 limits as 500/h");
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *text = json_array_get(value, i);
        auto rate = parse_rate(json_is_string(text) ? text_of(text) : std::string_view());
        if (!rate) {
            return wrong(member, "holds something that is no limit as 500/h");
        }
        out.push_back(*rate);
    }
    return {};
}

Check read_expires(const json_t *value, KeyEntry &entry) {
    std::optional<UnixSeconds> time;
    if (json_is_string(value)) {
        time = parse_rfc3339(text_of(value));
    }
    if (!time) {
        return wrong("expires", "is not a time as 2027-01-01T00:00:00Z");
    }
    entry.expires = *time;
    return {};
}

Check read_disabled(const json_t *value, KeyEntry &entry) {
    if (!json_is_boolean(value)) {
        return wrong("disabled", "is not true or false");
    }
    entry.disabled = json_is_true(value);
    return {};
}

// The name is shown if it can't be a key that stands in a wrong place.
Check unknown_member(std::string_view name) {
    bool shown = name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) { return is_one_of(c, "_"); });
    return Unexpected<std::string>{shown ? "unknown member \"" + std::string(name) + "\"" : "unknown member"};
}

Check read_member(std::string_view name, const json_t *value, KeyEntry &entry) {
    struct Plain {
        std::string_view name;
        std::string Identity::*at;
    };
    static constexpr Plain kPlain[] = {{"id", &Identity::key_id},
                                       {"team", &Identity::team},
                                       {"user", &Identity::user},
                                       {"project", &Identity::project},
                                       {"env", &Identity::env}};
    for (const Plain &plain : kPlain) {
        if (name == plain.name) {
            return read_value(name, value, entry.identity.*plain.at);
        }
    }
    if (name == "sha256") {
        return read_digests(value, entry);
    }
    if (name == "models") {
        return read_models(value, entry.identity.models);
    }
    if (name == "tags") {
        return read_tags(value, entry.identity.tags);
    }
    if (name == "tokens") {
        return read_rates(name, value, entry.identity.tokens);
    }
    if (name == "requests") {
        return read_rates(name, value, entry.identity.requests);
    }
    if (name == "expires") {
        return read_expires(value, entry);
    }
    return name == "disabled" ? read_disabled(value, entry) : unknown_member(name);
}

}  // namespace

std::string encode_value(std::string_view value) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    for (char c : value) {
        if (is_plain(c)) {
            out += c;
        } else {
            auto byte = static_cast<unsigned char>(c);
            out += {'%', kHex[byte >> 4], kHex[byte & 15]};
        }
    }
    return out;
}

Result<KeyEntry, std::string> read_key(const json_t *object) {
    if (!json_is_object(object)) {
        return Unexpected<std::string>{"not an object"};
    }
    KeyEntry entry;
    const char *name;
    json_t *value;
    json_object_foreach(const_cast<json_t *>(object), name, value) {
        if (Check read = read_member(name, value, entry); !read) {
            return Unexpected<std::string>{std::move(read.error())};
        }
    }
    if (entry.identity.key_id.empty()) {
        return wrong("id", "is missing");
    }
    if (entry.digests.empty()) {
        return wrong("sha256", "is missing");
    }
    return entry;
}

}  // namespace aigw::identity
