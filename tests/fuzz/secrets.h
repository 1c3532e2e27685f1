#pragma once

#include "absl/strings/match.h"
#include "libs/json/document.h"
#include "services/edge/openai_texts.h"

namespace countersign::fuzz {

// True when some string or key below `value` shows what edge::testing::LiteralMasking masks.
// Identifiers are let through (openai_texts.h): what looks like one is no text here.
inline bool HoldsSecret(const json::Value& value) {
  if (absl::StrContains(value.text(), "SECRET") && !edge::LooksLikeIdentifier(value.text())) {
    return true;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (absl::StrContains(value.key(i), "SECRET") || HoldsSecret(value.at(i))) return true;
  }
  return false;
}

}  // namespace countersign::fuzz
