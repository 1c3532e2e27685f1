#include "services/authn/credential_verifier.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "libs/base/status.h"
#include "services/authn/authn_errors.h"
#include "services/authn/exchange/party.h"

namespace countersign::authn {
namespace {

constexpr absl::Duration kMaxCall = absl::Hours(24);

absl::Status CheckState(const access_keys::KeyRecord& key, absl::Time at) {
  switch (key.StateAt(at)) {
    case access_keys::KeyState::kRevoked: return KeyRevoked();
    case access_keys::KeyState::kExpired: return KeyExpired();
    case access_keys::KeyState::kOrphaned:
    case access_keys::KeyState::kActive: break;
  }
  return absl::OkStatus();
}

}  // namespace

struct CredentialVerifier::Attempt {
  Attempt(CredentialVerifier& owner, Request request, Done done)
      : owner(owner),
        request(std::move(request)),
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
    return std::clamp(request.accepted, now - kMaxCall, now);
  }
  void Finish(absl::StatusOr<VerifiedCredential> answer) {
    std::exchange(done, nullptr)(std::move(answer));
  }
  bool IsLate() const { return owner.parts_.clock.Now() >= request.deadline; }

  CredentialVerifier& owner;
  const Request request;
  const std::shared_ptr<const directory::Directory> directory;  // one version for the whole attempt
  Done done;
};

CredentialVerifier::~CredentialVerifier() { WaitUntilIdle(); }

void CredentialVerifier::WaitUntilIdle() {
  const MutexLock lock(mutex_);
  idle_.Wait(mutex_, [this]() CS_REQUIRES(mutex_) { return outstanding_ == 0; });
}

void CredentialVerifier::Verify(Request request, Done done) {
  if (request.credential.Reveal().size() > request.max_bytes) return done(CredentialTooLarge());
  const CredentialKind kind = ClassifyCredential(request.credential);
  auto attempt = std::make_shared<Attempt>(*this, std::move(request), std::move(done));
  switch (kind) {
    case CredentialKind::kNone: return attempt->Finish(CredentialMissing());
    case CredentialKind::kSamlAssertion: return VerifyAssertion(std::move(attempt));
    case CredentialKind::kToken: return VerifyToken(std::move(attempt));
    case CredentialKind::kAccessKey: return VerifyKey(std::move(attempt), KeyUnknown());
  }
}

void CredentialVerifier::OnPool(std::shared_ptr<Attempt> attempt, std::function<void()> work) {
  const bool accepted = parts_.pool.TrySubmit([attempt, work = std::move(work)] {
    if (!attempt->IsLate()) return work();
    attempt->Finish(
        absl::DeadlineExceededError("the deadline passed before the credential was looked at"));
  });
  if (!accepted) attempt->Finish(Overloaded());
}

void CredentialVerifier::VerifyToken(std::shared_ptr<Attempt> attempt) {
  auto parsed = jose::UnverifiedToken::Parse(attempt->request.credential.Reveal());
  if (!parsed.ok()) return VerifyKey(std::move(attempt), parsed.status());
  if (attempt->directory == nullptr) return attempt->Finish(NotReady());
  if (exchange::CallerTokens::IsCallerToken(*parsed)) {
    auto token = parts_.caller_tokens.Verify(*parsed, attempt->JudgedAt());
    if (!token.ok()) return attempt->Finish(token.status());
    return OnPool(attempt, [this, attempt, token = *std::move(token)] {
      attempt->Finish(Accept(*attempt, token));
    });
  }
  const directory::TokenIssuer* issuer =
      attempt->directory->FindIssuer(parsed->unverified_issuer());
  if (issuer == nullptr) return VerifyKey(std::move(attempt), IssuerUnknown());
  const auto cache = parts_.jwks.GetCache(*attempt->directory, *issuer);
  const std::string kid = parsed->kid();
  cache->Get(kid, [attempt = std::move(attempt), issuer,
                   token = *std::move(parsed)](absl::StatusOr<oidc::JwksCache::Keys> keys) {
    if (!keys.ok()) return attempt->Finish(keys.status());
    const auto verified =
        jose::VerifyToken(token, issuer->expectations, **keys, attempt->JudgedAt());
    if (!verified.ok()) return attempt->Finish(verified.status());
    auto principal = attempt->directory->FromToken(*issuer, *verified);
    if (!principal.ok()) return attempt->Finish(principal.status());
    VerifiedCredential out;
    out.party = exchange::MakeParty(*attempt->directory, *principal, issuer->provider);
    out.principal = *std::move(principal);
    out.claims = verified->payload;
    attempt->Finish(std::move(out));
  });
}

void CredentialVerifier::VerifyAssertion(std::shared_ptr<Attempt> attempt) {
  if (attempt->directory == nullptr) return attempt->Finish(NotReady());
  OnPool(attempt, [this, attempt] {
    assertions_.Verify(
        attempt->request.credential.Reveal(), attempt->directory, attempt->JudgedAt(),
        [this, attempt](absl::StatusOr<assertions::AssertionVerifier::Verified> verified) {
          if (!verified.ok()) return attempt->Finish(verified.status());
          // Again on the pool, because this may be the fetcher's thread.
          OnPool(attempt, [this, attempt, verified = *std::move(verified)] {
            attempt->Finish(Accept(*attempt, verified));
          });
        });
  });
}

absl::StatusOr<VerifiedCredential> CredentialVerifier::Accept(
    Attempt& attempt, const assertions::AssertionVerifier::Verified& verified) {
  const saml::Assertion& assertion = verified.assertion;
  if (assertion.one_time_use && !attempt.request.for_exchange) return AssertionOneTimeUse();
  CS_ASSIGN_OR_RETURN(const absl::Time used,
                      parts_.used_assertions.FindUse(assertion.issuer, assertion.id));
  // A running call that began before the exchange goes on.
  if (used <= attempt.JudgedAt()) return AssertionReplayed();
  VerifiedCredential out;
  CS_ASSIGN_OR_RETURN(out.principal,
                      attempt.directory->FromAssertion(*verified.provider, assertion));
  out.party = exchange::MakeParty(*attempt.directory, out.principal, verified.provider->provider);
  // Clocks of this installation may be behind, and times are accepted for the skew after them.
  out.assertion = {assertion.issuer, assertion.id,
                   assertion.expires_at + 2 * verified.provider->expectations.skew};
  return out;
}

absl::StatusOr<VerifiedCredential> CredentialVerifier::Accept(Attempt& attempt,
                                                              exchange::CallerToken token) {
  VerifiedCredential out;
  CS_ASSIGN_OR_RETURN(out.principal, FindParty(attempt, token.subject));
  // From the first actor, who acts for the subject, to the latest.
  for (auto actor = token.actors.rbegin(); actor != token.actors.rend(); ++actor) {
    CS_ASSIGN_OR_RETURN(const domain::Principal principal, FindParty(attempt, *actor));
    exchange::Delegate(principal, out.principal);
  }
  out.principal.expires_at = token.expires_at;
  out.party = std::move(token.subject);
  out.actors = std::move(token.actors);
  return out;
}

absl::StatusOr<domain::Principal> CredentialVerifier::FindParty(Attempt& attempt,
                                                                const exchange::Party& party) {
  if (party.key_id.empty()) return exchange::FindPrincipal(*attempt.directory, party);
  const auto key = parts_.keys.FindById(party.key_id);
  if (absl::IsNotFound(key.status())) return KeyUnknown();
  if (!key.ok()) return Annotate(key.status(), "looking an access key up");
  CS_RETURN_IF_ERROR(CheckState(*key, attempt.JudgedAt()));
  return attempt.directory->FromKey(*key);
}

void CredentialVerifier::VerifyKey(std::shared_ptr<Attempt> attempt, absl::Status otherwise) {
  OnPool(attempt, [this, attempt, otherwise = std::move(otherwise)] {
    attempt->Finish(FindKey(*attempt, otherwise));
  });
}

absl::StatusOr<VerifiedCredential> CredentialVerifier::FindKey(Attempt& attempt,
                                                               const absl::Status& otherwise) {
  const auto key = parts_.keys.FindByHash(parts_.hasher.Hash(attempt.request.credential));
  if (absl::IsNotFound(key.status())) return otherwise;
  if (!key.ok()) return Annotate(key.status(), "looking an access key up");
  CS_RETURN_IF_ERROR(CheckState(*key, attempt.JudgedAt()));
  VerifiedCredential out;
  if (attempt.directory == nullptr) {
    CS_ASSIGN_OR_RETURN(out.principal, directory::Directory::FromKeyWithoutResources(*key));
  } else {
    CS_ASSIGN_OR_RETURN(out.principal, attempt.directory->FromKey(*key));
  }
  out.party = exchange::MakeParty(out.principal, *key);
  return out;
}

}  // namespace countersign::authn
