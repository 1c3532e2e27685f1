#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/domain/call.h"
#include "libs/domain/decision.h"
#include "libs/domain/prompt.h"

namespace countersign::domain {

enum class ReviewState {
  kUnspecified,
  kPending,
  kApproved,
  kDenied,
  kExpired,
  kCancelled,
  kConsumed,
  kExhausted,
  kRevoked,
};
absl::string_view ToString(ReviewState state);  // "PENDING", …; "" for unspecified
ReviewState ReviewStateFromString(absl::string_view text);

// The head of a request as it will be sent, as far as the binding hash covers it.
struct SentHead {
  std::string method;
  std::string target;                                        // path and query
  std::vector<std::pair<std::string, std::string>> headers;  // lower-case names
};

// A call that needs an approval. `binding_hash` covers the exact bytes to be sent
// (libs/domain/binding.h).
struct ReviewRequest {
  std::string session_id;  // idempotency key of Join and Consume
  std::string connection;
  std::uint64_t connection_version = 0;
  std::string binding_hash;  // 64 lower-case hex digits
  std::string policy;
  std::uint64_t policy_version = 0;
  ReviewTerms terms;
  std::shared_ptr<const Prompt> prompt;  // as it will be sent, after prompt masking
  std::vector<Finding> findings;
  std::size_t prompt_tokens = 0;
  SentHead head;
  std::string upstream_body;
};

// One person's vote on a review.
struct ReviewVote {
  std::string reviewer;  // display name
  bool approves = false;
  std::string reason;  // may be empty
  absl::Time at = absl::InfinitePast();
};

struct ReviewStatus {
  std::string review_id;
  ReviewState state = ReviewState::kUnspecified;
  std::string reason;  // of the denial or the revocation; may be empty
  absl::Time expires_at = absl::InfinitePast();
  // Of a review that is not pending any more:
  std::vector<ReviewVote> votes;  // in order of time
  // Who revoked it and when; known to GetStatus only.
  std::string revoked_by;
  absl::Time revoked_at = absl::InfinitePast();
};

// A use of a grant. Exists only after its atomic consumption succeeded.
struct Grant {
  std::string review_id;
  std::vector<std::string> approvers;  // display names
};

// Reviews by people (step 8 of the pipeline). A wait may take minutes and holds no thread or
// database connection. Thread-safe.
class ReviewGate {
 public:
  virtual ~ReviewGate() = default;

  // Joins the newest PENDING review of the same call (same principal, connection and binding hash),
  // or an APPROVED one with uses left; returns kDenied if it was denied within its pendingTtl;
  // otherwise opens a new review.
  virtual void Join(const Call& call, ReviewRequest request, absl::Time deadline,
                    Done<ReviewStatus> done) = 0;

  // The current state, at once; does not count as waiting. NOT_FOUND for other principals' reviews.
  virtual void GetStatus(const Call& call, const std::string& review_id, absl::Time deadline,
                         Done<ReviewStatus> done) = 0;

  // Holds the session `session_id` until the review is no longer PENDING; returns kPending at
  // `deadline`. INVALID_ARGUMENT for an empty `session_id`, NOT_FOUND as for GetStatus.
  virtual void Wait(const Call& call, const std::string& review_id, const std::string& session_id,
                    absl::Time deadline, Done<ReviewStatus> done) = 0;

  // Takes one use, atomically. FAILED_PRECONDITION with a reason (review_not_approved,
  // review_exhausted, review_expired, review_revoked, binding_mismatch) when there is none.
  // Idempotent by session id: a retry after a lost answer gets the same grant.
  virtual void Consume(const Call& call, const std::string& review_id,
                       const std::string& session_id, const std::string& binding_hash,
                       absl::Time deadline, Done<Grant> done) = 0;

  // The caller has left; the review stays. Best effort, without an answer. Carries no principal,
  // because a held call may outlive its internal token.
  virtual void Leave(const Call& call, const std::string& review_id,
                     const std::string& session_id) = 0;
};

}  // namespace countersign::domain
