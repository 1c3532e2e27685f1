#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "services/approval/reviews/review.h"

// The rules of review, as data and pure functions: no clock, no lock, no I/O. Every store obeys
// them, and the database repeats the ones that it can express.
namespace countersign::approval::reviews {

// A legal step of the state machine. From kUnspecified a review is opened; an edge to the same
// state records a vote that does not decide, or a use that leaves others.
struct Edge {
  domain::ReviewState from;
  domain::ReviewState to;
};
absl::Span<const Edge> LegalEdges();
bool IsLegal(domain::ReviewState from, domain::ReviewState to);
bool IsTerminal(domain::ReviewState state);

// INVALID_ARGUMENT for what must never become a review: approvals below 1, nobody to ask, uses
// below 1 or other than 1 for a one-shot, a time that is not positive, a malformed binding hash, no
// requester.
absl::Status CheckNew(const NewReview& review);

// The two keys by which calls are recognised (raw SHA-256). CallKey: same principal, connection and
// binding hash. TermsKey: what the policy asked for (reviewers, approvals, grant); a call is never
// let through by the approval of an older, weaker policy.
std::string CallKey(const Person& requester, const std::string& connection,
                    const std::string& binding_hash);
std::string TermsKey(const domain::ReviewTerms& terms);

// `review` as it stands at `now`: PENDING or APPROVED past its time is EXPIRED (`>=` is past).
domain::ReviewState StateAt(const Review& review, absl::Time now);

// Which of the reviews of one call (same CallKey, in any order) a new call joins, at `now`: the
// newest PENDING under the same terms, else an APPROVED under the same terms with uses left, else
// one DENIED less than its pendingTtl ago under any terms. nullptr: a new review is opened.
const Review* ChooseReview(const std::vector<Review>& same_call, const std::string& terms_key,
                           absl::Time now);

// The human being behind somebody, for counting: an agent counts as its owner, an identity as
// itself however it signed in, anybody else as (issuer, subject).
std::string PersonKey(const Person& person);

// Whether a vote of `voter` could count on reviews that `requester` asked for: neither the same
// person, nor his owner, nor his agent, nor another agent of his owner.
bool MayVote(const Person& voter, const Person& requester);

// OK when `vote` may be recorded on `review` at `now`. FAILED_PRECONDITION with reason
// review_not_pending, review_expired or hash_mismatch; PERMISSION_DENIED self_review;
// ALREADY_EXISTS already_voted; INVALID_ARGUMENT hash_missing.
absl::Status CheckVote(const Review& review, const Vote& vote, absl::Time now);

// The state of a PENDING review whose votes are `review.votes`: one denial ends it, enough distinct
// people approve it, anything else leaves it PENDING.
domain::ReviewState Tally(const Review& review);

// Why `review` gives no use at `now` to a call with `binding_hash`: FAILED_PRECONDITION with
// binding_mismatch, review_not_approved, review_exhausted, review_expired or review_revoked; OK
// when it does.
absl::Status CheckUse(const Review& review, const std::string& binding_hash, absl::Time now);

// The state after one use of an APPROVED review.
domain::ReviewState StateAfterUse(const Review& review);

}  // namespace countersign::approval::reviews
