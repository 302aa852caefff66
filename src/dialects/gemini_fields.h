// Members of Google's JSON, which may be written in camelCase or in snake_case, and what a request's reader does with
// them: each is taken by name, and what nobody took is kept with its path.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/error.h"
#include "chat/message.h"
#include "core/json.h"

namespace aigw::dialects::google {

// A key as Google's documents write it: top_p and _topP are topP.
std::string camel_case(JsonText key);
// Absent if it is null or not there. Of two spellings camelCase wins.
JsonValue field(JsonValue object, std::string_view camel);
// Whole numbers may come as strings.
std::optional<int64_t> integer(JsonValue value);

// Where a list may stand, one element may stand for itself. Calls fn(element, index) until it returns false.
template <class Fn>
bool each(JsonValue value, Fn fn) {
    if (!value.is_array()) return !value || fn(value, 0);
    int32_t i = 0;
    for (JsonValue element : value.elements()) {
        if (!fn(element, i++)) return false;
    }
    return true;
}

// A request being read. Functions that return bool return false once `error` is set.
struct Reading {
    chat::ChatRequest out;
    std::optional<chat::ApiError> error;

    bool wrong(const std::string &path, std::string_view expected);
    bool missing(const std::string &path);
    void extra(std::string path, JsonValue value, bool hint, std::string_view meaning = {});
    JsonText make(std::string escaped);  // a text that lives as long as the request
};

// The members of one object.
class Fields {
public:
    Fields(JsonValue object, std::string path, Reading &reading) : object_(object), path_(std::move(path)), reading_(reading) {}

    // Absent, or neither null nor, if `want` says so, of another type (which is an error).
    JsonValue take(std::string_view camel);
    bool take_string(std::string_view camel, JsonText &to);
    bool take_object(std::string_view camel, JsonValue &to);
    // An error of a take, or two spellings of one member. Else what was not taken becomes an extra; hints are those that
    // an answer does not depend on. False, null and empty say nothing.
    bool rest(std::initializer_list<std::string_view> hints = {});
    std::string path(std::string_view member) const;

private:
    JsonValue object_;
    std::string path_;
    Reading &reading_;
    std::vector<std::string_view> taken_;
};

}  // namespace aigw::dialects::google
