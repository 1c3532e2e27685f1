#include "services/edge/call/verified_caller.h"

#include "libs/base/status.h"
#include "libs/crypto/hash.h"

namespace countersign::edge {
namespace {

async::Awaitable<absl::StatusOr<domain::Authenticated>> Ask(const EdgeServices& services,
                                                            const SecretString& credential,
                                                            async::Executor executor,
                                                            async::Cancellation& cancellation) {
  const std::string digest = crypto::Sha256(credential.Reveal());
  CredentialCache::Found found = services.credentials.Find(digest);
  if (!found.entry) {
    async::PendingReply<absl::StatusOr<domain::Authenticated>> answer(executor);
    services.ports.authenticator.Authenticate(credential, services.PortDeadline(), answer.done());
    absl::StatusOr<domain::Authenticated> verified = co_await answer.Get(cancellation);
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

}  // namespace

async::Awaitable<absl::StatusOr<VerifiedCaller>> VerifiedCaller::Verify(
    const EdgeServices& services, const dialects::HeaderList& headers, std::string request_id,
    async::Executor executor, async::Cancellation& cancellation) {
  const StageTimer timer(services, Stage::kAuthenticate);
  absl::StatusOr<SecretString> credential = CredentialOf(headers);
  if (!credential.ok()) co_return credential.status();
  const absl::StatusOr<domain::Authenticated> known =
      co_await Ask(services, *credential, executor, cancellation);
  if (!known.ok()) co_return known.status();
  domain::Call call{std::move(request_id), known->principal, known->internal_token};
  co_return VerifiedCaller(std::move(call), *std::move(credential));
}

async::Awaitable<std::optional<Refusal>> VerifiedCaller::VerifyAgain(
    const EdgeServices& services, async::Executor executor, async::Cancellation& cancellation) {
  const absl::StatusOr<domain::Authenticated> known =
      co_await Ask(services, credential_, executor, cancellation);
  if (absl::IsUnauthenticated(known.status())) {
    co_return Refusal{dialects::MakeCallerError("unauthenticated", known.status().message()),
                      domain::Outcome::kBlocked};
  }
  if (!known.ok()) co_return RefusalOfPart(known.status(), "authentication");
  call_.principal = known->principal;
  call_.internal_token = known->internal_token;
  co_return std::nullopt;
}

}  // namespace countersign::edge
