#pragma once

#include "absl/strings/string_view.h"

namespace countersign::dialects::answers {

// True for a value whose own form shows that it is complete: a UUID (RFC 9562), a time (RFC 3339,
// with at most nine digits of a second) or a date of HTTP (RFC 9110, section 5.6.7). Events repeat
// such values at one place, and none is a piece of a text.
bool IsClosedValue(absl::string_view value);

}  // namespace countersign::dialects::answers
