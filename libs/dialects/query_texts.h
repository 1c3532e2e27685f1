#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/dialect.h"

namespace countersign::dialects {

// A query parameter that is treated as text: it is unknown, or its value does not have the expected
// form.
struct QueryText {
  std::string name;
  std::string text;  // "name=value", decoded
};

// The texts of a query for policies, in its order; the query is forwarded unchanged. Known
// parameters with a value of the expected form are not texts: `api-version` (a date), `limit`,
// `order`, `beta`, `stream`.
//
// INVALID_ARGUMENT when two servers could read the query differently (wrong or double encoding,
// characters that must be encoded, control characters), and above 1,024 bytes or 32 parameters.
absl::StatusOr<std::vector<QueryText>> FindQueryTexts(absl::string_view query);

// Adds `query` to the upstream's path of `call`, and its texts to the prompt, where they cannot be
// replaced. Errors as of FindQueryTexts.
absl::Status AddQuery(absl::string_view query, ReadCall& call);

}  // namespace countersign::dialects
