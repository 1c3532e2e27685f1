#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/base/secret.h"
#include "libs/base/thread_pool.h"
#include "libs/domain/call.h"
#include "libs/domain/principal.h"
#include "libs/json/document.h"
#include "services/authn/access_keys/access_key.h"
#include "services/authn/access_keys/key_store.h"
#include "services/authn/assertions/assertion_verifier.h"
#include "services/authn/assertions/used_assertions.h"
#include "services/authn/credential_kind.h"
#include "services/authn/directory/directory_holder.h"
#include "services/authn/exchange/caller_token.h"
#include "services/authn/oidc/jwks_caches.h"

namespace countersign::authn {

// A credential that was verified, and what it was. Only CredentialVerifier makes one.
struct VerifiedCredential {
  domain::Principal principal;
  // What a token in exchange for the credential says of its holder.
  exchange::Party party;
  std::vector<exchange::Party> actors;           // of a token that delegates, the latest first
  std::shared_ptr<const json::Document> claims;  // of a JWT; null for other kinds
  // Of a SAML assertion: what is marked as used when it is exchanged.
  struct AssertionName {
    std::string issuer;
    std::string id;
    absl::Time keep_until;
  };
  std::optional<AssertionName> assertion;
};

// Verifies credentials of every kind: JWTs of configured issuers, our own tokens of an exchange,
// SAML assertions and access keys. Everything that is none of the first three is looked up as an
// access key, including JWTs of unknown issuers, because some vendors' keys are JWTs and may have
// been adopted. Never blocks the caller: look-ups and assertions run on `pool`, and issuers' keys
// and metadata are fetched asynchronously. Thread-safe.
class CredentialVerifier {
 public:
  struct Dependencies {
    access_keys::KeyStore& keys;
    assertions::UsedAssertions& used_assertions;
    ThreadPool& pool;
    const directory::DirectoryHolder& directory;
    oidc::JwksCaches& jwks;
    oidc::UrlFetcher& fetcher;
    const access_keys::KeyHasher& hasher;
    const exchange::CallerTokens& caller_tokens;
    const Clock& clock;
  };
  // The arguments must outlive it. The destructor waits as WaitUntilIdle does.
  explicit CredentialVerifier(Dependencies parts)
      : parts_(parts), assertions_(parts.fetcher, parts.clock) {}
  ~CredentialVerifier();

  struct Request {
    SecretString credential;
    // The credential of a call that was accepted then must not have expired then; limited to one
    // day ago. InfiniteFuture: now.
    absl::Time accepted = absl::InfiniteFuture();
    absl::Time deadline;
    // Whether it will be exchanged for a token: only then an assertion may say OneTimeUse.
    bool for_exchange = false;
    std::size_t max_bytes = 64u << 10;
  };
  using Done = domain::Done<VerifiedCredential>;

  // UNAUTHENTICATED with a reason (authn_errors.h, libs/jose/jwt.h, saml/saml_names.h);
  // UNAVAILABLE; RESOURCE_EXHAUSTED `overloaded`. Calls `done` once, on any thread.
  void Verify(Request request, Done done);

  // Returns when all outstanding calls were answered. For the destructors of callers.
  void WaitUntilIdle();

 private:
  // One Verify call. Counted, so that the destructor can wait for it.
  struct Attempt;

  void VerifyToken(std::shared_ptr<Attempt> attempt);
  void VerifyAssertion(std::shared_ptr<Attempt> attempt);
  void VerifyKey(std::shared_ptr<Attempt> attempt, absl::Status otherwise);
  void OnPool(std::shared_ptr<Attempt> attempt, std::function<void()> work);

  absl::StatusOr<VerifiedCredential> FindKey(Attempt& attempt, const absl::Status& otherwise);
  absl::StatusOr<VerifiedCredential> Accept(
      Attempt& attempt, const assertions::AssertionVerifier::Verified& verified);
  absl::StatusOr<VerifiedCredential> Accept(Attempt& attempt, exchange::CallerToken token);
  // The principal that a party is by the current resources.
  absl::StatusOr<domain::Principal> FindParty(Attempt& attempt, const exchange::Party& party);

  Dependencies parts_;
  assertions::AssertionVerifier assertions_;
  Mutex mutex_;
  CondVar idle_;
  std::size_t outstanding_ CS_GUARDED_BY(mutex_) = 0;
};

}  // namespace countersign::authn
