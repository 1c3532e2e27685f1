#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "services/approval/reviews/review.h"

// The refusals of this service, each with its reason code. Reviewers and callers read the messages:
// they name the review and what to do, never the prompt.
namespace countersign::approval::errors {

absl::Status RoleMissing();                           // permission_denied
absl::Status NotFound(const std::string& review_id);  // review_not_found
absl::Status NotAReviewer(const std::string& review_id,
                          const domain::ReviewTerms& terms);                  // not_a_reviewer
absl::Status SelfReview(const std::string& review_id);                        // self_review
absl::Status NotAPerson(const std::string& name, domain::IdentityKind kind);  // not_a_person
absl::Status AlreadyVoted(const std::string& review_id);                      // already_voted
absl::Status HashMissing(const std::string& review_id);                       // hash_missing
absl::Status HashMismatch(const std::string& review_id);                      // hash_mismatch
absl::Status NotPending(const std::string& review_id,
                        domain::ReviewState state);  // review_not_pending
absl::Status NotApproved(const std::string& review_id,
                         domain::ReviewState state);         // review_not_approved
absl::Status Expired(const std::string& review_id);          // review_expired
absl::Status Exhausted(const std::string& review_id);        // review_exhausted
absl::Status Revoked(const std::string& review_id);          // review_revoked
absl::Status BindingMismatch(const std::string& review_id);  // binding_mismatch
// DATA_LOSS review_unproven: the log does not prove the stored review.
absl::Status UseUnproven(const std::string& review_id);
absl::Status LogSetBack(std::uint64_t seen);
absl::Status TooManyReviews(std::size_t pending);  // too_many_reviews
absl::Status NoDirectory();                        // resources_missing
absl::Status SessionMissing();                     // INVALID_ARGUMENT, session_missing
absl::Status Busy();                               // overloaded

}  // namespace countersign::approval::errors
