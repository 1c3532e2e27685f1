#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace countersign::domain {

enum class Verdict { kDeny, kAllow, kReview };  // zero is the closed choice
absl::string_view ToString(Verdict verdict);    // "deny", "allow", "review"

enum class Recording { kStrict, kOrdered };
absl::string_view ToString(Recording recording);  // "strict", "ordered"

enum class GrantKind { kOneShot };

// How an event of unknown form in an answer is treated: all its texts are masked, or the answer
// ends there.
enum class UnknownEvents { kMask, kRefuse };

// Why a policy matched: a condition that held, with the span of text that matched, if any.
struct Finding {
  std::string policy;
  std::string condition;  // keywords | pattern | tokens | parameter
  // The dictionary or pattern, with " (encoded: base64)" if the match was encoded (the span is then
  // that of the encoded run), or a measurement ("5210 tokens over 4000").
  std::string rule;
  std::size_t part = 0;  // index into Prompt::parts
  // UTF-8 byte offsets into that part's text; equal when no span applies.
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The terms of a review, frozen into the review when it is created. Defaults and bounds:
// libs/config.
struct ReviewTerms {
  std::vector<std::string> reviewers;  // groups or identities, at least one
  int approvals = 1;                   // >= 1, always
  absl::Duration pending_ttl = absl::Minutes(15);
  absl::Duration hold = absl::Minutes(4);
  GrantKind grant_kind = GrantKind::kOneShot;
  absl::Duration grant_ttl = absl::Minutes(5);
  int grant_uses = 1;
};

// policy's answer. Default-constructed it denies.
struct Decision {
  Verdict verdict = Verdict::kDeny;
  std::string policy;  // name of the deciding policy; empty when none matched
  std::uint64_t policy_version = 0;
  std::string message;  // a deny's message to the caller; may be empty
  std::vector<Finding> findings;
  std::size_t prompt_tokens = 0;          // a lower bound for a long prompt that is denied
  ReviewTerms review;                     // meaningful when verdict is kReview
  std::string masking_profile = "tier1";  // "none" only when a policy says so
  Recording recording = Recording::kStrict;
};

}  // namespace countersign::domain
