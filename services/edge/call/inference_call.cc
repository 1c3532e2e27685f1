#include "services/edge/call/inference_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/dialects.h"
#include "libs/domain/event_payload.h"
#include "libs/json/writer.h"
#include "libs/log/log.h"
#include "services/edge/call/review_hold.h"

namespace countersign::edge {
namespace {

using domain::Outcome;

Refusal Blocked(absl::string_view code, absl::string_view message) {
  return Refusal{dialects::MakeCallerError(code, message), Outcome::kBlocked};
}

}  // namespace

InferenceCall::InferenceCall(const EdgeServices& services, Upstream& upstream,
                             http::Exchange& exchange, Reply& reply, const Request& request)
    : services_(services),
      upstream_(upstream),
      exchange_(exchange),
      reply_(reply),
      request_(request),
      executor_(exchange.executor()),
      cancellation_(exchange.cancellation()) {}

async::Awaitable<void> InferenceCall::Run(VerifiedCaller& caller,
                                          std::shared_ptr<const domain::ResourceSet> resources) {
  const absl::StatusOr<Route> route =
      FindRoute(std::move(resources), Find(request_.headers, "host"), request_.path);
  if (!route.ok()) {
    const std::string reason = ReasonOf(route.status());
    const dialects::CallerError error =
        reason.empty() ? dialects::ErrorOfPart(route.status(), "configuration")
                       : dialects::MakeCallerError(reason, route.status().message());
    co_return co_await RefuseEarly(error, "", "");
  }
  const std::string& name = route->connection->name;
  const dialects::Dialect* const dialect = dialects::DialectOf(route->connection->protocol);
  if (dialect == nullptr) {
    const dialects::CallerError error = dialects::MakeCallerError(
        "not_found", "this gateway does not speak the connection's protocol");
    co_return co_await RefuseEarly(error, name, "");
  }
  reply_.SetDialect(*dialect);
  absl::StatusOr<std::string> body = co_await exchange_.ReadBody();
  if (!body.ok()) {
    if (cancellation_.cancelled()) co_return Count(name, dialect->name(), "cancelled");
    const dialects::CallerError error = dialects::MakeCallerError(
        absl::IsResourceExhausted(body.status()) ? "payload_too_large" : "invalid_request",
        body.status().message());
    co_return co_await RefuseEarly(error, name, dialect->name());
  }
  dialects::IncomingRequest incoming{exchange_.head().method, route->path, request_.query,
                                     request_.headers, *std::move(body)};
  const absl::StatusOr<dialects::ReadCall> read = dialect->Read(incoming);
  if (!read.ok()) {
    const dialects::CallerError error = dialects::MakeCallerError(
        absl::IsNotFound(read.status()) ? "not_found" : "invalid_request", read.status().message());
    co_return co_await RefuseEarly(error, name, dialect->name());
  }
  const Judged judged{caller, *route, *dialect, *read};
  co_await InSession(judged);
}

domain::SessionStart InferenceCall::StartOf(const Judged& judged) const {
  domain::SessionStart start;
  start.session_id = UuidV7(services_.clock.Now(), services_.random);
  start.request_id = request_.request_id;
  start.connection = judged.route.connection->name;
  start.prompt = judged.read.prompt;
  start.method = judged.read.method;
  start.path = request_.path;
  start.body = judged.read.body;
  start.client_address = exchange_.client_address();
  start.user_agent = std::string(Find(request_.headers, "user-agent"));
  return start;
}

async::Awaitable<void> InferenceCall::InSession(const Judged& judged) {
  DecidedCall::Deciding deciding(services_, judged.caller, judged.route, judged.read.prompt,
                                 executor_);
  Session session(services_, judged.caller, StartOf(judged), executor_, cancellation_);
  reply_.SetSession(session.id());
  Outcome outcome = Outcome::kCompleted;
  std::optional<Refusal> refusal = co_await Walk(judged, deciding, session, outcome);
  if (refusal) co_return co_await EndRefused(judged, session, *std::move(refusal));
  Count(judged.route.connection->name, judged.dialect.name(), domain::ToString(outcome));
}

async::Awaitable<std::optional<Refusal>> InferenceCall::Walk(const Judged& judged,
                                                             DecidedCall::Deciding& deciding,
                                                             Session& session, Outcome& outcome) {
  std::optional<Refusal> refusal = CheckCaller(judged);
  if (refusal) co_return refusal;
  absl::StatusOr<DecidedCall> decided = co_await deciding.Get(cancellation_);
  if (!decided.ok()) co_return RefusalOfPart(decided.status(), "policy");
  session.Queue(domain::event_type::kDecision, domain::DecisionPayload(decided->decision()));
  refusal = CheckDecision(*decided);
  if (refusal) co_return refusal;

  Step<PreparedRequest> prepared =
      co_await PreparedRequest::Prepare(services_, judged.caller, judged.route, judged.read,
                                        request_.headers, *decided, executor_, cancellation_);
  if (auto* refused = std::get_if<Refusal>(&prepared)) co_return std::move(*refused);

  std::unique_ptr<Provision> provision;
  Step<AdmittedRequest> admitted = Refusal();
  if (std::optional<Clearance> clearance = Clearance::ByPolicy(*decided)) {
    provision =
        std::make_unique<Provision>(services_, judged.caller, judged.route, *decided,
                                    std::get<PreparedRequest>(prepared).placeholders(), executor_);
    admitted = co_await AdmitAllowed(
        *provision, session, std::get<PreparedRequest>(std::move(prepared)), *std::move(clearance));
  } else {
    admitted = co_await AdmitReviewed(judged, *decided, provision, session,
                                      std::get<PreparedRequest>(std::move(prepared)));
  }
  if (auto* refused = std::get_if<Refusal>(&admitted)) co_return std::move(*refused);

  const AdmittedRequest& request = std::get<AdmittedRequest>(admitted);
  absl::StatusOr<std::unique_ptr<http::ClientResponse>> response =
      co_await upstream_.Send(request, provision->lease(), cancellation_);
  if (cancellation_.cancelled()) co_return RefusalOfStop(cancellation_.cause());
  if (!response.ok()) co_return RefusalOfUpstream(response.status(), request.grant_used());
  const AnswerDelivery::Context context{services_,       judged.dialect,      judged.read,
                                        judged.route,    decided->decision(), request.grant_used(),
                                        request_.arrived};
  AnswerDelivery delivery(context, session, reply_, provision->masking(), executor_, cancellation_);
  refusal = co_await delivery.Deliver(**response);
  if (!refusal) {
    outcome = delivery.outcome();
    upstream_.Done(*std::move(response));
  }
  co_return refusal;
}

std::optional<Refusal> InferenceCall::CheckCaller(const Judged& judged) const {
  const domain::Connection& connection = *judged.route.connection;
  if (!domain::HasRole(judged.caller.principal(), domain::Role::kCaller, connection.name)) {
    return Blocked("permission_denied",
                   absl::StrCat(judged.caller.principal().DisplayName(),
                                " may not call connection \"", connection.name, "\""));
  }
  const std::string& model = judged.read.prompt->model;
  if (!model.empty() && !domain::ServesModel(connection, model)) {
    Refusal refusal = Blocked("model_not_found", absl::StrCat("connection \"", connection.name,
                                                              "\" has no model \"", model, "\""));
    refusal.error.param = "model";
    return refusal;
  }
  return std::nullopt;
}

std::optional<Refusal> InferenceCall::CheckDecision(const DecidedCall& decided) {
  if (decided.verdict() != domain::Verdict::kDeny) return std::nullopt;
  const std::string& message = decided.decision().message;
  return Blocked("policy_denied", message.empty() ? "a policy does not allow this call" : message);
}

async::Awaitable<Step<AdmittedRequest>> InferenceCall::AdmitAllowed(Provision& provision,
                                                                    Session& session,
                                                                    PreparedRequest prepared,
                                                                    Clearance clearance) {
  absl::StatusOr<AdmittedRequest> admitted = co_await AdmittedRequest::Admit(
      services_, session, std::move(prepared), std::move(clearance));
  if (cancellation_.cancelled()) co_return RefusalOfStop(cancellation_.cause());
  if (!admitted.ok()) co_return RefusalOfPart(admitted.status(), "session recorder");
  std::optional<Refusal> refusal = co_await provision.Await(cancellation_);
  if (refusal) co_return *std::move(refusal);
  co_return *std::move(admitted);
}

async::Awaitable<Step<AdmittedRequest>> InferenceCall::AdmitReviewed(
    const Judged& judged, DecidedCall& decided, std::unique_ptr<Provision>& provision,
    Session& session, PreparedRequest prepared) {
  const absl::Status recorded = co_await session.Append();  // before its review opens
  if (!recorded.ok()) co_return RefusalOfPart(recorded, "session recorder");
  ReviewHold hold(services_, judged.caller, judged.route, prepared, decided, session, reply_,
                  executor_, cancellation_);
  const bool defer = HasToken(request_.headers, "prefer", "respond-async");
  while (true) {
    auto waited = co_await hold.Wait(judged.read.prompt->stream, defer);
    if (auto* refused = std::get_if<Refusal>(&waited)) co_return std::move(*refused);
    if (auto* deferred = std::get_if<Deferred>(&waited)) {
      co_return co_await Defer(std::move(deferred->review_id));
    }
    const ApprovedReview& approved = std::get<ApprovedReview>(waited);
    if (approved.held) {
      const domain::ReviewTerms given = decided.decision().review;
      std::optional<Refusal> changed = co_await JudgeAgain(judged, session, decided);
      if (changed) co_return *std::move(changed);
      // What policy asks for now goes to reviewers anew, within the same hold.
      const bool reviewed = decided.verdict() == domain::Verdict::kReview;
      if (reviewed && !Covers(given, decided.decision().review)) continue;
    }
    provision = std::make_unique<Provision>(services_, judged.caller, judged.route, decided,
                                            prepared.placeholders(), executor_);
    std::optional<Refusal> refusal = co_await provision->Await(cancellation_);
    if (refusal) co_return *std::move(refusal);

    absl::StatusOr<Clearance> clearance = co_await Clearance::ByReview(
        services_, judged.caller, session, prepared, approved.review_id, executor_, cancellation_);
    if (clearance.ok()) {
      co_return co_await AdmitAllowed(*provision, session, std::move(prepared),
                                      *std::move(clearance));
    }
    const std::string reason = ReasonOf(clearance.status());
    if (reason == "review_exhausted" || reason == "review_not_approved") {
      std::optional<Clearance> allowed = Clearance::ByPolicy(decided);
      if (!allowed) continue;
      co_return co_await AdmitAllowed(*provision, session, std::move(prepared),
                                      *std::move(allowed));
    }
    if (reason == "review_expired") {
      Refusal expired{dialects::MakeCallerError("review_expired", "the approval has expired"),
                      Outcome::kReviewExpired};
      expired.error.review_id = approved.review_id;
      co_return expired;
    }
    if (reason == "review_revoked") {
      Refusal revoked{dialects::MakeCallerError("review_denied", "the approval was revoked"),
                      Outcome::kReviewDenied};
      revoked.error.review_id = approved.review_id;
      co_return revoked;
    }
    co_return RefusalOfPart(clearance.status(), "approval");
  }
}

async::Awaitable<std::optional<Refusal>> InferenceCall::JudgeAgain(const Judged& judged,
                                                                   Session& session,
                                                                   DecidedCall& decided) {
  std::optional<Refusal> refusal =
      co_await judged.caller.VerifyAgain(services_, executor_, cancellation_);
  if (!refusal) refusal = CheckCaller(judged);
  if (!refusal) refusal = CheckConnection(judged);
  if (refusal) co_return refusal;
  DecidedCall::Deciding deciding(services_, judged.caller, judged.route, judged.read.prompt,
                                 executor_);
  absl::StatusOr<DecidedCall> now = co_await deciding.Get(cancellation_);
  if (!now.ok()) co_return RefusalOfPart(now.status(), "policy");
  session.Queue(domain::event_type::kDecision, domain::DecisionPayload(now->decision()));
  std::optional<Refusal> denied = CheckDecision(*now);
  if (denied) co_return denied;
  if (now->decision().masking_profile != decided.decision().masking_profile) {
    // What was approved was prepared under the other profile.
    co_return Blocked("policy_denied",
                      "the policy changed while the call was held; send the call again");
  }
  decided = *std::move(now);
  co_return std::nullopt;
}

std::optional<Refusal> InferenceCall::CheckConnection(const Judged& judged) const {
  const domain::Connection& routed = *judged.route.connection;
  const auto resources = services_.resources.Current();
  const auto now = resources->connections.find(routed.name);
  if (now == resources->connections.end()) {
    return Blocked("unknown_connection",
                   absl::StrCat("there is no connection \"", routed.name, "\" any more"));
  }
  if (now->second.version == routed.version) return std::nullopt;
  // The approval was for the connection as it was: its address and its credential may be others.
  return Blocked("policy_denied",
                 "the connection changed while the call was held; send the call again");
}

// The 202 goes out as the refusal that ends the session: nothing was sent upstream.
async::Awaitable<Refusal> InferenceCall::Defer(std::string review_id) {
  Refusal refusal{dialects::MakeCallerError("review_pending", "the call waits for a reviewer"),
                  Outcome::kReviewPending};
  refusal.error.http_status = 202;
  refusal.error.review_id = std::move(review_id);
  co_return refusal;
}

async::Awaitable<void> InferenceCall::RefuseEarly(const dialects::CallerError& error,
                                                  absl::string_view connection,
                                                  absl::string_view dialect) {
  Count(connection, dialect, error.code);
  co_await reply_.Error(error);
}

async::Awaitable<void> InferenceCall::EndRefused(const Judged& judged, Session& session,
                                                 Refusal refusal) {
  if (reply_.streaming() && !refusal.silent()) {
    session.Queue(domain::event_type::kResponseData,
                  domain::ResponseDataPayload(reply_.InBand(refusal.error), {}));
  }
  domain::SessionEnd end;
  end.outcome = refusal.outcome;
  end.code = refusal.silent() ? "" : refusal.error.code;
  const absl::Status ended = co_await session.End(std::move(end));
  if (!refusal.cause.ok()) {
    log::Warning("call failed", {{"request_id", request_.request_id},
                                 {"session_id", session.id()},
                                 {"connection", judged.route.connection->name},
                                 {"outcome", domain::ToString(refusal.outcome)},
                                 {"error", refusal.cause}});
  }
  const bool killed = refusal.outcome == Outcome::kKilled;
  if (!ended.ok() && !killed && refusal.outcome != Outcome::kAborted) {
    // A refusal that is not on record is not given: the gate is closed, that is all.
    refusal = RefusalOfPart(absl::UnavailableError(ended.message()), "session recorder");
  }
  Count(judged.route.connection->name, judged.dialect.name(), domain::ToString(refusal.outcome));
  if (refusal.silent()) co_return;
  if (refusal.error.http_status == 202) {
    reply_.SetReview(refusal.error.review_id);
    json::Writer out;
    out.BeginObject().Key("review_id").String(refusal.error.review_id);
    out.Key("status_url").String(absl::StrCat("/countersign/reviews/", refusal.error.review_id));
    out.EndObject();
    co_await reply_.Json(202, out.str());
    co_return;
  }
  co_await reply_.Error(refusal.error);
}

void InferenceCall::Count(absl::string_view connection, absl::string_view dialect,
                          absl::string_view outcome) {
  services_.metrics.Request(connection, dialect, outcome, services_.clock.Now() - request_.arrived);
}

}  // namespace countersign::edge
