#pragma once

#include "absl/strings/string_view.h"

namespace countersign::dialects::openai::requests {

// The names that JSON Schema gives its members, and the types that it knows.
inline constexpr absl::string_view kJsonSchemaKeywords =
    "type properties required items prefixItems enum const default description title examples "
    "format pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength "
    "maxLength minItems maxItems uniqueItems minProperties maxProperties additionalProperties "
    "patternProperties propertyNames anyOf oneOf allOf not if then else $ref $defs definitions "
    "$schema $id nullable deprecated readOnly writeOnly strict";
inline constexpr absl::string_view kJsonSchemaTypes =
    "object array string number integer boolean null";

}  // namespace countersign::dialects::openai::requests
