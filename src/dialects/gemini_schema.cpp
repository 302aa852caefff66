#include "dialects/gemini_schema.h"

#include <array>

#include "core/json_writer.h"
#include "dialects/gemini_fields.h"

namespace aigw::dialects::google {

namespace {

// Keywords whose members are schemas by name, and those whose elements are.
bool holds_named(JsonText key) { return key == "properties" || key == "$defs" || key == "definitions" || key == "patternProperties"; }
bool holds_list(JsonText key) { return key == "anyOf" || key == "oneOf" || key == "allOf" || key == "prefixItems"; }
bool holds_one(JsonText key) { return key == "items" || key == "additionalProperties" || key == "not"; }

// The depth of both is bounded by the parser's.
class ForGoogle {
public:
    ForGoogle(std::string &out, JsonValue root) : json_(out), renames_(!root["$defs"]) {}

    void schema(JsonValue value, bool object = false) {
        if (!value.is_object()) {
            json_.raw(value.raw());
            return;
        }
        JsonValue ref = value["$ref"];
        bool alone = true;
        for (const auto &[key, item, at] : value.members()) alone = alone && key.escaped.starts_with("$");
        json_.begin_object();
        if (object && !value["type"] && !ref) json_.key("type").string("object");
        for (const auto &[key, item, at] : value.members()) {
            if (key == "$ref" && !alone && !value["anyOf"] && !value["allOf"]) {
                json_.key("anyOf").begin_array().begin_object();
                member(key, item, value);
                json_.end_object().end_array();
            } else {
                member(key, item, value);
            }
        }
        json_.end_object();
    }

private:
    void member(JsonText key, JsonValue item, JsonValue of) {
        if (key == "const" && !of["enum"] && (item.is_string() || item.is_number())) {
            json_.key("enum").begin_array().raw(item.raw()).end_array();
        } else if (key == "$ref" && item.is_string()) {
            static constexpr std::string_view kOld = "#/definitions/";
            std::string target = item.text().decode();
            if (renames_ && target.starts_with(kOld)) target = "#/$defs/" + target.substr(kOld.size());
            json_.key("$ref").string(target);
        } else if (holds_named(key) && item.is_object()) {
            json_.key(key == "definitions" && renames_ ? "$defs" : key.decode()).begin_object();
            for (const auto &[name, inner, at] : item.members()) {
                json_.key(name.decode());
                schema(inner);
            }
            json_.end_object();
        } else if (holds_list(key) && item.is_array()) {
            bool only = key == "allOf" && item.size() == 1 && !of["anyOf"];
            json_.key(only ? "anyOf" : key.decode()).begin_array();
            for (JsonValue inner : item.elements()) schema(inner);
            json_.end_array();
        } else {
            json_.key(key.decode());
            holds_one(key) ? schema(item) : plain(item);
        }
    }

    void plain(JsonValue value) { json_.raw(value.raw()); }

    JsonWriter json_;
    const bool renames_;  // definitions to $defs
};

// By number, as enums may come.
constexpr std::array<std::string_view, 8> kTypes{"", "string", "number", "integer", "boolean", "array", "object", "null"};

std::string type_name(JsonValue type) {
    if (type.is_number()) {
        std::optional<int64_t> n = type.as_int64();
        return n && *n > 0 && *n < static_cast<int64_t>(kTypes.size()) ? std::string(kTypes[static_cast<size_t>(*n)]) : std::string();
    }
    std::string name = type.text().decode();
    for (char &c : name) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return name == "type_unspecified" ? std::string() : name;
}

class FromGoogle {
public:
    explicit FromGoogle(std::string &out) : json_(out) {}

    void schema(JsonValue value) {
        if (!value.is_object()) {
            json_.raw(value.raw());
            return;
        }
        json_.begin_object();
        bool nullable = field(value, "nullable").is_true();
        for (const auto &[key, item, at] : value.members()) {
            if (!item.is_null()) member(camel_case(key), item, nullable);
        }
        json_.end_object();
    }

private:
    void member(const std::string &name, JsonValue item, bool nullable) {
        if (name == "type") {
            type(type_name(item), nullable);
        } else if (name == "properties" || name == "defs") {
            json_.key(name == "defs" ? "$defs" : name).begin_object();
            for (const auto &[key, inner, at] : item.members()) {
                json_.key(key.decode());
                schema(inner);
            }
            json_.end_object();
        } else if (name == "items" || name == "additionalProperties") {
            json_.key(name);
            schema(item);
        } else if ((name == "anyOf" || name == "prefixItems" || name == "oneOf" || name == "allOf") && item.is_array()) {
            json_.key(name).begin_array();
            for (JsonValue inner : item.elements()) schema(inner);
            json_.end_array();
        } else if (name == "ref") {
            json_.key("$ref").raw(item.raw());
        } else if (name == "enum" && nullable && item.is_array()) {
            json_.key(name).begin_array();
            for (JsonValue one : item.elements()) json_.raw(one.raw());
            json_.null().end_array();
        } else if (name == "example") {
            json_.key("examples").begin_array().raw(item.raw()).end_array();
        } else if (std::optional<int64_t> count = is_count(name) ? integer(item) : std::nullopt) {
            json_.key(name).number(*count);
        } else if (!(name == "nullable" || name == "propertyOrdering" || (name == "format" && item.equals("enum")))) {
            json_.key(name).raw(item.raw());
        }
    }

    void type(const std::string &name, bool nullable) {
        if (name.empty()) return;
        json_.key("type");
        if (nullable && name != "null") {
            json_.begin_array().string(name).string("null").end_array();
        } else {
            json_.string(name);
        }
    }

    static bool is_count(std::string_view name) {
        return name == "minItems" || name == "maxItems" || name == "minLength" || name == "maxLength" ||
               name == "minProperties" || name == "maxProperties";
    }

    JsonWriter json_;
};

}  // namespace

bool has_parameters(std::string_view raw) {
    JsonParser parser;
    JsonDoc doc;
    return !raw.empty() && parser.parse(raw, doc) && doc.root().is_object() && doc.root().size() > 0;
}

std::string google_schema(std::string_view raw, bool object) {
    JsonParser parser;
    JsonDoc doc;
    std::string out;
    if (raw.empty() || !parser.parse(raw, doc)) return "{}";
    ForGoogle(out, doc.root()).schema(doc.root(), object);
    return out;
}

std::string json_schema_of(JsonValue schema) {
    std::string out;
    FromGoogle(out).schema(schema);
    return out;
}

}  // namespace aigw::dialects::google
