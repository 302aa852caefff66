// Schemas both ways. Google takes JSON Schema (parametersJsonSchema, responseJsonSchema) with a few keywords less, and an
// older form of its own (parameters, responseSchema): OpenAPI's, with types in capitals and `nullable`.
#pragma once

#include <string>
#include <string_view>

#include "core/json.h"

namespace aigw::dialects::google {

// A JSON schema of another dialect for Google: the same meaning in the keywords that it knows. `const` becomes an `enum` of
// one, an `allOf` or a `$ref` beside other keywords an `anyOf` of one, `definitions` become `$defs`. What has no such
// form stays as it is. Compact. `object`: of a tool's parameters, which must be one.
std::string google_schema(std::string_view raw, bool object);
// Whether a tool's schema says anything: else it is left out.
bool has_parameters(std::string_view raw);

// Google's own form as JSON schema. `propertyOrdering` is left out: it means nothing elsewhere.
std::string json_schema_of(JsonValue schema);

}  // namespace aigw::dialects::google
