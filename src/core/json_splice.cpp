// Commas are settled when the pieces are asked for: which one goes with a member depends on who else goes or comes.
#include "core/json_splice.h"

#include <algorithm>

#include "core/json_writer.h"

namespace aigw {

void JsonSplice::replace(JsonValue value, std::string json) {
    if (value) {
        edits_.push_back({value.begin(), value.end(), std::move(json)});
    }
}

void JsonSplice::set(JsonValue object, std::string_view plain_key, std::string json) {
    if (!object.is_object()) {
        return;
    }
    JsonValue last = object.find(plain_key);
    if (!last) {
        add(object_of(object), plain_key, json);
        return;
    }
    size_t index = 0;
    for (JsonValue::Member member : object.members()) {
        bool is_last = member.value.begin() == last.begin();
        if (is_last && objects_.count(object.begin())) {
            object_of(object).members[index].removed = false;
        } else if (!is_last && member.key == plain_key) {
            object_of(object).members[index].removed = true;
        }
        ++index;
    }
    replace(last, std::move(json));
}

void JsonSplice::add(Object &object, std::string_view plain_key, const std::string &json) {
    Addition addition{std::string(plain_key), {}};
    JsonWriter(addition.with).string(plain_key);
    addition.with.append(":").append(json);
    for (Addition &known : object.additions) {
        if (known.key == plain_key) {
            known = std::move(addition);
            return;
        }
    }
    object.additions.push_back(std::move(addition));
}

void JsonSplice::remove(JsonValue object, std::string_view plain_key) {
    if (!object.is_object()) {
        return;
    }
    size_t index = 0;
    for (JsonValue::Member member : object.members()) {
        if (member.key == plain_key) {
            object_of(object).members[index].removed = true;
        }
        ++index;
    }
    auto known = objects_.find(object.begin());
    if (known != objects_.end()) {
        std::erase_if(known->second.additions, [&](const Addition &addition) { return addition.key == plain_key; });
    }
}

JsonSplice::Object &JsonSplice::object_of(JsonValue object) {
    auto [place, fresh] = objects_.try_emplace(object.begin());
    if (fresh) {
        for (JsonValue::Member member : object.members()) {
            place->second.members.push_back({member.key_begin, member.value.end()});
        }
    }
    return place->second;
}

// A member goes with the comma before it if one before it stays, else with the comma after it.
void JsonSplice::cut_object(size_t begin, const Object &object, std::vector<Cut> &cuts) {
    const std::vector<Member> &members = object.members;
    bool survivor = false;
    for (size_t i = 0; i < members.size(); ++i) {
        if (!members[i].removed) {
            survivor = true;
        } else if (survivor) {
            cuts.push_back({members[i - 1].end, members[i].end, {}});
        } else {
            size_t end = i + 1 < members.size() ? members[i + 1].key_begin : members[i].end;
            cuts.push_back({members[i].key_begin, end, {}});
        }
    }
    size_t at = members.empty() ? begin + 1 : members.back().end;
    for (const Addition &addition : object.additions) {
        if (survivor) {
            cuts.push_back({at, at, ","});
        }
        cuts.push_back({at, at, addition.with});
        survivor = true;
    }
}

std::vector<std::string_view> JsonSplice::pieces() const {
    std::vector<Cut> cuts;
    cuts.reserve(edits_.size());
    for (auto edit = edits_.rbegin(); edit != edits_.rend(); ++edit) {  // the later one of two comes first
        cuts.push_back({edit->begin, edit->end, edit->with});
    }
    for (const auto &[begin, object] : objects_) {
        cut_object(begin, object, cuts);
    }
    std::stable_sort(cuts.begin(), cuts.end(), [](const Cut &a, const Cut &b) { return a.begin < b.begin; });

    std::vector<std::string_view> out;
    size_t at = 0;
    auto put = [&](std::string_view piece) {
        if (!piece.empty()) {
            out.push_back(piece);
        }
    };
    for (const Cut &cut : cuts) {
        if (cut.begin < at) {
            continue;
        }
        put(text_.substr(at, cut.begin - at));
        put(cut.with);
        at = cut.end;
    }
    put(text_.substr(at));
    return out;
}

void JsonSplice::append_to(std::string &out) const {
    for (std::string_view piece : pieces()) {
        out += piece;
    }
}

}  // namespace aigw
