// Strict mode of OpenAI takes schemas only where every object closes its list of properties and requires them all;
// Anthropic's takes optional ones too. A schema that strict mode would refuse goes without it, and that is listed.
#include "dialects/openai_chat.h"

namespace aigw::dialects::openai {

namespace {

bool is_closed(JsonValue schema) {
    if (schema.is_array()) {
        for (JsonValue element : schema.elements()) {
            if (!is_closed(element)) return false;
        }
    }
    if (!schema.is_object()) return true;
    JsonValue properties = schema["properties"];
    bool object = schema["type"].equals("object") || properties.is_object();
    if (object && !schema["additionalProperties"].is_false()) return false;
    if (object && schema["required"].size() != properties.size()) return false;
    for (const auto &[key, value, at] : schema.members()) {
        // What stands there is data, not schema.
        if (key == "enum" || key == "const" || key == "default" || key == "examples" || key == "required") continue;
        if (!is_closed(value)) return false;
    }
    return true;
}

}  // namespace

bool fits_strict(std::string_view schema) {
    JsonParser parser;
    JsonDoc doc;
    return parser.parse(schema, doc).has_value() && is_closed(doc.root());
}

}  // namespace aigw::dialects::openai
