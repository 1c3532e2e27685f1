#include "services/approval/approval_errors.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"

namespace countersign::approval::errors {
namespace {

absl::Status Precondition(absl::string_view reason, const std::string& message) {
  return WithReason(absl::FailedPreconditionError(message), reason);
}

}  // namespace

absl::Status NotFound(const std::string& review_id) {
  return WithReason(absl::NotFoundError(absl::StrCat("no review ", review_id, " for you")),
                    "review_not_found");
}

absl::Status RoleMissing() {
  return WithReason(absl::PermissionDeniedError("this needs the role reviewer"),
                    "permission_denied");
}

absl::Status NotAReviewer(const std::string& review_id, const domain::ReviewTerms& terms) {
  return WithReason(absl::PermissionDeniedError(absl::StrCat("review ", review_id, " asks for ",
                                                             absl::StrJoin(terms.reviewers, " or "),
                                                             ", and you are not one of them")),
                    "not_a_reviewer");
}

absl::Status SelfReview(const std::string& review_id) {
  return WithReason(
      absl::PermissionDeniedError(absl::StrCat(
          "review ", review_id, " was asked for by you or on your behalf: somebody else decides")),
      "self_review");
}

absl::Status NotAPerson(const std::string& name, domain::IdentityKind kind) {
  const std::string known =
      kind == domain::IdentityKind::kUnspecified
          ? absl::StrCat("nothing proves that ", name,
                         " is a person (an Identity of kind human, or a provider whose profile "
                         "knows people)")
          : absl::StrCat(name, " is of kind ", domain::ToString(kind));
  return WithReason(
      absl::PermissionDeniedError(absl::StrCat(known, ", and only people decide reviews")),
      "not_a_person");
}

absl::Status AlreadyVoted(const std::string& review_id) {
  return WithReason(
      absl::AlreadyExistsError(absl::StrCat("you have voted on review ", review_id, " already")),
      "already_voted");
}

absl::Status HashMissing(const std::string& review_id) {
  const absl::Status missing = absl::InvalidArgumentError(absl::StrCat(
      "approving review ", review_id, " needs the hash that you were shown (seenHash)"));
  return WithReason(WithViolations(missing, {{"seen_hash", "is missing"}}), "hash_missing");
}

absl::Status HashMismatch(const std::string& review_id) {
  return Precondition("hash_mismatch",
                      absl::StrCat("review ", review_id,
                                   " holds another content than the one that you were shown: "
                                   "look at it again"));
}

absl::Status NotPending(const std::string& review_id, domain::ReviewState state) {
  return Precondition("review_not_pending", absl::StrCat("review ", review_id, " is ",
                                                         domain::ToString(state), " already"));
}

absl::Status NotApproved(const std::string& review_id, domain::ReviewState state) {
  return Precondition(
      "review_not_approved",
      absl::StrCat("review ", review_id, " is ", domain::ToString(state), ", not APPROVED"));
}

absl::Status Expired(const std::string& review_id) {
  return Precondition("review_expired", absl::StrCat("review ", review_id, " has expired"));
}

absl::Status Exhausted(const std::string& review_id) {
  return Precondition("review_exhausted",
                      absl::StrCat("the grant of review ", review_id, " is used up"));
}

absl::Status Revoked(const std::string& review_id) {
  return Precondition("review_revoked", absl::StrCat("review ", review_id, " was revoked"));
}

absl::Status BindingMismatch(const std::string& review_id) {
  return Precondition("binding_mismatch", absl::StrCat("what is to be sent is not what review ",
                                                       review_id, " is about"));
}

absl::Status TooManyReviews(std::size_t pending) {
  return WithReason(
      absl::ResourceExhaustedError(absl::StrCat(
          pending, " of your calls wait for reviewers already: wait until some are decided")),
      "too_many_reviews");
}

absl::Status UseUnproven(const std::string& review_id) {
  return WithReason(absl::DataLossError(absl::StrCat("the log does not prove review ", review_id,
                                                     ": it knows of no such use")),
                    "review_unproven");
}

absl::Status LogSetBack(std::uint64_t seen) {
  return WithReason(
      absl::DataLossError(absl::StrCat("the approval log was set back behind line ", seen)),
      "review_unproven");
}

absl::Status NoDirectory() {
  return WithReason(absl::UnavailableError("approval has received no resources yet: try again"),
                    "resources_missing");
}

absl::Status SessionMissing() {
  return WithReason(InvalidField("session_id", "is empty: it names the session that waits"),
                    "session_missing");
}

absl::Status Busy() {
  return WithReason(absl::ResourceExhaustedError("approval is overloaded: try again"),
                    "overloaded");
}

}  // namespace countersign::approval::errors
