#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "libs/domain/masker.h"
#include "services/edge/call/answer/credential_patterns.h"

namespace countersign::edge::call::answer {

// Takes a leased credential out of the texts of one answer, whatever the call's profile masks and
// however the texts are cut: the second half of masking, after the masker's. A match becomes
// <UPSTREAM_CREDENTIAL>, and its original is kept nowhere. Not thread-safe.
//
// The end of a text is held back when four bytes or more may begin a match. So an ordinary word
// that begins as a credential does is not held, and of a credential that is cut after its first
// three bytes these may leave.
class CredentialMasking {
 public:
  static constexpr char kEntity[] = "upstream_credential";

  // `patterns` outlive the masking.
  explicit CredentialMasking(const CredentialPatterns& patterns) : patterns_(patterns) {}

  // What may leave of the masker's `release` of `piece`.
  domain::FieldRelease Apply(const domain::FieldPiece& piece, domain::FieldRelease release);

 private:
  struct Field {
    std::string released;  // the last bytes that have left
    std::string held;
    std::vector<domain::MaskedSpan> held_spans;  // that reach into `held`, from its begin
  };

  const CredentialPatterns& patterns_;
  std::unordered_map<std::string, Field> fields_;
};

}  // namespace countersign::edge::call::answer
