#include "services/authn/local_authenticator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/authn/authn_errors.h"
#include "services/authn/credential_kind.h"

namespace countersign::authn {
namespace {

constexpr absl::Duration kMaxCached = absl::Seconds(60);
constexpr absl::Duration kLease = absl::Seconds(30);

}  // namespace

void LocalAuthenticator::Authenticate(const SecretString& credential, absl::Time deadline,
                                      domain::Done<domain::Authenticated> done) {
  AuthenticateAgain(credential, absl::InfiniteFuture(), deadline, std::move(done));
}

void LocalAuthenticator::AuthenticateAgain(const SecretString& credential, absl::Time accepted,
                                           absl::Time deadline,
                                           domain::Done<domain::Authenticated> done) {
  CredentialVerifier::Request request;
  request.credential = credential;
  request.accepted = accepted;
  request.deadline = deadline;
  const CredentialKind kind = ClassifyCredential(credential);
  parts_.verifier.Verify(
      std::move(request),
      [this, kind, done = std::move(done)](absl::StatusOr<VerifiedCredential> verified) mutable {
        absl::StatusOr<domain::Authenticated> answer =
            verified.ok() ? Admit(std::move(verified->principal)) : verified.status();
        parts_.metrics.Count(kind, answer.status());
        done(std::move(answer));
      });
}

absl::StatusOr<domain::Authenticated> LocalAuthenticator::Admit(domain::Principal principal) {
  const absl::Time now = parts_.clock.Now();
  CS_ASSIGN_OR_RETURN(const internal_tokens::MintedTokens::Minted minted,
                      parts_.tokens.GetOrMint(principal, now));
  domain::Authenticated admitted;
  admitted.cache_until = std::min({now + kMaxCached, principal.expires_at, minted.expires_at});
  admitted.principal = std::make_shared<const domain::Principal>(std::move(principal));
  admitted.internal_token = minted.token;
  return admitted;
}

void LocalAuthenticator::LeaseCredential(const domain::Call& call, const std::string& connection,
                                         std::uint64_t connection_version, absl::Time deadline,
                                         domain::Done<domain::CredentialLease> done) {
  (void)deadline;  // Nothing here waits.
  done(Lease(call, connection, connection_version));
}

absl::StatusOr<domain::CredentialLease> LocalAuthenticator::Lease(
    const domain::Call& call, const std::string& connection,
    std::uint64_t connection_version) const {
  const auto directory = parts_.directory.Current();
  if (directory == nullptr) return NotReady();
  const auto& resources = directory->resources();
  const auto found = resources.connections.find(connection);
  if (found == resources.connections.end()) {
    return WithReason(absl::NotFoundError(absl::StrCat("no connection \"", connection, "\"")),
                      "unknown_connection");
  }
  if (call.principal == nullptr ||
      !domain::HasRole(*call.principal, domain::Role::kCaller, connection)) {
    return WithReason(absl::PermissionDeniedError(
                          absl::StrCat("not a caller of connection \"", connection, "\"")),
                      "permission_denied");
  }
  // Checked after the roles, so that only callers of a connection learn about its versions.
  if (found->second.version != connection_version) return ConnectionChanged(connection);
  domain::CredentialLease lease;
  const std::string& name = found->second.credential;
  if (!name.empty()) {
    const auto credential = resources.credentials.find(name);
    if (credential == resources.credentials.end()) {
      return absl::FailedPreconditionError(absl::StrCat("no credential \"", name, "\""));
    }
    CS_ASSIGN_OR_RETURN(const SecretString spec,
                        parts_.vault.Open(name, credential->second.sealed));
    CS_ASSIGN_OR_RETURN(lease, vault::ParseCredentialSpec(spec));
  }
  lease.expires_at = parts_.clock.Now() + kLease;
  return lease;
}

}  // namespace countersign::authn
