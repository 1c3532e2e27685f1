#include "services/authn/local_authenticator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/authn/authn_errors.h"
#include "services/authn/credential_kind.h"

namespace countersign::authn {
namespace {

constexpr std::size_t kMaxCredentialBytes = 64u << 10;
constexpr absl::Duration kMaxCached = absl::Seconds(60);
constexpr absl::Duration kLease = absl::Seconds(30);
constexpr absl::Duration kMaxCall = absl::Hours(24);

}  // namespace

struct LocalAuthenticator::Attempt {
  Attempt(LocalAuthenticator& owner, SecretString credential, absl::Time accepted,
          absl::Time deadline, domain::Done<domain::Authenticated> done)
      : owner(owner),
        credential(std::move(credential)),
        kind(ClassifyCredential(this->credential)),
        accepted(accepted),
        deadline(deadline),
        directory(owner.parts_.directory.Current()),
        done(std::move(done)) {
    const MutexLock lock(owner.mutex_);
    ++owner.outstanding_;
  }
  ~Attempt() {
    const MutexLock lock(owner.mutex_);
    --owner.outstanding_;
    owner.idle_.NotifyAll();
  }

  // The time at which the credential must not have expired.
  absl::Time JudgedAt() const {
    const absl::Time now = owner.parts_.clock.Now();
    return std::clamp(accepted, now - kMaxCall, now);
  }

  LocalAuthenticator& owner;
  const SecretString credential;
  const CredentialKind kind;
  const absl::Time accepted;
  const absl::Time deadline;
  const std::shared_ptr<const directory::Directory> directory;  // one version for the whole attempt
  domain::Done<domain::Authenticated> done;
};

LocalAuthenticator::~LocalAuthenticator() {
  const MutexLock lock(mutex_);
  idle_.Wait(mutex_, [this]() CS_REQUIRES(mutex_) { return outstanding_ == 0; });
}

void LocalAuthenticator::Authenticate(const SecretString& credential, absl::Time deadline,
                                      domain::Done<domain::Authenticated> done) {
  AuthenticateAgain(credential, absl::InfiniteFuture(), deadline, std::move(done));
}

void LocalAuthenticator::AuthenticateAgain(const SecretString& credential, absl::Time accepted,
                                           absl::Time deadline,
                                           domain::Done<domain::Authenticated> done) {
  auto attempt = std::make_shared<Attempt>(*this, credential, accepted, deadline, std::move(done));
  if (credential.Reveal().size() > kMaxCredentialBytes) {
    return Finish(*attempt, CredentialTooLarge());
  }
  switch (attempt->kind) {
    case CredentialKind::kNone: return Finish(*attempt, CredentialMissing());
    case CredentialKind::kSamlAssertion: return Finish(*attempt, SamlUnsupported());
    case CredentialKind::kToken: return AuthenticateByToken(std::move(attempt));
    case CredentialKind::kAccessKey: return AuthenticateByKey(std::move(attempt), KeyUnknown());
  }
}

void LocalAuthenticator::AuthenticateByToken(std::shared_ptr<Attempt> attempt) {
  auto parsed = jose::UnverifiedToken::Parse(attempt->credential.Reveal());
  if (!parsed.ok()) return AuthenticateByKey(std::move(attempt), parsed.status());
  if (attempt->directory == nullptr) return Finish(*attempt, NotReady());
  const directory::TokenIssuer* issuer =
      attempt->directory->FindIssuer(parsed->unverified_issuer());
  if (issuer == nullptr) return AuthenticateByKey(std::move(attempt), IssuerUnknown());
  const auto cache = parts_.jwks.GetCache(*attempt->directory, *issuer);
  const std::string kid = parsed->kid();
  cache->Get(kid, [this, attempt = std::move(attempt), issuer,
                   token = *std::move(parsed)](absl::StatusOr<oidc::JwksCache::Keys> keys) {
    if (!keys.ok()) return Finish(*attempt, keys.status());
    const auto verified =
        jose::VerifyToken(token, issuer->expectations, **keys, attempt->JudgedAt());
    if (!verified.ok()) return Finish(*attempt, verified.status());
    Finish(*attempt, attempt->directory->FromToken(*issuer, *verified));
  });
}

void LocalAuthenticator::AuthenticateByKey(std::shared_ptr<Attempt> attempt,
                                           absl::Status otherwise) {
  const bool accepted = parts_.pool.TrySubmit([this, attempt, otherwise = std::move(otherwise)] {
    Finish(*attempt, FindKey(*attempt, otherwise));
  });
  if (!accepted) Finish(*attempt, Overloaded());
}

absl::StatusOr<domain::Principal> LocalAuthenticator::FindKey(Attempt& attempt,
                                                              const absl::Status& otherwise) {
  if (parts_.clock.Now() >= attempt.deadline) {
    return absl::DeadlineExceededError("the deadline passed before the access key was looked up");
  }
  const auto key = parts_.keys.FindByHash(parts_.hasher.Hash(attempt.credential));
  if (absl::IsNotFound(key.status())) return otherwise;
  if (!key.ok()) return Annotate(key.status(), "looking an access key up");
  switch (key->StateAt(attempt.JudgedAt())) {
    case access_keys::KeyState::kRevoked: return KeyRevoked();
    case access_keys::KeyState::kExpired: return KeyExpired();
    case access_keys::KeyState::kOrphaned:
    case access_keys::KeyState::kActive: break;
  }
  if (attempt.directory == nullptr) return directory::Directory::FromKeyWithoutResources(*key);
  return attempt.directory->FromKey(*key);
}

void LocalAuthenticator::Finish(Attempt& attempt, absl::StatusOr<domain::Principal> principal) {
  absl::StatusOr<domain::Authenticated> answer =
      principal.ok() ? Admit(*std::move(principal)) : principal.status();
  parts_.metrics.Count(attempt.kind, answer.status());
  std::exchange(attempt.done, nullptr)(std::move(answer));
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
