// Appends JSON to a string, commas and escapes included. Balanced begin/end calls are the caller's duty.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/json.h"

namespace aigw {

// Appends `plain` (UTF-8; invalid bytes become U+FFFD) escaped, without quotes. Escapes only what JSON demands.
void append_json_escaped(std::string &out, std::string_view plain);

class JsonWriter {
public:
    explicit JsonWriter(std::string &out) : out_(out) {}

    JsonWriter &begin_object();
    JsonWriter &end_object();
    JsonWriter &begin_array();
    JsonWriter &end_array();
    JsonWriter &key(std::string_view plain);

    JsonWriter &string(std::string_view plain);
    JsonWriter &text(JsonText escaped);  // a string that is already escaped
    JsonWriter &raw(std::string_view json);
    JsonWriter &number(int64_t value);
    JsonWriter &boolean(bool value);
    JsonWriter &null();

    // A string in pieces: begin_string, any of the appends, end_string.
    JsonWriter &begin_string();
    JsonWriter &append(std::string_view plain);
    JsonWriter &append(JsonText escaped);
    JsonWriter &end_string();

private:
    void before_value();

    std::string &out_;
    bool comma_ = false;  // the next value or key needs one
};

}  // namespace aigw
