#include "absl/strings/string_view.h"
#include "libs/domain/decision.h"
#include "libs/domain/masker.h"
#include "libs/domain/review_gate.h"
#include "libs/domain/session.h"

namespace countersign::domain {

absl::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllow: return "allow";
    case Verdict::kReview: return "review";
    case Verdict::kDeny: break;
  }
  return "deny";
}

absl::string_view ToString(Recording recording) {
  return recording == Recording::kOrdered ? "ordered" : "strict";
}

absl::string_view ToString(Direction direction) {
  return direction == Direction::kPrompt ? "prompt" : "response";
}

absl::string_view ToString(ReviewState state) {
  switch (state) {
    case ReviewState::kPending: return "PENDING";
    case ReviewState::kApproved: return "APPROVED";
    case ReviewState::kDenied: return "DENIED";
    case ReviewState::kExpired: return "EXPIRED";
    case ReviewState::kCancelled: return "CANCELLED";
    case ReviewState::kConsumed: return "CONSUMED";
    case ReviewState::kExhausted: return "EXHAUSTED";
    case ReviewState::kRevoked: return "REVOKED";
    case ReviewState::kUnspecified: break;
  }
  return "";
}

ReviewState ReviewStateFromString(absl::string_view text) {
  for (int i = 1; i <= static_cast<int>(ReviewState::kRevoked); ++i) {
    if (ToString(static_cast<ReviewState>(i)) == text) return static_cast<ReviewState>(i);
  }
  return ReviewState::kUnspecified;
}

absl::string_view ToString(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCompleted: return "completed";
    case Outcome::kBlocked: return "blocked";
    case Outcome::kReviewDenied: return "review_denied";
    case Outcome::kReviewExpired: return "review_expired";
    case Outcome::kReviewPending: return "review_pending";
    case Outcome::kCancelled: return "cancelled";
    case Outcome::kUpstreamError: return "upstream_error";
    case Outcome::kAborted: return "aborted";
    case Outcome::kKilled: return "killed";
    case Outcome::kTruncated: return "truncated";
    case Outcome::kRunning: break;
  }
  return "";
}

Outcome OutcomeFromString(absl::string_view text) {
  for (int i = 1; i <= static_cast<int>(Outcome::kTruncated); ++i) {
    if (ToString(static_cast<Outcome>(i)) == text) return static_cast<Outcome>(i);
  }
  return Outcome::kRunning;
}

}  // namespace countersign::domain
