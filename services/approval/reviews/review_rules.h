#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "services/approval/reviews/review.h"

// The rules of review as data and pure functions: no clock, lock or I/O. Every store applies them;
// the database schema repeats those that SQL can express.
namespace countersign::approval::reviews {

// A legal transition between states. A transition from kUnspecified opens a review. A transition
// from a state to itself is a vote that does not decide, or a use that leaves further uses.
struct Edge {
  domain::ReviewState from;
  domain::ReviewState to;
};
absl::Span<const Edge> LegalEdges();
bool IsLegal(domain::ReviewState from, domain::ReviewState to);
bool IsTerminal(domain::ReviewState state);

// INVALID_ARGUMENT unless `review` can be opened. Refused are: less than one approval, no
// reviewers, less than one use (other than one for a one-shot), a time that is not positive, a
// malformed binding hash, and a missing requester.
absl::Status CheckNew(const NewReview& review);

// The maximum number of PENDING reviews of one caller, because reviewers are people. Counted by
// issuer and subject, and by Identity, whatever credential was used.
inline constexpr std::size_t kMaxPendingPerCaller = 100;
bool IsSameCaller(const Person& a, const Person& b);

// The two keys by which a repeated call is recognised (raw SHA-256). CallKey covers principal,
// connection and binding hash. TermsKey covers what the policy asked for (reviewers, number of
// approvals, grant), so that an approval under an older, weaker policy never lets a call of a
// stricter one through.
std::string CallKey(const Person& requester, const std::string& connection,
                    const std::string& binding_hash);
std::string TermsKey(const domain::ReviewTerms& terms);

// The state of `review` at `now`: EXPIRED for a PENDING or APPROVED review from its time of expiry
// on.
domain::ReviewState StateAt(const Review& review, absl::Time now);

// Which of the reviews of one call (same CallKey, in any order) a new call joins at `now`: the
// newest PENDING one under the same terms; else an APPROVED one under the same terms with uses
// left; else one DENIED less than its pendingTtl ago, under any terms. nullptr: a new review is
// opened.
const Review* ChooseReview(const std::vector<Review>& same_call, const std::string& terms_key,
                           absl::Time now);

using domain::MayVote;
using domain::PersonKey;

// OK when `vote` may be recorded on `review` at `now`. Otherwise FAILED_PRECONDITION with reason
// review_not_pending, review_expired or hash_mismatch; PERMISSION_DENIED self_review;
// ALREADY_EXISTS already_voted; INVALID_ARGUMENT hash_missing.
absl::Status CheckVote(const Review& review, const Vote& vote, absl::Time now);

// The state that `review.votes` give a PENDING review: DENIED after one denial, APPROVED after
// enough approvals by distinct people, otherwise PENDING.
domain::ReviewState Tally(const Review& review);

// Adds `vote`, which CheckVote must have allowed, to `review` at `now`, with its consequences: time
// and reason of the decision, and the grant. Returns the new state; the caller must set
// `review.state` together with the transition that it records.
domain::ReviewState AddVote(Review& review, const Vote& vote, absl::Time now);

// OK when a call with `binding_hash` may use the grant of `review` at `now`. Otherwise
// FAILED_PRECONDITION with reason binding_mismatch, review_not_approved, review_exhausted,
// review_expired or review_revoked.
absl::Status CheckUse(const Review& review, const std::string& binding_hash, absl::Time now);

// The state after one use of an APPROVED review.
domain::ReviewState StateAfterUse(const Review& review);

}  // namespace countersign::approval::reviews
