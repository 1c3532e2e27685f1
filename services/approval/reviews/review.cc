#include "services/approval/reviews/review.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace countersign::approval::reviews {

std::string Person::DisplayName() const {
  return identity.empty() ? absl::StrCat(issuer, "#", subject) : identity;
}

Person ToPerson(const domain::Principal& principal) {
  return Person{principal.issuer, principal.subject, principal.identity, principal.owner};
}

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

domain::ReviewStatus Review::Status() const {
  domain::ReviewStatus status;
  status.review_id = id;
  status.state = state;
  status.reason = reason;
  status.expires_at = ExpiresAt();
  return status;
}

}  // namespace countersign::approval::reviews
