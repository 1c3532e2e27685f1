#include "services/edge/call/request/verified_caller.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"
#include "libs/log/log.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/call/request/credential_cache.h"

namespace countersign::edge::call::request {

struct VerifiedCaller::Accepted {
  domain::Authenticated who;
  absl::Time at;
  std::uint64_t generation = 0;
};

VerifiedCaller::VerifiedCaller(const std::string& request_id, SecretString credential,
                               Accepted accepted)
    : call_{request_id, std::move(accepted.who.principal), std::move(accepted.who.internal_token)},
      credential_(std::move(credential)),
      accepted_at_(accepted.at),
      generation_(accepted.generation) {}

async::Awaitable<absl::StatusOr<VerifiedCaller::Accepted>> VerifiedCaller::Authenticate(
    const CallContext& context, const SecretString& credential) {
  const CallServices& services = context.services;
  const std::string digest = crypto::Sha256(credential.Reveal());
  CredentialCache::Found found = services.credentials.Find(digest);
  if (!found.entry) {
    async::PendingReply<absl::StatusOr<domain::Authenticated>> answer(context.executor);
    services.ports.authenticator.Authenticate(credential, services.PortDeadline(), answer.done());
    absl::StatusOr<domain::Authenticated> verified = co_await answer.Get(context.cancellation);
    if (!verified.ok()) co_return verified.status();
    services.credentials.Insert(digest, *verified, found.generation);
    found.entry = *std::move(verified);
  }
  const absl::Time now = services.clock.Now();
  if (found.entry->principal->expires_at <= now) {
    co_return WithReason(absl::UnauthenticatedError("the credential has expired"),
                         "credential_expired");
  }
  co_return Accepted{*std::move(found.entry), now, found.generation};
}

namespace {

Refusal RefuseCaller(const absl::Status& status) {
  const bool failed = !absl::IsUnauthenticated(status);
  return Refusal{dialects::MakePartError(status, "authentication"), domain::Outcome::kBlocked,
                 failed ? Annotate(status, "authentication") : absl::OkStatus()};
}

}  // namespace

async::Awaitable<Step<VerifiedCaller>> VerifiedCaller::Verify(const CallContext& context) {
  const StageTimer timer(context.services, Stage::kAuthenticate);
  absl::StatusOr<SecretString> credential = headers::ReadCredential(context.request.headers);
  if (!credential.ok()) co_return RefuseCaller(credential.status());
  absl::StatusOr<Accepted> accepted = co_await Authenticate(context, *credential);
  if (!accepted.ok()) co_return RefuseCaller(accepted.status());
  context.caller_connection.SetVerified();
  co_return VerifiedCaller(context.request_id, *std::move(credential), *std::move(accepted));
}

async::Awaitable<Step<VerifiedCaller>> VerifiedCaller::VerifyAgain(
    const CallContext& context) const {
  absl::StatusOr<Accepted> accepted = co_await Authenticate(context, credential_);
  if (absl::IsUnauthenticated(accepted.status())) {
    co_return RefuseBlocked("unauthenticated", accepted.status().message());
  }
  if (!accepted.ok()) co_return RefuseForPart(accepted.status(), "authentication");
  co_return VerifiedCaller(call_.request_id, credential_, *std::move(accepted));
}

Refusal RefuseWithoutRole(const VerifiedCaller& caller, const domain::Connection& connection) {
  return RefuseBlocked(
      "permission_denied",
      absl::StrCat(caller.principal().DisplayName(), " may not call connection \"", connection.name,
                   "\": no RoleBinding gives it the role caller there; ask an administrator for "
                   "one"));
}

void ReportUnverified(const CallContext& context, const Refusal& refusal) {
  const CallServices& services = context.services;
  services.metrics.Request("", "", refusal.error.code, services.clock.Now() - context.arrived);
  if (!refusal.cause.ok()) {
    if (const auto lines = services.failures.Pass()) {
      log::Info("cannot authenticate",
                {{"request_id", context.request_id}, {"error", refusal.cause}, {"count", *lines}});
    }
  }
}

async::Awaitable<void> RefuseUnverified(const CallContext& context, const Refusal& refusal) {
  if (context.cancellation.cancelled()) co_return;
  ReportUnverified(context, refusal);
  co_await context.reply.SendError(refusal.error);
}

}  // namespace countersign::edge::call::request
