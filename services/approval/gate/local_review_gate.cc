#include "services/approval/gate/local_review_gate.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/approval/approval_errors.h"
#include "services/approval/reviews/review_rules.h"

namespace countersign::approval::gate {

using domain::ReviewState;

namespace {

reviews::NewReview NewReviewOf(const domain::Principal& principal, domain::ReviewRequest request) {
  reviews::NewReview review;
  review.requester = reviews::PersonOf(principal);
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
  content->upstream_body = std::move(request.upstream_body);
  review.content = std::move(content);
  return review;
}

bool AskedFor(const reviews::Review& review, const reviews::Person& person) {
  return review.requester.issuer == person.issuer && review.requester.subject == person.subject;
}

// Runs `work` on `pool` and hands its answer to `done`; a full pool refuses.
template <typename T, typename Work>
void AnswerOn(ThreadPool& pool, domain::Done<T> done, Work work) {
  auto shared = std::make_shared<domain::Done<T>>(std::move(done));
  const bool accepted =
      pool.TrySubmit([shared, work = std::move(work)]() mutable { (*shared)(work()); });
  if (!accepted) (*shared)(errors::Busy());
}

}  // namespace

void LocalReviewGate::Join(const domain::Call& call, domain::ReviewRequest request,
                           absl::Time deadline, domain::Done<domain::ReviewStatus> done) {
  auto review =
      std::make_shared<reviews::NewReview>(NewReviewOf(*call.principal, std::move(request)));
  AnswerOn<domain::ReviewStatus>(
      pool_, AnsweredBy<domain::ReviewStatus>(timers_, deadline, std::move(done)),
      [this, review]() -> absl::StatusOr<domain::ReviewStatus> {
        CS_ASSIGN_OR_RETURN(const store::Joined joined, store_.Join(*review));
        if (joined.review.state == ReviewState::kPending) {
          waiters_.Arrive(joined.review.id, review->session_id);
        }
        return joined.review.Status();
      });
}

void LocalReviewGate::Wait(const domain::Call& call, const std::string& review_id,
                           const std::string& session_id, absl::Time deadline,
                           domain::Done<domain::ReviewStatus> done) {
  // The read that says whether there is anything to wait for is bounded like any other; only then
  // is the call held.
  auto held = std::make_shared<domain::Done<domain::ReviewStatus>>(
      AnsweredBy<domain::ReviewStatus>(timers_, deadline + absl::Seconds(1), std::move(done)));
  const bool accepted = pool_.TrySubmit([this, held, requester = reviews::PersonOf(*call.principal),
                                         review_id, session_id, deadline] {
    const auto review = store_.Get(review_id);
    if (!review.ok()) return (*held)(review.status());
    if (!AskedFor(*review, requester)) return (*held)(errors::NotFound(review_id));
    const bool only_asks = session_id.empty();
    if (only_asks || review->state != ReviewState::kPending) {
      return (*held)(review->Status());
    }
    waiters_.Wait(review->Status(), session_id, deadline, std::move(*held));
    // A decision between the read and the wait was settled for nobody: look again.
    const auto again = store_.Statuses({review_id});
    if (again.ok() && !again->empty()) waiters_.Settle(again->front());
  });
  if (!accepted) (*held)(errors::Busy());
}

absl::StatusOr<domain::Grant> LocalReviewGate::Take(const reviews::Person& requester,
                                                    const std::string& review_id,
                                                    const std::string& session_id,
                                                    const std::string& binding_hash) {
  CS_ASSIGN_OR_RETURN(const reviews::Review review, store_.Get(review_id));
  if (!AskedFor(review, requester)) return errors::NotFound(review_id);
  domain::Grant grant;
  grant.review_id = review_id;
  for (const reviews::Vote& vote : review.votes) {
    if (vote.ballot != reviews::Ballot::kApprove) continue;
    grant.approvers.push_back(vote.voter.DisplayName());
    // A grant that was used already is answered again whatever became of its approvers.
    if (review.state != ReviewState::kApproved) continue;
    CS_ASSIGN_OR_RETURN(const bool still,
                        directory_.StillReviewer(vote, review.connection, review.terms));
    if (!still) {
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

void LocalReviewGate::Consume(const domain::Call& call, const std::string& review_id,
                              const std::string& session_id, const std::string& binding_hash,
                              absl::Time deadline, domain::Done<domain::Grant> done) {
  AnswerOn<domain::Grant>(
      pool_, AnsweredBy<domain::Grant>(timers_, deadline, std::move(done)),
      [this, requester = reviews::PersonOf(*call.principal), review_id, session_id, binding_hash] {
        return Take(requester, review_id, session_id, binding_hash);
      });
}

void LocalReviewGate::Leave(const domain::Call&, const std::string& review_id,
                            const std::string& session_id) {
  waiters_.Leave(review_id, session_id);
}

}  // namespace countersign::approval::gate
