#include "services/edge/call/admission/review.h"

#include "absl/strings/str_cat.h"
#include "libs/domain/binding.h"
#include "libs/domain/event_payload.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/call/reason.h"

namespace countersign::edge::call::admission {
namespace {

using domain::Outcome;
using domain::ReviewState;
using domain::ReviewStatus;

// How often a call joins a review again because others used the grant.
constexpr int kMaxRounds = 16;

Refusal RefuseReviewed(absl::string_view code, absl::string_view message, Outcome outcome,
                       const std::string& review_id) {
  Refusal refusal{dialects::MakeCallerError(code, message), outcome, absl::OkStatus()};
  refusal.error.review_id = review_id;
  return refusal;
}

// Refuses a call whose review ended, or is still pending, without an approval.
Refusal RefuseUnapproved(const ReviewStatus& status) {
  switch (status.state) {
    case ReviewState::kPending:
      return RefuseReviewed("review_pending",
                            "nobody has decided yet; send the same call again later",
                            Outcome::kReviewPending, status.review_id);
    case ReviewState::kExpired:
      return RefuseReviewed("review_expired", "nobody decided in time", Outcome::kReviewExpired,
                            status.review_id);
    default: break;
  }
  std::string message = "a reviewer refused this call";
  if (!status.reason.empty()) absl::StrAppend(&message, ": ", status.reason);
  return RefuseReviewed("review_denied", message, Outcome::kReviewDenied, status.review_id);
}

// The review stays, and so does whatever reviewers decide meanwhile.
Refusal RefuseStopping(const std::string& review_id) {
  return RefuseReviewed("review_pending",
                        absl::StrCat("the gateway is stopping; review ", review_id,
                                     " stays open: send the same call again to take it up"),
                        Outcome::kReviewPending, review_id);
}

class ReviewedCall {
 public:
  ReviewedCall(const CallContext& context, const request::VerifiedCaller& caller,
               const request::ReadRequest& read, DecidedCall decided, Session& session,
               PreparedRequest prepared)
      : context_(context),
        caller_(caller),
        read_(read),
        decided_(std::move(decided)),
        session_(session),
        prepared_(std::move(prepared)),
        begun_(context.executor.Now()),
        hold_until_(context.services.clock.Now() + decided_.terms().hold) {}

  async::Awaitable<AdmissionResult> Run();

 private:
  // The call continues, joins again, or ends.
  struct JoinAgain {};
  using Round = std::variant<AdmittedRequest, Deferred, Refusal, JoinAgain>;
  using Decided = std::variant<ReviewStatus, Deferred, Refusal>;

  async::Awaitable<Round> RunRound();
  async::Awaitable<Decided> JoinAndWait();
  async::Awaitable<absl::StatusOr<ReviewStatus>> Join();
  // The caller asks not to be held, or would give up before the hold is over.
  bool WantsNoHold() const {
    return context_.deadline < hold_until_ ||
           headers::HasToken(context_.request.headers, "prefer", "respond-async");
  }
  // ABORTED when the process begins to stop.
  async::Awaitable<absl::StatusOr<ReviewStatus>> Wait(const std::string& review_id);
  // Queues how the review ended, for the next commit of the session.
  void QueueEnd(const ReviewStatus& review);
  async::Awaitable<void> QueueRevocation(const std::string& review_id);
  async::Awaitable<std::optional<Refusal>> VerifyCallerAgain();
  async::Awaitable<std::optional<Refusal>> CheckAgain();
  std::optional<Refusal> CheckConnection() const;
  async::Awaitable<Round> UseGrant(const std::string& review_id);
  async::Awaitable<Round> Admit(UpstreamLease lease, Clearance clearance);

  const CallContext& context_;
  request::VerifiedCaller caller_;  // as last verified
  const request::ReadRequest& read_;
  DecidedCall decided_;  // the newest decision
  Session& session_;
  PreparedRequest prepared_;
  const async::TimePoint begun_;
  const absl::Time hold_until_;
  bool held_ = false;  // the decision may be outdated
};

async::Awaitable<AdmissionResult> ReviewedCall::Run() {
  // The session must be durable before the review opens.
  const absl::Status recorded = co_await session_.Append();
  if (context_.cancellation.cancelled()) co_return RefuseCancelled(context_.cancellation.cause());
  if (!recorded.ok()) co_return RefuseForPart(recorded, "session recorder");
  if (context_.observer != nullptr) {
    co_await context_.observer->OnDecided(session_.id(), decided_.decision());
  }
  for (int i = 0; i < kMaxRounds; ++i) {
    Round round = co_await RunRound();
    if (auto* admitted = std::get_if<AdmittedRequest>(&round)) co_return std::move(*admitted);
    if (auto* deferred = std::get_if<Deferred>(&round)) co_return std::move(*deferred);
    if (auto* refusal = std::get_if<Refusal>(&round)) co_return std::move(*refusal);
  }
  co_return RefuseReviewed("review_pending",
                           "others used every grant first; send the same call again",
                           Outcome::kReviewPending, "");
}

async::Awaitable<ReviewedCall::Round> ReviewedCall::RunRound() {
  Decided waited = co_await JoinAndWait();
  if (auto* deferred = std::get_if<Deferred>(&waited)) co_return std::move(*deferred);
  if (auto* refusal = std::get_if<Refusal>(&waited)) co_return std::move(*refusal);
  const ReviewStatus& review = std::get<ReviewStatus>(waited);
  QueueEnd(review);
  if (review.state == ReviewState::kConsumed || review.state == ReviewState::kExhausted) {
    co_return JoinAgain();
  }
  if (review.state != ReviewState::kApproved) co_return RefuseUnapproved(review);
  if (held_) {
    const domain::ReviewTerms given = decided_.terms();
    std::optional<Refusal> changed = co_await CheckAgain();
    if (changed) co_return *std::move(changed);
    // The new terms of the policy go to reviewers again, within the same hold.
    if (!decided_.allowed() && !Covers(given, decided_.terms())) co_return JoinAgain();
  }
  co_return co_await UseGrant(review.review_id);
}

async::Awaitable<ReviewedCall::Decided> ReviewedCall::JoinAndWait() {
  const StageTimer timer(context_.services, Stage::kReview);
  if (held_) {  // the internal token may have expired
    std::optional<Refusal> lost = co_await VerifyCallerAgain();
    if (lost) co_return *std::move(lost);
  }
  absl::StatusOr<ReviewStatus> status = co_await Join();
  if (!status.ok()) co_return RefuseForPart(status.status(), "approval");
  if (status->state != ReviewState::kPending) co_return *std::move(status);

  const std::string review_id = status->review_id;
  session_.Queue(
      domain::event_type::kReviewWaiting,
      domain::ReviewWaitingPayload(review_id, prepared_.binding_hash(), status->expires_at));
  const absl::Status recorded = co_await session_.Append();
  if (!recorded.ok()) co_return RefuseForPart(recorded, "session recorder");
  if (context_.observer != nullptr) {
    const CallObserver::Hold hold{review_id, prepared_.binding_hash(), status->expires_at};
    co_await context_.observer->OnHeld(hold);
  }
  if (WantsNoHold()) {
    context_.services.ports.reviews.Leave(caller_.call(), review_id, session_.id());
    co_return Deferred{review_id};
  }
  status = co_await Wait(review_id);
  if (context_.cancellation.cancelled()) co_return RefuseHeld(context_.cancellation.cause());
  if (!status.ok() && context_.services.stopping.stopped()) co_return RefuseStopping(review_id);
  if (!status.ok()) co_return RefuseForPart(status.status(), "approval");
  co_return *std::move(status);
}

void ReviewedCall::QueueEnd(const ReviewStatus& review) {
  const absl::string_view type = domain::ReviewEndType(review.state);
  if (!type.empty()) session_.Queue(type, domain::ReviewEndPayload(review));
}

async::Awaitable<void> ReviewedCall::QueueRevocation(const std::string& review_id) {
  async::PendingReply<absl::StatusOr<ReviewStatus>> answer(context_.executor);
  context_.services.ports.reviews.GetStatus(caller_.call(), review_id,
                                            context_.services.PortDeadline(), answer.done());
  absl::StatusOr<ReviewStatus> status = co_await answer.Get(context_.cancellation);
  // The refusal is recorded in any case; without an answer, who revoked it is not.
  if (!status.ok() || status->state != ReviewState::kRevoked) {
    status.emplace();
    status->review_id = review_id;
    status->state = ReviewState::kRevoked;
  }
  QueueEnd(*status);
}

async::Awaitable<absl::StatusOr<ReviewStatus>> ReviewedCall::Join() {
  const domain::Decision& decision = decided_.decision();
  domain::ReviewRequest ask;
  ask.session_id = session_.id();
  ask.connection = read_.connection().name;
  ask.connection_version = read_.connection().version;
  ask.binding_hash = prepared_.binding_hash();
  ask.policy = decision.policy;
  ask.policy_version = decision.policy_version;
  ask.terms = decision.review;
  // What reviewers are shown is read from the very bytes that their approval binds.
  absl::StatusOr<std::shared_ptr<const domain::Prompt>> bound =
      co_await read_.ReadAgain(context_, prepared_.body(), prepared_.head().headers);
  if (!bound.ok()) co_return bound.status();
  ask.prompt = *std::move(bound);
  ask.findings = decision.findings;
  if (ask.prompt->parts.size() != prepared_.prompt()->parts.size()) {
    for (domain::Finding& finding : ask.findings) finding.part = finding.begin = finding.end = 0;
  }
  ask.prompt_tokens = decision.prompt_tokens;
  ask.head = {prepared_.head().method, prepared_.head().target,
              domain::BoundHeaders(prepared_.head().headers)};
  ask.upstream_body = prepared_.body();
  async::PendingReply<absl::StatusOr<ReviewStatus>> answer(context_.executor);
  context_.services.ports.reviews.Join(caller_.call(), std::move(ask),
                                       context_.services.PortDeadline(), answer.done());
  co_return co_await answer.Get(context_.cancellation);
}

async::Awaitable<absl::StatusOr<ReviewStatus>> ReviewedCall::Wait(const std::string& review_id) {
  held_ = true;
  const CallServices& services = context_.services;
  // What ends the waiting before a decision does: the call's end, or that the process stops.
  async::Cancellation cancellation;
  const async::Cancellation::Watch ended(
      context_.cancellation, [&] { cancellation.Cancel(context_.cancellation.cause()); });
  const async::StopSignal::Watch stopping(services.stopping, context_.executor, [&] {
    cancellation.Cancel(absl::AbortedError("the gateway stops"));
  });
  async::PendingReply<absl::StatusOr<ReviewStatus>> answer(context_.executor);
  services.ports.reviews.Wait(caller_.call(), review_id, session_.id(), hold_until_, answer.done());
  auto next = begun_ + absl::ToChronoNanoseconds(services.options.status_within);
  const bool keeps_alive = read_.prompt()->stream && context_.caller_connection.CanBeginEarly();
  while (keeps_alive && !cancellation.cancelled()) {
    const bool decided = co_await answer.WaitUntil(next, cancellation);
    if (decided || cancellation.cancelled()) break;
    const absl::Status told = co_await context_.reply.SendKeepAlive();
    if (!told.ok()) break;
    next = context_.executor.After(services.options.waiting_every);
  }
  absl::StatusOr<ReviewStatus> status = co_await answer.Get(cancellation);
  if (cancellation.cancelled()) {
    services.ports.reviews.Leave(caller_.call(), review_id, session_.id());
  }
  co_return status;
}

async::Awaitable<std::optional<Refusal>> ReviewedCall::VerifyCallerAgain() {
  Step<request::VerifiedCaller> verified = co_await caller_.VerifyAgain(context_);
  if (!verified.ok()) co_return std::move(verified).refusal();
  caller_ = *std::move(verified);
  co_return std::nullopt;
}

// Checks again, when a held call is released: the credential, the caller's role, that the
// connection is unchanged, and the policy.
async::Awaitable<std::optional<Refusal>> ReviewedCall::CheckAgain() {
  std::optional<Refusal> refusal = co_await VerifyCallerAgain();
  if (!refusal) refusal = request::CheckCaller(caller_, read_);
  if (!refusal) refusal = CheckConnection();
  if (refusal) co_return refusal;
  PendingDecision asked(context_, caller_, read_, &decided_);
  Step<DecidedCall> now = co_await asked.Get(session_);
  if (!now.ok()) co_return std::move(now).refusal();
  if (now->decision().masking_profile != decided_.decision().masking_profile) {
    // The approved request was prepared with the other profile.
    co_return RefuseBlocked("policy_denied",
                            "the policy changed while the call was held; send the call again");
  }
  decided_ = *std::move(now);
  co_return std::nullopt;
}

std::optional<Refusal> ReviewedCall::CheckConnection() const {
  const domain::Connection& routed = read_.connection();
  const auto resources = context_.services.resources.Current();
  const auto now = resources->connections.find(routed.name);
  if (now == resources->connections.end()) {
    return RefuseBlocked("unknown_connection",
                         absl::StrCat("there is no connection \"", routed.name, "\" any more"));
  }
  if (now->second.version == routed.version) return std::nullopt;
  // The approval was for the previous version of the connection: address and credential may have
  // changed.
  return RefuseBlocked("policy_denied",
                       "the connection changed while the call was held; send the call again");
}

async::Awaitable<ReviewedCall::Round> ReviewedCall::UseGrant(const std::string& review_id) {
  UpstreamLease lease(context_, caller_, read_, decided_, prepared_.placeholders());
  std::optional<Refusal> refusal = co_await lease.Await(context_.cancellation);
  if (refusal) co_return *std::move(refusal);
  absl::StatusOr<Clearance> clearance =
      co_await Clearance::ByReview(context_, caller_, session_, prepared_, review_id);
  if (clearance.ok()) co_return co_await Admit(std::move(lease), *std::move(clearance));
  switch (ToReason(clearance.status())) {
    case Reason::kGrantUsed: {
      std::optional<Clearance> allowed = Clearance::ByPolicy(decided_);
      if (!allowed) co_return JoinAgain();
      co_return co_await Admit(std::move(lease), *std::move(allowed));
    }
    case Reason::kGrantExpired:
      QueueEnd({.review_id = review_id, .state = ReviewState::kExpired});
      co_return RefuseReviewed("review_expired", "the approval has expired",
                               Outcome::kReviewExpired, review_id);
    case Reason::kGrantRevoked:
      co_await QueueRevocation(review_id);
      co_return RefuseReviewed("review_denied", "the approval was revoked", Outcome::kReviewDenied,
                               review_id);
    default: co_return RefuseForPart(clearance.status(), "approval");
  }
}

async::Awaitable<ReviewedCall::Round> ReviewedCall::Admit(UpstreamLease lease,
                                                          Clearance clearance) {
  AdmittedRequest::Candidate candidate{std::move(prepared_), std::move(decided_), std::move(lease)};
  Step<AdmittedRequest> admitted = co_await AdmittedRequest::Admit(
      context_, session_, std::move(candidate), std::move(clearance));
  if (!admitted.ok()) co_return std::move(admitted).refusal();
  co_return *std::move(admitted);
}

}  // namespace

async::Awaitable<AdmissionResult> AdmitReviewed(const CallContext& context,
                                                const request::VerifiedCaller& caller,
                                                const request::ReadRequest& read,
                                                DecidedCall&& decided, Session& session,
                                                PreparedRequest&& prepared) {
  ReviewedCall call(context, caller, read, std::move(decided), session, std::move(prepared));
  co_return co_await call.Run();
}

}  // namespace countersign::edge::call::admission
