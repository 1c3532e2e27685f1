#include "services/edge/call/review_hold.h"

#include "absl/strings/str_cat.h"
#include "libs/domain/event_payload.h"

namespace countersign::edge {
namespace {

using domain::Outcome;
using domain::ReviewState;
using domain::ReviewStatus;
using Result = std::variant<ApprovedReview, Deferred, Refusal>;

// How often a call takes up a new review when others used the grant before it.
constexpr int kMaxRounds = 16;

}  // namespace

ReviewHold::ReviewHold(const EdgeServices& services, VerifiedCaller& caller, const Route& route,
                       const PreparedRequest& request, const DecidedCall& decided, Session& session,
                       Reply& reply, async::Executor executor, async::Cancellation& cancellation)
    : services_(services),
      caller_(caller),
      route_(route),
      request_(request),
      decided_(decided),
      session_(session),
      reply_(reply),
      executor_(std::move(executor)),
      cancellation_(cancellation),
      hold_until_(services.clock.Now() + decided.decision().review.hold),
      begun_(std::chrono::steady_clock::now()) {}

async::Awaitable<absl::StatusOr<ReviewStatus>> ReviewHold::Join() {
  const domain::Decision& decision = decided_.decision();
  domain::ReviewRequest ask;
  ask.session_id = session_.id();
  ask.connection = route_.connection->name;
  ask.connection_version = route_.connection->version;
  ask.binding_hash = request_.binding_hash();
  ask.policy = decision.policy;
  ask.policy_version = decision.policy_version;
  ask.terms = decision.review;
  ask.prompt = request_.prompt();
  ask.findings = decision.findings;
  ask.prompt_tokens = decision.prompt_tokens;
  ask.upstream_body = request_.body();
  async::PendingReply<absl::StatusOr<ReviewStatus>> answer(executor_);
  services_.ports.reviews.Join(caller_.call(), std::move(ask), services_.PortDeadline(),
                               answer.done());
  co_return co_await answer.Get(cancellation_);
}

async::Awaitable<absl::StatusOr<ReviewStatus>> ReviewHold::AwaitDecision(
    const std::string& review_id, bool stream) {
  held_ = true;
  async::PendingReply<absl::StatusOr<ReviewStatus>> answer(executor_);
  services_.ports.reviews.Wait(caller_.call(), review_id, session_.id(), hold_until_,
                               answer.done());
  auto next = begun_ + absl::ToChronoNanoseconds(services_.config.status_within);
  while (stream && !cancellation_.cancelled()) {
    const bool decided = co_await answer.WaitUntil(next, cancellation_);
    if (decided || cancellation_.cancelled()) break;
    const absl::Status told = co_await reply_.StillWaiting();
    if (!told.ok()) break;
    next = std::chrono::steady_clock::now() +
           absl::ToChronoNanoseconds(services_.config.waiting_every);
  }
  absl::StatusOr<ReviewStatus> status = co_await answer.Get(cancellation_);
  if (cancellation_.cancelled())
    services_.ports.reviews.Leave(caller_.call(), review_id, session_.id());
  co_return status;
}

Refusal ReviewHold::RefusalOf(const ReviewStatus& status) const {
  Refusal refusal;
  switch (status.state) {
    case ReviewState::kPending:
      refusal =
          Refusal{dialects::MakeCallerError(
                      "review_pending", "nobody has decided yet; send the same call again later"),
                  Outcome::kReviewPending};
      break;
    case ReviewState::kExpired:
      refusal = Refusal{dialects::MakeCallerError("review_expired", "nobody decided in time"),
                        Outcome::kReviewExpired};
      break;
    default:
      refusal = Refusal{
          dialects::MakeCallerError(
              "review_denied", status.reason.empty()
                                   ? "a reviewer refused this call"
                                   : absl::StrCat("a reviewer refused this call: ", status.reason)),
          Outcome::kReviewDenied};
  }
  refusal.error.review_id = status.review_id;
  return refusal;
}

async::Awaitable<Result> ReviewHold::Wait(bool stream, bool defer) {
  const StageTimer timer(services_, Stage::kReview);
  for (int round = 0; round < kMaxRounds; ++round) {
    if (held_) {
      std::optional<Refusal> lost =
          co_await caller_.VerifyAgain(services_, executor_, cancellation_);
      if (lost) co_return *std::move(lost);
    }
    absl::StatusOr<ReviewStatus> status = co_await Join();
    if (!status.ok()) co_return RefusalOfPart(status.status(), "approval");
    if (status->state == ReviewState::kPending) {
      session_.Queue(domain::event_type::kReviewWaiting,
                     domain::ReviewWaitingPayload(status->review_id, request_.binding_hash(),
                                                  status->expires_at));
      const absl::Status recorded = co_await session_.Append();
      if (!recorded.ok()) co_return RefusalOfPart(recorded, "session recorder");
      if (defer) {
        services_.ports.reviews.Leave(caller_.call(), status->review_id, session_.id());
        co_return Deferred{status->review_id};
      }
      const std::string review_id = status->review_id;
      status = co_await AwaitDecision(review_id, stream);
      if (cancellation_.cancelled()) co_return RefusalOfStop(cancellation_.cause());
      if (!status.ok()) co_return RefusalOfPart(status.status(), "approval");
    }
    if (status->state == ReviewState::kApproved) {
      co_return ApprovedReview{status->review_id, held_};
    }
    const bool used =
        status->state == ReviewState::kConsumed || status->state == ReviewState::kExhausted;
    if (!used) co_return RefusalOf(*status);
  }
  co_return Refusal{
      dialects::MakeCallerError("review_pending",
                                "others used every grant first; send the same call again"),
      Outcome::kReviewPending};
}

}  // namespace countersign::edge
