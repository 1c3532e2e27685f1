#include "services/edge/call/pipeline.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/dialects/dialects.h"
#include "libs/domain/event_payload.h"
#include "libs/json/writer.h"
#include "libs/log/log.h"
#include "services/edge/call/admission/admit.h"
#include "services/edge/call/answer/answer_delivery.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/call/reason.h"
#include "services/edge/call/reflection/add_schema.h"
#include "services/edge/call/request/caller_watch.h"

namespace countersign::edge::call {
namespace {

using admission::AdmissionResult;
using admission::AdmittedRequest;
using admission::DecidedCall;
using admission::PendingDecision;
using admission::PreparedRequest;
using admission::Session;
using domain::Outcome;
using request::ReadRequest;
using request::Route;
using request::VerifiedCaller;

// The known labels of the call's metrics.
struct Labels {
  std::string connection;
  absl::string_view dialect;
  std::string operation;  // empty until the request was read
};

void Count(const CallContext& context, const Labels& labels, absl::string_view outcome) {
  const CallServices& services = context.services;
  services.metrics.Request(labels.connection, labels.dialect, outcome,
                           services.clock.Now() - context.arrived, labels.operation);
}

// Refuses a call before step 5: there is no session, and the counted outcome is the error's code.
async::Awaitable<void> RefuseEarly(const CallContext& context, const Labels& labels,
                                   const Refusal& refusal) {
  Count(context, labels, refusal.silent() ? "cancelled" : absl::string_view(refusal.error.code));
  if (!refusal.silent()) co_await context.reply.SendError(refusal.error);
}

// Step 3.
Step<Route> RouteCall(const CallContext& context) {
  const RequestHead& head = context.request;
  const absl::string_view host = headers::FindHeader(head.headers, "host");
  absl::StatusOr<Route> route =
      head.rpc ? request::FindRpcRoute(context.services.resources.Current(), head.connection, host,
                                       head.path)
               : request::FindRoute(context.services.resources.Current(), host, head.path);
  if (route.ok()) return *std::move(route);
  if (!absl::IsNotFound(route.status())) return RefuseForPart(route.status(), "configuration");
  const bool no_connection = ToReason(route.status()) == Reason::kUnknownConnection;
  return RefuseBlocked(no_connection ? "unknown_connection" : "not_found",
                       route.status().message());
}

// Step 5.
domain::SessionStart MakeSessionStart(const CallContext& context, const ReadRequest& read) {
  domain::SessionStart start;
  start.session_id = UuidV7(context.services.clock.Now(), context.services.random);
  start.request_id = context.request_id;
  start.connection = read.connection().name;
  start.prompt = read.prompt();
  start.method = read.call().method;
  start.path = context.request.path;
  start.body = read.call().body;
  start.client_address = context.request.client_address;
  start.user_agent = std::string(headers::FindHeader(context.request.headers, "user-agent"));
  return start;
}

Session MakeSession(const CallContext& context, const VerifiedCaller& caller,
                    const ReadRequest& read) {
  return Session(context, caller, MakeSessionStart(context, read));
}

// The upstream may have received the prompt: a retry could send it twice.
void ForbidRetry(Refusal& refusal) {
  refusal.error.final = true;
  refusal.error.retry_after = absl::ZeroDuration();
}

// The upstream did not answer, or the call was cancelled before it did.
Refusal RefuseUnanswered(const CallContext& context, const AdmittedRequest& admitted,
                         const absl::Status& status) {
  const bool cancelled = context.cancellation.cancelled();
  Refusal refusal = cancelled ? RefuseCancelled(context.cancellation.cause())
                              : RefuseForUpstream(status, admitted.grant_used());
  if (!cancelled && ToReason(status) == Reason::kUnreachable) return refusal;
  refusal.tokens.input = static_cast<std::uint32_t>(admitted.decision().prompt_tokens);
  ForbidRetry(refusal);
  return refusal;
}

// Steps 9 to 11.
async::Awaitable<CallResult> SendAndDeliver(const CallContext& context, const ReadRequest& read,
                                            const AdmittedRequest& admitted, Session& session) {
  absl::StatusOr<std::unique_ptr<UpstreamResponse>> response =
      co_await context.upstream.Send(admitted, context.cancellation);
  if (context.cancellation.cancelled() || !response.ok()) {
    co_return RefuseUnanswered(context, admitted, response.status());
  }
  Step<Delivered> delivered =
      co_await answer::DeliverAnswer(context, read, admitted, session, **response);
  if (!delivered.ok()) {
    ForbidRetry(delivered.refusal());
    co_return std::move(delivered).refusal();
  }
  context.upstream.Recycle(*std::move(response));
  co_return *delivered;
}

// Steps 6 to 8.
async::Awaitable<AdmissionResult> DecideAndAdmit(const CallContext& context,
                                                 const VerifiedCaller& caller,
                                                 const ReadRequest& read, PendingDecision& asked,
                                                 Session& session) {
  std::optional<Refusal> refusal = request::CheckCaller(caller, read);
  if (refusal) co_return *std::move(refusal);
  Step<DecidedCall> decided = co_await asked.Get(session);
  if (!decided.ok()) co_return std::move(decided).refusal();
  Step<PreparedRequest> prepared =
      co_await PreparedRequest::Prepare(context, caller, read, *decided);
  if (!prepared.ok()) co_return std::move(prepared).refusal();
  co_return co_await admission::Admit(context, caller, read, *std::move(decided), session,
                                      *std::move(prepared));
}

// Steps 6 to 11.
async::Awaitable<CallResult> RunSteps(const CallContext& context, const VerifiedCaller& caller,
                                      const ReadRequest& read, PendingDecision& asked,
                                      Session& session) {
  AdmissionResult admission = co_await DecideAndAdmit(context, caller, read, asked, session);
  if (auto* deferred = std::get_if<Deferred>(&admission)) co_return std::move(*deferred);
  if (auto* refused = std::get_if<Refusal>(&admission)) co_return std::move(*refused);
  co_return co_await SendAndDeliver(context, read, std::get<AdmittedRequest>(admission), session);
}

// Records the refusal, and what it adds to a stream that has begun.
async::Awaitable<absl::Status> EndSession(const CallContext& context, Session& session,
                                          const Refusal& refusal) {
  if (context.reply.streaming() && !refusal.silent()) {
    const std::string in_band = context.reply.InBandError(refusal.error);
    if (!in_band.empty()) {
      session.Queue(domain::event_type::kResponseData, domain::ResponseDataPayload(in_band, {}));
    }
  }
  domain::SessionEnd end;
  end.outcome = refusal.outcome;
  end.code = refusal.silent() ? "" : refusal.error.code;
  end.input_tokens = refusal.tokens.input;
  end.output_tokens = refusal.tokens.output;
  co_return co_await session.End(std::move(end));
}

async::Awaitable<void> EndRefused(const CallContext& context, const Labels& labels,
                                  Session& session, Refusal& refusal) {
  const absl::Status ended = co_await EndSession(context, session, refusal);
  const TokenCounts& tokens = refusal.tokens;
  if (tokens.input + tokens.output > 0) {
    context.services.metrics.Tokens(labels.connection, tokens.input, tokens.output);
  }
  if (!refusal.cause.ok()) {
    if (const auto lines = context.services.failures.Pass()) {
      log::Info("call failed", {{"request_id", context.request_id},
                                {"session_id", session.id()},
                                {"connection", labels.connection},
                                {"outcome", domain::ToString(refusal.outcome)},
                                {"error", refusal.cause},
                                {"count", *lines}});
    }
  }
  const bool killed = refusal.outcome == Outcome::kKilled;
  if (!ended.ok() && !killed && refusal.outcome != Outcome::kAborted) {
    // A refusal that is not on record is not given: the gate is closed, that is all.
    const bool sent = refusal.outcome == Outcome::kUpstreamError;
    refusal = RefuseForPart(absl::UnavailableError(ended.message()), "session recorder");
    if (sent) ForbidRetry(refusal);
  }
  Count(context, labels, domain::ToString(refusal.outcome));
  if (!refusal.silent()) co_await context.reply.SendError(refusal.error);
}

// Sends a 202: nothing was sent upstream, and the caller learns where to ask for the state.
async::Awaitable<void> EndDeferred(const CallContext& context, const Labels& labels,
                                   Session& session, const Deferred& deferred) {
  domain::SessionEnd end;
  end.outcome = Outcome::kReviewPending;
  end.code = "review_pending";
  const absl::Status ended = co_await session.End(std::move(end));
  if (!ended.ok()) {
    const Refusal refusal =
        RefuseForPart(absl::UnavailableError(ended.message()), "session recorder");
    Count(context, labels, domain::ToString(refusal.outcome));
    co_await context.reply.SendError(refusal.error);
    co_return;
  }
  Count(context, labels, domain::ToString(Outcome::kReviewPending));
  context.reply.SetReview(deferred.review_id);
  json::Writer out;
  out.BeginObject().Key("review_id").String(deferred.review_id);
  out.Key("status_url").String(absl::StrCat("/countersign/reviews/", deferred.review_id));
  out.EndObject();
  co_await context.reply.SendJson(202, out.str());
}

// Steps 5 to 11: the session records how the call ends.
async::Awaitable<void> OpenSessionAndRun(const CallContext& context, const Labels& labels,
                                         const VerifiedCaller& caller, const ReadRequest& read) {
  PendingDecision asked(context, caller, read);
  Session session = MakeSession(context, caller, read);
  context.reply.SetSession(session.id());
  context.reply.SetOperation(read.prompt()->operation);
  const request::CallerWatch watch(context, caller, request::HasCallerRole(read.connection().name));
  CallResult result = co_await RunSteps(context, caller, read, asked, session);
  if (auto* refusal = std::get_if<Refusal>(&result)) {
    co_return co_await EndRefused(context, labels, session, *refusal);
  }
  if (const auto* deferred = std::get_if<Deferred>(&result)) {
    co_return co_await EndDeferred(context, labels, session, *deferred);
  }
  Count(context, labels, domain::ToString(std::get<Delivered>(result).outcome));
}

// Steps 3 and 4.
async::Awaitable<Step<ReadRequest>> RouteAndRead(const CallContext& context,
                                                 const VerifiedCaller& caller, Labels& labels) {
  Step<Route> route = RouteCall(context);
  if (!route.ok()) co_return std::move(route).refusal();
  labels.connection = route->connection->name;
  const dialects::Dialect* const dialect = dialects::FindDialect(route->connection->protocol);
  if (dialect == nullptr) {
    co_return RefuseBlocked("not_found", "this gateway does not speak the connection's protocol");
  }
  labels.dialect = dialect->name();
  context.reply.SetDialect(*dialect);
  if (context.request.rpc) context.reply.KeepErrorsOutOfBand();
  Step<Route> known = co_await reflection::AddSchema(context, caller, *std::move(route));
  if (!known.ok()) co_return std::move(known).refusal();
  co_return co_await ReadRequest::Read(context, *std::move(known), *dialect);
}

}  // namespace

async::Awaitable<void> RunCall(const CallContext& context) {
  const Step<VerifiedCaller> caller = co_await VerifiedCaller::Verify(context);
  if (!caller.ok()) co_return co_await request::RefuseUnverified(context, caller.refusal());
  Labels labels;
  const Step<ReadRequest> read = co_await RouteAndRead(context, *caller, labels);
  if (!read.ok()) co_return co_await RefuseEarly(context, labels, read.refusal());
  labels.operation = read->prompt()->operation;
  co_await OpenSessionAndRun(context, labels, *caller, *read);
}

}  // namespace countersign::edge::call
