#pragma once

#include <string>

#include "absl/strings/string_view.h"

// Numbers in JSON documents as texts that somebody may read.
namespace countersign::json {

// What the number reads as: without an exponent, and without a fraction that is zero, so that
// `4.111e3` is judged as `4111`. Exponents beyond 64 stay as they are written. `literal` is a JSON
// number.
std::string NumberText(absl::string_view literal);

// True for a number too short to be anybody's secret: at most 11 digits before the point. Counts,
// indexes and times in seconds are; no card or account number is.
bool IsShortNumber(absl::string_view literal);

}  // namespace countersign::json
