// Splice: edits of the text give what the same edits of a parsed object give. Input: pairs of bytes (operation, operand)
// up to the first 0xFF, then the JSON text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/json_splice.h"
#include "core/json_writer.h"
#include "require.h"

namespace aigw::fuzz {

// An object as a list, edited the slow way.
class ObjectModel {
public:
    explicit ObjectModel(JsonValue object) {
        for (JsonValue::Member member : object.members()) {
            members_.push_back({member.key.decode(), std::string(member.value.raw()), false, false});
        }
        original_ = members_.size();
    }
    void set(const std::string &key, const std::string &json) {
        bool done = false;
        for (size_t i = members_.size(); i-- > 0;) {
            if (members_[i].key == key && (i < original_ || !members_[i].gone)) {
                members_[i].gone = done;
                if (!done) {
                    members_[i].json = json;
                    members_[i].replaced = true;
                }
                done = true;
            }
        }
        if (!done) {
            members_.push_back({key, json, false, true});
        }
    }
    void remove(const std::string &key) {
        for (Member &member : members_) {
            member.gone = member.gone || member.key == key;
        }
    }
    void replace(size_t index, const std::string &json) {
        members_[index].json = json;
        members_[index].replaced = true;
    }
    void settle_inner(size_t index, const ObjectModel &inner) {
        if (!members_[index].replaced) {
            members_[index].json = inner.write();
        }
    }
    std::string write() const {
        std::string out;
        JsonWriter json(out);
        json.begin_object();
        for (const Member &member : members_) {
            if (!member.gone) {
                json.key(member.key).raw(member.json);
            }
        }
        json.end_object();
        return out;
    }

private:
    struct Member {
        std::string key, json;
        bool gone, replaced;
    };
    std::vector<Member> members_;
    size_t original_;
};

// Spelled one way: no spaces between tokens, escapes as the writer makes them.
inline void spell(JsonWriter &out, JsonValue value) {
    if (value.is_object()) {
        out.begin_object();
        for (JsonValue::Member member : value.members()) {
            spell(out.key(member.key.decode()), member.value);
        }
        out.end_object();
    } else if (value.is_array()) {
        out.begin_array();
        for (JsonValue element : value.elements()) {
            spell(out, element);
        }
        out.end_array();
    } else if (value.is_string()) {
        out.string(value.text().decode());
    } else {
        out.raw(value.raw());
    }
}

inline std::string spelled(const std::string &text) {
    JsonParser parser;
    JsonDoc doc;
    require(bool(parser.parse(text, doc, {400, false})), "a splice leaves valid JSON");
    std::string out;
    JsonWriter json(out);
    spell(json, doc.root());
    return out;
}

class SpliceRun {
public:
    SpliceRun(std::string_view text, JsonValue root) : text_(text), root_(root), splice_(text), model_(root) {
        for (JsonValue::Member member : root.members()) {
            if (member.value.is_object() && !inner_) {
                inner_ = ObjectModel(member.value);
                inner_value_ = member.value;
                inner_index_ = members_.size();
            }
            members_.push_back(member);
        }
    }

    void edit(unsigned char operation, unsigned char operand) {
        static const std::string kValues[] = {"1", "\"\\n\"", "{}", "[null,{\"a\":1}]"};
        const std::string &json = kValues[operation >> 4 & 3];
        JsonValue object = operation & 1 && inner_ ? inner_value_ : root_;
        ObjectModel &model = operation & 1 && inner_ ? *inner_ : model_;
        std::string key = key_of(object, operand);
        switch (operation >> 1 & 3) {
            case 0: splice_.remove(object, key); model.remove(key); break;
            case 1:
            case 2: splice_.set(object, key, json); model.set(key, json); break;
            default:
                if (!members_.empty()) {
                    size_t index = operand % members_.size();
                    splice_.replace(members_[index].value, json);
                    model_.replace(index, json);
                }
        }
    }

    void compare() {
        if (inner_) {
            model_.settle_inner(inner_index_, *inner_);
        }
        std::string out;
        splice_.append_to(out);
        require(spelled(out) == spelled(model_.write()), "the splice does what the edits say");
        require(!splice_.empty() || out == text_, "no edit, no change");
        require(out.substr(0, root_.begin() + 1) == text_.substr(0, root_.begin() + 1), "what stands before stays");
        std::string_view tail = text_.substr(root_.end() - 1);
        require(out.size() >= tail.size() && out.substr(out.size() - tail.size()) == tail, "what stands behind stays");
    }

private:
    // A name that is there, or one of a few that may not be.
    static std::string key_of(JsonValue object, unsigned char operand) {
        size_t index = operand % (object.size() + 3);
        for (JsonValue::Member member : object.members()) {
            if (index-- == 0) {
                return member.key.decode();
            }
        }
        return "new\"" + std::to_string(index);
    }

    std::string_view text_;
    JsonValue root_, inner_value_;
    JsonSplice splice_;
    ObjectModel model_;
    std::optional<ObjectModel> inner_;
    size_t inner_index_ = 0;
    std::vector<JsonValue::Member> members_;
};

inline void check_json_splice(std::string_view bytes) {
    size_t end = bytes.find('\xFF');
    if (end == std::string_view::npos) {
        return;
    }
    std::string_view edits = bytes.substr(0, end), text = bytes.substr(end + 1);
    JsonParser parser;
    JsonDoc doc;
    if (!parser.parse(text, doc) || !doc.root().is_object()) {
        return;
    }
    SpliceRun run(text, doc.root());
    run.compare();
    for (size_t i = 0; i + 1 < edits.size() && i < 64; i += 2) {
        run.edit(static_cast<unsigned char>(edits[i]), static_cast<unsigned char>(edits[i + 1]));
        run.compare();
    }
}

}  // namespace aigw::fuzz
