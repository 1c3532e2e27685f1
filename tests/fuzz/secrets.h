#pragma once

#include "absl/strings/match.h"
#include "libs/dialects/answers/whole_texts.h"
#include "libs/json/document.h"

namespace countersign::fuzz {

// Whether a string or key below `value` contains a secret of dialects::testing::LiteralMasking.
// Names that a server chooses are allowed (whole_texts.h).
inline bool HoldsSecret(const json::Value& value, absl::string_view key = "") {
  const bool named = key == "id" || key == "model" || key == "system_fingerprint";
  if (absl::StrContains(value.text(), "SECRET") &&
      !(named && dialects::answers::LooksLikeIdentifier(value.text()))) {
    return true;
  }
  const bool object = value.is(json::Type::kObject);
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (absl::StrContains(value.key(i), "SECRET")) return true;
    if (HoldsSecret(value.at(i), object ? value.key(i) : key)) return true;
  }
  return false;
}

}  // namespace countersign::fuzz
