#pragma once

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace countersign::dialects::pass_through {

// Whether a body of this type is one JSON document. JSON Lines are several.
inline bool IsJsonDocument(absl::string_view content_type) {
  const std::string type = absl::AsciiStrToLower(content_type);
  return absl::StrContains(type, "json") && !absl::StrContains(type, "jsonl") &&
         !absl::StrContains(type, "ndjson");
}

}  // namespace countersign::dialects::pass_through
