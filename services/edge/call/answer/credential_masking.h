#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "libs/domain/masker.h"
#include "services/edge/call/answer/credential_patterns.h"

namespace countersign::edge::call::answer {

// Masks the leased credential in the texts of one answer, independent of the call's profile and of
// how the texts are cut; applied after the masker. A match becomes <UPSTREAM_CREDENTIAL>, and its
// original is not stored. Not thread-safe.
//
// What may begin a match at the end of a text is held back, from the first byte on, until the text
// goes on. When the text ends there, it is masked if it has at least six bytes: a longer part of a
// credential is worth guessing the rest, a shorter one is in ordinary words.
class CredentialMasking {
 public:
  static constexpr char kEntity[] = "upstream_credential";

  // `patterns` must outlive the masking.
  explicit CredentialMasking(const CredentialPatterns& patterns) : patterns_(patterns) {}

  // The part of the masker's `release` of `piece` that may be sent.
  domain::FieldRelease Apply(const domain::FieldPiece& piece, domain::FieldRelease release);

 private:
  struct Field {
    std::string held;
    std::vector<domain::MaskedSpan>
        held_spans;             // spans that reach into `held`, relative to its begin
    std::uint64_t held_in = 0;  // the place of its begin in what was fed
  };

  const CredentialPatterns& patterns_;
  std::unordered_map<std::string, Field> fields_;
};

}  // namespace countersign::edge::call::answer
