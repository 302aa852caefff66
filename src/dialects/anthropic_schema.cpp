#include "dialects/anthropic_schema.h"

#include <algorithm>

namespace aigw::dialects::anthropic {

namespace {

constexpr std::string_view kNoInput = R"({"type":"object","properties":{}})";
// Keywords that hold values, not schemas.
constexpr std::string_view kPlainValues[] = {"enum", "const", "default", "examples", "required"};

}  // namespace

std::string_view SchemaWriter::input_schema(std::string_view raw) {
    if (raw.empty() || !parser_.parse(raw, doc_) || !doc_.root().is_object() || doc_.root().size() == 0)
        return kNoInput;
    if (doc_.root()["type"])
        return raw;
    JsonSplice splice(raw);
    splice.set(doc_.root(), "type", R"("object")");
    edited_.clear();
    splice.append_to(edited_);
    return edited_;
}

std::string_view SchemaWriter::closed_schema(std::string_view raw) {
    if (raw.empty() || !parser_.parse(raw, doc_))
        return kNoInput;
    JsonSplice splice(raw);
    close(doc_.root(), splice);
    if (splice.empty())
        return raw;
    edited_.clear();
    splice.append_to(edited_);
    return edited_;
}

// Walks every value, so that schemas are found wherever a keyword keeps them ($defs, items, anyOf). The depth is
// bounded by the parser's. An object named "type" among properties is no type: only a string is.
void SchemaWriter::close(JsonValue schema, JsonSplice &splice) {
    for (const JsonValue item : schema.elements())
        close(item, splice);
    for (const JsonValue::Member member : schema.members()) {
        const bool plain = std::any_of(std::begin(kPlainValues), std::end(kPlainValues),
                                       [&](std::string_view keyword) { return member.key == keyword; });
        if (!plain || member.value.is_object())  // an object may be a property of that name
            close(member.value, splice);
    }
    if (schema["type"].equals("object") && !schema["additionalProperties"])
        splice.set(schema, "additionalProperties", "false");
}

}  // namespace aigw::dialects::anthropic
