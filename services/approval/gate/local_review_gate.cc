#include "services/approval/gate/local_review_gate.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/domain/answer_on.h"
#include "libs/log/log.h"
#include "services/approval/approval_errors.h"
#include "services/approval/reviews/review_rules.h"

namespace countersign::approval::gate {

using domain::ReviewState;

namespace {

reviews::NewReview ToNewReview(const domain::Principal& principal, domain::ReviewRequest request) {
  reviews::NewReview review;
  review.requester = reviews::ToPerson(principal);
  review.session_id = std::move(request.session_id);
  review.connection = std::move(request.connection);
  review.connection_version = request.connection_version;
  review.binding_hash = std::move(request.binding_hash);
  review.policy = std::move(request.policy);
  review.policy_version = request.policy_version;
  review.terms = std::move(request.terms);
  review.prompt_tokens = request.prompt_tokens;
  auto content = std::make_shared<reviews::ReviewContent>();
  if (request.prompt != nullptr) {
    review.model = request.prompt->model;
    content->prompt = *request.prompt;
  }
  content->findings = std::move(request.findings);
  content->head = std::move(request.head);
  content->upstream_body = std::move(request.upstream_body);
  review.content = std::move(content);
  return review;
}

bool IsRequester(const reviews::Person& person, const reviews::Review& review) {
  return review.requester.issuer == person.issuer && review.requester.subject == person.subject;
}

}  // namespace

void LocalReviewGate::Join(const domain::Call& call, domain::ReviewRequest request,
                           absl::Time deadline, domain::Done<domain::ReviewStatus> done) {
  domain::AnswerOn<domain::ReviewStatus>(
      pool_, WithDeadline<domain::ReviewStatus>(timers_, deadline, std::move(done)),
      [this, review = ToNewReview(*call.principal,
                                  std::move(request))]() -> absl::StatusOr<domain::ReviewStatus> {
        CS_ASSIGN_OR_RETURN(const store::Joined joined, store_.Join(review));
        if (joined.review.state == ReviewState::kPending) {
          waiters_.Arrive(joined.review.id, review.session_id);
        }
        return joined.review.Status();
      },
      errors::Busy());
}

absl::StatusOr<reviews::Review> LocalReviewGate::OwnReview(const reviews::Person& requester,
                                                           const std::string& review_id) {
  CS_ASSIGN_OR_RETURN(reviews::Review review, store_.Get(review_id));
  if (!IsRequester(requester, review)) return errors::NotFound(review_id);
  return review;
}

void LocalReviewGate::GetStatus(const domain::Call& call, const std::string& review_id,
                                absl::Time deadline, domain::Done<domain::ReviewStatus> done) {
  domain::AnswerOn<domain::ReviewStatus>(
      pool_, WithDeadline<domain::ReviewStatus>(timers_, deadline, std::move(done)),
      [this, requester = reviews::ToPerson(*call.principal),
       review_id]() -> absl::StatusOr<domain::ReviewStatus> {
        CS_ASSIGN_OR_RETURN(const reviews::Review review, OwnReview(requester, review_id));
        return review.Status();
      },
      errors::Busy());
}

void LocalReviewGate::Wait(const domain::Call& call, const std::string& review_id,
                           const std::string& session_id, absl::Time deadline,
                           domain::Done<domain::ReviewStatus> done) {
  if (session_id.empty()) return done(errors::SessionMissing());
  // The first read may run one second past the wait's deadline, so that a Wait whose deadline is
  // close still returns the review's state.
  domain::ContinueOn<domain::ReviewStatus>(
      pool_,
      WithDeadline<domain::ReviewStatus>(timers_, deadline + absl::Seconds(1), std::move(done)),
      [this, requester = reviews::ToPerson(*call.principal), review_id, session_id,
       deadline](domain::Done<domain::ReviewStatus> answer) {
        const auto review = OwnReview(requester, review_id);
        if (!review.ok()) return answer(review.status());
        if (review->state != ReviewState::kPending) return answer(review->Status());
        waiters_.Wait(review->Status(), session_id, deadline, std::move(answer));
        // A decision made between the read and the wait found no waiter to settle, so read again.
        const auto again = store_.Statuses({review_id});
        if (again.ok() && !again->empty()) waiters_.Settle(again->front());
      },
      errors::Busy());
}

absl::StatusOr<domain::Grant> LocalReviewGate::TakeProvenGrant(const reviews::Person& requester,
                                                               const std::string& review_id,
                                                               const std::string& session_id,
                                                               const std::string& binding_hash) {
  CS_ASSIGN_OR_RETURN(const reviews::Review review, OwnReview(requester, review_id));
  domain::Grant grant;
  grant.review_id = review_id;
  for (const reviews::Vote& vote : review.votes) {
    if (vote.ballot != reviews::Ballot::kApprove) continue;
    grant.approvers.push_back(vote.voter.DisplayName());
    // A repeated Consume returns the use it already has, even if an approver has lost the role
    // since.
    if (review.state != ReviewState::kApproved) continue;
    CS_ASSIGN_OR_RETURN(const bool still_reviewer,
                        directory_.StillReviewer(vote, review.connection, review.terms));
    if (!still_reviewer) {
      CS_RETURN_IF_ERROR(store_
                             .Revoke(review_id, "countersign",
                                     absl::StrCat(vote.voter.DisplayName(),
                                                  " approved and is no reviewer any more"))
                             .status());
      waiters_.Settle({review_id, ReviewState::kRevoked, "", absl::InfinitePast()});
      return errors::Revoked(review_id);
    }
  }
  CS_RETURN_IF_ERROR(store_.Consume(review_id, session_id, requester, binding_hash).status());
  return grant;
}

absl::StatusOr<domain::Grant> LocalReviewGate::TakeGrant(const reviews::Person& requester,
                                                         const std::string& review_id,
                                                         const std::string& session_id,
                                                         const std::string& binding_hash) {
  absl::StatusOr<domain::Grant> grant =
      TakeProvenGrant(requester, review_id, session_id, binding_hash);
  if (!absl::IsDataLoss(grant.status())) return grant;
  log::Error("an approval is not proven by the log: somebody has changed the database",
             {{"review_id", review_id}, {"session_id", session_id}, {"error", grant.status()}});
  const absl::Status voided = store_.Void(review_id, "its approval is not proven by the log");
  if (!voided.ok()) log::Error("not taken back", {{"review_id", review_id}, {"error", voided}});
  waiters_.Settle({review_id, ReviewState::kRevoked, "", absl::InfinitePast()});
  return errors::Revoked(review_id);
}

void LocalReviewGate::Consume(const domain::Call& call, const std::string& review_id,
                              const std::string& session_id, const std::string& binding_hash,
                              absl::Time deadline, domain::Done<domain::Grant> done) {
  domain::AnswerOn<domain::Grant>(
      pool_, WithDeadline<domain::Grant>(timers_, deadline, std::move(done)),
      [this, requester = reviews::ToPerson(*call.principal), review_id, session_id, binding_hash] {
        return TakeGrant(requester, review_id, session_id, binding_hash);
      },
      errors::Busy());
}

void LocalReviewGate::Leave(const domain::Call&, const std::string& review_id,
                            const std::string& session_id) {
  waiters_.Leave(review_id, session_id);
}

}  // namespace countersign::approval::gate
