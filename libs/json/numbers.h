#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

// Numbers in JSON documents, treated as text.
namespace countersign::json {

// The decimal digits of a number: without an exponent and without a zero fraction, so that
// `4.111e3` is judged as `4111`. Exponents beyond 64 are kept as written. `literal` is a JSON
// number.
std::string NumberText(absl::string_view literal);

// True for a number that is too short to be a secret: at most 11 digits before the point, such as
// counts, indexes and times in seconds, but no card or account number. False for an exponent beyond
// 64, whose digits are kept as written.
bool IsShortNumber(absl::string_view literal);

// `json` with every number that is beyond 64 bits, as an integer, or beyond the range of a double
// replaced by another one of the same length; nothing when there is none. Such numbers are valid
// JSON, but many parsers refuse them.
std::optional<std::string> ReplaceLargeNumbers(absl::string_view json);

}  // namespace countersign::json
