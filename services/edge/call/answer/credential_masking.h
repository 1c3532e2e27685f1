#pragma once

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
// The end of a text is held back if at least four bytes of it may begin a match, so that ordinary
// words with a shorter common prefix are not held. If a credential is cut after its first three
// bytes, these may be sent.
class CredentialMasking {
 public:
  static constexpr char kEntity[] = "upstream_credential";

  // `patterns` must outlive the masking.
  explicit CredentialMasking(const CredentialPatterns& patterns) : patterns_(patterns) {}

  // The part of the masker's `release` of `piece` that may be sent.
  domain::FieldRelease Apply(const domain::FieldPiece& piece, domain::FieldRelease release);

 private:
  struct Field {
    std::string released;  // the last released bytes
    std::string held;
    std::vector<domain::MaskedSpan>
        held_spans;  // spans that reach into `held`, relative to its begin
  };

  const CredentialPatterns& patterns_;
  std::unordered_map<std::string, Field> fields_;
};

}  // namespace countersign::edge::call::answer
