#pragma once

#include <memory>
#include <string>

#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/base/thread_pool.h"
#include "libs/domain/authenticator.h"
#include "libs/jose/jwt.h"
#include "services/authn/access_keys/access_key.h"
#include "services/authn/access_keys/key_store.h"
#include "services/authn/authn_metrics.h"
#include "services/authn/directory/directory_holder.h"
#include "services/authn/internal_tokens/minted_tokens.h"
#include "services/authn/oidc/jwks_caches.h"
#include "services/authn/vault/vault.h"

namespace countersign::authn {

// The Authenticator of this process. A JWT of a configured issuer is verified with that issuer's
// keys. Everything else is looked up as an access key, including JWTs of unknown issuers, because
// some vendors' keys are JWTs and may have been adopted. Never blocks the caller: look-ups run on
// `pool`, and issuers' keys are fetched asynchronously. Thread-safe.
//
// The constructor's arguments must outlive it. The destructor waits for outstanding calls.
class LocalAuthenticator final : public domain::Authenticator {
 public:
  struct Dependencies {
    access_keys::KeyStore& keys;
    ThreadPool& pool;
    const directory::DirectoryHolder& directory;
    oidc::JwksCaches& jwks;
    internal_tokens::MintedTokens& tokens;
    const access_keys::KeyHasher& hasher;
    const vault::Vault& vault;
    const AuthnMetrics& metrics;
    const Clock& clock;
  };
  explicit LocalAuthenticator(Dependencies parts) : parts_(parts) {}
  ~LocalAuthenticator() override;

  // Reasons: those of domain::Authenticator, authn_errors.h and libs/jose/jwt.h.
  void Authenticate(const SecretString& credential, absl::Time deadline,
                    domain::Done<domain::Authenticated> done) override;

  // `accepted` is limited to one day ago.
  void AuthenticateAgain(const SecretString& credential, absl::Time accepted, absl::Time deadline,
                         domain::Done<domain::Authenticated> done) override;

  // PERMISSION_DENIED when the principal is not a caller of the connection; authn holds the
  // secrets, so it checks this itself. A lease ends after 30 s.
  void LeaseCredential(const domain::Call& call, const std::string& connection,
                       std::uint64_t connection_version, absl::Time deadline,
                       domain::Done<domain::CredentialLease> done) override;

 private:
  // One Authenticate call. Counted, so that the destructor can wait for it.
  struct Attempt;

  void AuthenticateByToken(std::shared_ptr<Attempt> attempt);
  void AuthenticateByKey(std::shared_ptr<Attempt> attempt, absl::Status otherwise);
  void Finish(Attempt& attempt, absl::StatusOr<domain::Principal> principal);
  absl::StatusOr<domain::Principal> FindKey(Attempt& attempt, const absl::Status& otherwise);
  absl::StatusOr<domain::Authenticated> Admit(domain::Principal principal);
  absl::StatusOr<domain::CredentialLease> Lease(const domain::Call& call,
                                                const std::string& connection,
                                                std::uint64_t connection_version) const;

  Dependencies parts_;
  Mutex mutex_;
  CondVar idle_;
  std::size_t outstanding_ CS_GUARDED_BY(mutex_) = 0;
};

}  // namespace countersign::authn
