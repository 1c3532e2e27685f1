#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/text/regex/byte_set.h"

namespace countersign::text::detectors {

// The bytes of a class such as `[\w.-]`, `[^:]` or `[A-Z0-9]`: ASCII characters, ranges, \w, and a
// backslash before a literal character. nullopt for other input.
std::optional<regex::ByteSet> ParseByteClass(absl::string_view text);

// A C++ expression with the value `bytes`.
std::string ByteSetExpression(const regex::ByteSet& bytes);

}  // namespace countersign::text::detectors
