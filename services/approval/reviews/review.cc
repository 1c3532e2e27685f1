#include "services/approval/reviews/review.h"

#include <utility>

namespace countersign::approval::reviews {

Review MakePendingReview(const NewReview& call, std::string id, absl::Time now) {
  Review review;
  static_cast<ReviewSubject&>(review) = call;
  review.id = std::move(id);
  review.state = domain::ReviewState::kPending;
  review.created_at = now;
  review.pending_expires_at = now + call.terms.pending_ttl;
  return review;
}

absl::Time Review::ExpiresAt() const {
  return grant_expires_at == absl::InfinitePast() ? pending_expires_at : grant_expires_at;
}

std::vector<domain::ReviewVote> ToReviewVotes(const std::vector<Vote>& votes) {
  std::vector<domain::ReviewVote> shown;
  for (const Vote& vote : votes) {
    shown.push_back(
        {vote.voter.DisplayName(), vote.ballot == Ballot::kApprove, vote.reason, vote.at});
  }
  return shown;
}

domain::ReviewStatus Review::Status() const {
  domain::ReviewStatus status;
  status.review_id = id;
  status.state = state;
  status.reason = reason;
  status.expires_at = ExpiresAt();
  if (state != domain::ReviewState::kPending) status.votes = ToReviewVotes(votes);
  status.revoked_by = revoked_by;
  status.revoked_at = revoked_at;
  return status;
}

}  // namespace countersign::approval::reviews
