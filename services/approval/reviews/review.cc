#include "services/approval/reviews/review.h"

#include "absl/strings/str_cat.h"

namespace countersign::approval::reviews {

std::string Person::DisplayName() const {
  return identity.empty() ? absl::StrCat(issuer, "#", subject) : identity;
}

Person PersonOf(const domain::Principal& principal) {
  return Person{principal.issuer, principal.subject, principal.identity, principal.owner};
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
