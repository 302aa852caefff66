#include "dialects/gemini_fields.h"

#include <algorithm>

namespace aigw::dialects::google {

namespace {

std::string snake_case(std::string_view camel) {
    std::string out;
    for (char c : camel) {
        bool upper = c >= 'A' && c <= 'Z';
        if (upper) out += '_';
        out += upper ? static_cast<char>(c + 32) : c;
    }
    return out;
}

bool says_nothing(JsonValue value) {
    return value.is_null() || value.is_false() || ((value.is_array() || value.is_object()) && value.size() == 0) ||
           (value.is_string() && value.text().empty());
}

}  // namespace

std::string camel_case(JsonText key) {
    std::string out;
    bool upper = false;
    for (char c : key.decode()) {
        if (c == '_') {
            upper = !out.empty();
            continue;
        }
        out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
        upper = false;
    }
    return out;
}

JsonValue field(JsonValue object, std::string_view camel) {
    JsonValue value = object[camel];
    if (!value || value.is_null()) {
        std::string snake = snake_case(camel);
        if (snake != camel) value = object[snake];
    }
    return value.is_null() ? JsonValue() : value;
}

std::optional<int64_t> integer(JsonValue value) {
    if (!value) return std::nullopt;
    if (value.is_number()) return value.as_int64();
    std::string text = value.text().decode();
    bool digits = !text.empty() && text.size() <= 18 &&
                  std::all_of(text.begin() + (text[0] == '-'), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || text == "-") return std::nullopt;
    return std::stoll(text);
}

bool Reading::wrong(const std::string &path, std::string_view expected) {
    if (!error) error = chat::invalid_request("invalid_value", "'" + path + "' must be " + std::string(expected) + ".", path);
    return false;
}

bool Reading::missing(const std::string &path) {
    if (!error) error = chat::invalid_request("missing_field", "'" + path + "' is required.", path);
    return false;
}

void Reading::extra(std::string path, JsonValue value, bool hint, std::string_view meaning) {
    out.extras.push_back({std::move(path), value.raw(), hint, meaning});
}

JsonText Reading::make(std::string escaped) {
    out.made.push_back(std::make_shared<const std::string>(std::move(escaped)));
    return JsonText{*out.made.back()};
}

std::string Fields::path(std::string_view member) const {
    return path_.empty() ? std::string(member) : path_ + "." + std::string(member);
}

JsonValue Fields::take(std::string_view camel) {
    taken_.push_back(camel);
    return field(object_, camel);
}

bool Fields::take_string(std::string_view camel, JsonText &to) {
    JsonValue value = take(camel);
    if (!value) return true;
    if (!value.is_string()) return reading_.wrong(path(camel), "a string");
    to = value.text();
    return true;
}

bool Fields::take_object(std::string_view camel, JsonValue &to) {
    to = take(camel);
    return !to || to.is_object() || reading_.wrong(path(camel), "an object");
}

bool Fields::rest(std::initializer_list<std::string_view> hints) {
    if (reading_.error) return false;
    std::vector<std::string> seen;
    for (const auto &[key, value, at] : object_.members()) {
        if (value.is_null()) continue;
        std::string name = camel_case(key);
        if (std::find(seen.begin(), seen.end(), name) != seen.end()) return reading_.wrong(path(name), "given once");
        seen.push_back(name);
        if (says_nothing(value) || std::find(taken_.begin(), taken_.end(), name) != taken_.end()) continue;
        reading_.extra(path(key.decode()), value, std::find(hints.begin(), hints.end(), name) != hints.end());
    }
    return true;
}

}  // namespace aigw::dialects::google
