#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/json/document.h"

namespace countersign::dialects::answers {

// The JSON of an upstream, as callers read it.
struct AnswerJson {
  json::Document document;
  // The bytes that `document` was parsed from, if they differ from the upstream's.
  enum class Source { kUnchanged, kSameLength, kRewritten } source = Source::kUnchanged;
};

// Parses `bytes`. Any valid number is accepted. What parsers read in different ways is made
// unambiguous in `bytes` itself: a lone surrogate becomes U+FFFD (kSameLength); a byte order mark
// is left out, and of several members of one name in an object the last stays, as JavaScript reads
// it (kRewritten).
// INVALID_ARGUMENT when it is not JSON.
absl::StatusOr<AnswerJson> ParseAnswerJson(std::string& bytes);

}  // namespace countersign::dialects::answers
