#include "services/edge/call/request/verified_caller.h"

#include "libs/base/status.h"
#include "libs/crypto/hash.h"
#include "libs/log/log.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/call/request/credential_cache.h"

namespace countersign::edge::call::request {
namespace {

async::Awaitable<absl::StatusOr<domain::Authenticated>> Authenticate(
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
  if (found.entry->principal->expires_at <= services.clock.Now()) {
    co_return WithReason(absl::UnauthenticatedError("the credential has expired"),
                         "credential_expired");
  }
  co_return *std::move(found.entry);
}

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
  const absl::StatusOr<domain::Authenticated> known = co_await Authenticate(context, *credential);
  if (!known.ok()) co_return RefuseCaller(known.status());
  context.caller_connection.SetVerified();
  domain::Call call{context.request_id, known->principal, known->internal_token};
  co_return VerifiedCaller(std::move(call), *std::move(credential));
}

async::Awaitable<Step<VerifiedCaller>> VerifiedCaller::VerifyAgain(
    const CallContext& context) const {
  const absl::StatusOr<domain::Authenticated> known = co_await Authenticate(context, credential_);
  if (absl::IsUnauthenticated(known.status())) {
    co_return RefuseBlocked("unauthenticated", known.status().message());
  }
  if (!known.ok()) co_return RefuseForPart(known.status(), "authentication");
  domain::Call call{call_.request_id, known->principal, known->internal_token};
  co_return VerifiedCaller(std::move(call), credential_);
}

async::Awaitable<void> RefuseUnverified(const CallContext& context, const Refusal& refusal) {
  if (context.cancellation.cancelled()) co_return;
  const CallServices& services = context.services;
  services.metrics.Request("", "", refusal.error.code, services.clock.Now() - context.arrived);
  if (!refusal.cause.ok()) {
    log::Warning("cannot authenticate",
                 {{"request_id", context.request_id}, {"error", refusal.cause}});
  }
  co_await context.reply.SendError(refusal.error);
}

}  // namespace countersign::edge::call::request
