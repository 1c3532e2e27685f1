#pragma once

#include <string>

#include "absl/strings/string_view.h"

// Numbers in JSON documents, treated as text.
namespace countersign::json {

// The decimal digits of a number: without an exponent and without a zero fraction, so that
// `4.111e3` is judged as `4111`. Exponents beyond 64 are kept as written. `literal` is a JSON
// number.
std::string NumberText(absl::string_view literal);

// True for a number that is too short to be a secret: at most 11 digits before the point, such as
// counts, indexes and times in seconds, but no card or account number.
bool IsShortNumber(absl::string_view literal);

}  // namespace countersign::json
