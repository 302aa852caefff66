// JSON schemas in the form Anthropic insists on: a tool's input is an object, and an output schema says of every object
// that it has no other members. Everything else stays byte for byte.
#pragma once

#include <string>
#include <string_view>

#include "core/json.h"
#include "core/json_splice.h"

namespace aigw::dialects::anthropic {

class SchemaWriter {
public:
    // Both return a view of `raw` itself or of this object's memory, valid until the next call.
    std::string_view input_schema(std::string_view raw);
    std::string_view closed_schema(std::string_view raw);

private:
    void close(JsonValue schema, JsonSplice &splice);

    JsonParser parser_;
    JsonDoc doc_;
    std::string edited_;
};

}  // namespace aigw::dialects::anthropic
