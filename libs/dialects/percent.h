#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::dialects {

// Resolves percent-encoding, once. INVALID_ARGUMENT when the encoding is wrong, when the result is
// not UTF-8 or has control characters, and when the result contains an escape again, which two
// servers could read differently.
absl::StatusOr<std::string> DecodePercent(absl::string_view text);

// Encodes `text` as one segment of a path: everything but letters, digits and "-._~:@".
std::string EncodeSegment(absl::string_view text);

}  // namespace countersign::dialects
