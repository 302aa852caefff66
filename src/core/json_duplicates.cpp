// Few plain names are compared each with each; more are sorted, not hashed: no choice of names makes that slow.
#include "core/json_duplicates.h"

#include <algorithm>
#include <memory>

namespace aigw {

namespace {

constexpr size_t kPairwiseMembers = 16;

struct Name {
    std::string_view text;
    uint32_t begin;
};

std::string_view inside(std::string_view text, const JsonNode &key) {
    return text.substr(key.begin + 1, key.end - key.begin - 2);
}

template <class Visit>
void each_key(const std::vector<JsonNode> &nodes, uint32_t object, Visit visit) {
    for (uint32_t key = object + 1; key < nodes[object].next; key = nodes[key + 1].next) {
        visit(nodes[key]);
    }
}

// The first in the text that repeats an earlier one, or nullptr.
const Name *repeated_pairwise(const Name *names, size_t count) {
    for (size_t i = 1; i < count; ++i) {
        for (size_t k = 0; k < i; ++k) {
            if (names[k].text == names[i].text) {
                return &names[i];
            }
        }
    }
    return nullptr;
}

const Name *repeated_sorted(std::vector<Name> &names) {
    std::sort(names.begin(), names.end(), [](const Name &a, const Name &b) {
        int order = a.text.compare(b.text);
        return order != 0 ? order < 0 : a.begin < b.begin;
    });
    const Name *first = nullptr;
    for (size_t i = 1; i < names.size(); ++i) {
        if (names[i].text == names[i - 1].text && (!first || names[i].begin < first->begin)) {
            first = &names[i];
        }
    }
    return first;
}

bool report(const Name *repeated, JsonError &error) {
    if (repeated) {
        error = {JsonFault::DuplicateMember, repeated->begin, std::string(repeated->text)};
    }
    return !repeated;
}

}  // namespace

bool distinct_members(std::string_view text, const std::vector<JsonNode> &nodes, uint32_t object, JsonError &error) {
    Name few[kPairwiseMembers];
    size_t count = 0;
    bool escaped = false;
    each_key(nodes, object, [&](const JsonNode &key) {
        if (count < kPairwiseMembers) {
            few[count] = {inside(text, key), key.begin};
        }
        escaped = escaped || key.escaped;
        ++count;
    });
    if (!escaped && count <= kPairwiseMembers) {
        return report(repeated_pairwise(few, count), error);
    }
    std::vector<Name> names;
    std::vector<std::unique_ptr<std::string>> decoded;
    names.reserve(count);
    each_key(nodes, object, [&](const JsonNode &key) {
        names.push_back({inside(text, key), key.begin});
        if (key.escaped) {
            decoded.push_back(std::make_unique<std::string>(JsonText{names.back().text}.decode()));
            names.back().text = *decoded.back();
        }
    });
    return report(repeated_sorted(names), error);
}

}  // namespace aigw
