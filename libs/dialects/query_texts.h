#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::dialects {

// A parameter of a query that is a text like any other: nobody knows what it is for, or its value
// has not the shape that such values have.
struct QueryText {
  std::string name;
  std::string text;  // "name=value", decoded
};

// What policies must see of a query that goes upstream as it is, in its order. Parameters of known
// names and closed shapes are left out: `api-version` (a date), `limit`, `order`, `beta`, `stream`.
//
// INVALID_ARGUMENT when two servers could read the query differently (wrong or double encoding,
// characters that must be encoded, control characters), and above 1,024 bytes or 32 parameters.
absl::StatusOr<std::vector<QueryText>> FindQueryTexts(absl::string_view query);

}  // namespace countersign::dialects
