#include "services/authn/exchange/token_exchange.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "services/authn/authn_errors.h"

namespace countersign::authn::exchange {
namespace {

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return WithReason(absl::InvalidArgumentError(message), reason);
}

absl::Status CheckType(const SecretString& credential, domain::CredentialType type) {
  const CredentialKind kind = ClassifyCredential(credential);
  const bool fits =
      kind == CredentialKind::kNone ||
      (type == domain::CredentialType::kAssertion && kind == CredentialKind::kSamlAssertion) ||
      (type == domain::CredentialType::kToken && kind == CredentialKind::kToken) ||
      (type == domain::CredentialType::kKeyOrToken && kind != CredentialKind::kSamlAssertion);
  if (fits) return absl::OkStatus();
  return Refuse("token_type_mismatch", "a token is not of the type that the request says");
}

// `may_act` of RFC 8693, section 4.4: who may act for the subject of a JWT.
absl::Status CheckMayAct(const VerifiedCredential& subject, const domain::Principal& actor) {
  if (subject.claims == nullptr) return absl::OkStatus();
  const json::Value may_act = subject.claims->root()["may_act"];
  if (!may_act.exists()) return absl::OkStatus();
  const absl::string_view issuer =
      may_act["iss"].exists() ? may_act["iss"].text() : absl::string_view(subject.party.issuer);
  if (may_act["sub"].is(json::Type::kString) && may_act["sub"].text() == actor.subject &&
      issuer == actor.issuer) {
    return absl::OkStatus();
  }
  return Refuse("actor_not_allowed", "the subject's token lets another actor act for it (may_act)");
}

}  // namespace

struct TokenExchange::Attempt {
  Attempt(TokenExchange& owner, domain::TokenRequest request,
          domain::Done<domain::IssuedToken> done)
      : owner(owner), request(std::move(request)), done(std::move(done)) {
    const MutexLock lock(owner.mutex_);
    ++owner.outstanding_;
  }
  ~Attempt() {
    const MutexLock lock(owner.mutex_);
    --owner.outstanding_;
    owner.idle_.NotifyAll();
  }
  CredentialVerifier::Request MakeRequest(const SecretString& credential) const {
    CredentialVerifier::Request made;
    made.credential = credential;
    made.deadline = request.deadline;
    made.for_exchange = true;
    made.max_bytes = kMaxExchangedBytes;
    return made;
  }

  TokenExchange& owner;
  const domain::TokenRequest request;
  domain::Done<domain::IssuedToken> done;
  std::optional<VerifiedCredential> subject;
  std::optional<VerifiedCredential> actor;
};

TokenExchange::~TokenExchange() {
  const MutexLock lock(mutex_);
  idle_.Wait(mutex_, [this]() CS_REQUIRES(mutex_) { return outstanding_ == 0; });
}

void TokenExchange::Exchange(domain::TokenRequest request, domain::Done<domain::IssuedToken> done) {
  absl::Status type = CheckType(request.subject, request.subject_type);
  type.Update(CheckType(request.actor, request.actor_type));
  if (!type.ok()) return done(type);
  auto attempt = std::make_shared<Attempt>(*this, std::move(request), std::move(done));
  auto verify = attempt->MakeRequest(attempt->request.subject);
  parts_.verifier.Verify(std::move(verify),
                         [this, attempt](absl::StatusOr<VerifiedCredential> subject) {
                           if (!subject.ok()) return attempt->done(subject.status());
                           attempt->subject = *std::move(subject);
                           VerifyActor(attempt);
                         });
}

void TokenExchange::VerifyActor(std::shared_ptr<Attempt> attempt) {
  if (attempt->request.actor.empty()) return Finish(std::move(attempt));
  auto verify = attempt->MakeRequest(attempt->request.actor);
  parts_.verifier.Verify(
      std::move(verify), [this, attempt](absl::StatusOr<VerifiedCredential> actor) {
        if (!actor.ok()) return attempt->done(Annotate(actor.status(), "the actor's credential"));
        attempt->actor = *std::move(actor);
        Finish(attempt);
      });
}

void TokenExchange::Finish(std::shared_ptr<Attempt> attempt) {
  const bool accepted = parts_.pool.TrySubmit([this, attempt] { attempt->done(Mint(*attempt)); });
  if (!accepted) attempt->done(Overloaded());
}

absl::StatusOr<domain::IssuedToken> TokenExchange::Mint(Attempt& attempt) {
  const absl::Time now = parts_.clock.Now();
  VerifiedCredential& subject = *attempt.subject;
  CallerToken token;
  token.issued_at = now;
  token.expires_at = std::min(now + kMaxCallerTokenLifetime, subject.principal.expires_at);
  token.subject = subject.party;
  token.actors = subject.actors;
  if (attempt.actor) {
    CS_RETURN_IF_ERROR(CheckMayAct(subject, attempt.actor->principal));
    if (!attempt.actor->actors.empty()) {
      return Refuse("actor_not_allowed", "the actor's token is of an agent that acts for another");
    }
    token.expires_at = std::min(token.expires_at, attempt.actor->principal.expires_at);
    token.actors.insert(token.actors.begin(), attempt.actor->party);
  }
  if (token.actors.size() > kMaxActors) {
    return Refuse("too_many_actors", "the chain of actors is too long");
  }
  // Times in tokens are whole seconds.
  token.expires_at = absl::FromUnixSeconds(absl::ToUnixSeconds(token.expires_at));
  if (token.expires_at <= now) {
    return WithReason(absl::UnauthenticatedError("the credential has expired"),
                      jose::reason::kExpired);
  }
  CS_ASSIGN_OR_RETURN(SecretString minted,
                      parts_.tokens.Mint(token, HexEncode(parts_.random.Bytes(16))));
  // Last: what is refused for another reason may be sent again.
  CS_RETURN_IF_ERROR(Spend(subject, now));
  if (attempt.actor) CS_RETURN_IF_ERROR(Spend(*attempt.actor, now));
  return domain::IssuedToken{std::move(minted), token.expires_at};
}

absl::Status TokenExchange::Spend(const VerifiedCredential& credential, absl::Time now) {
  if (!credential.assertion) return absl::OkStatus();
  const VerifiedCredential::AssertionName& name = *credential.assertion;
  const absl::Status used = parts_.used_assertions.Use(name.issuer, name.id, now, name.keep_until);
  return absl::IsAlreadyExists(used) ? AssertionReplayed() : used;
}

}  // namespace countersign::authn::exchange
