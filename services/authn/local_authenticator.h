#pragma once

#include <cstdint>
#include <string>

#include "libs/base/clock.h"
#include "libs/domain/authenticator.h"
#include "services/authn/authn_metrics.h"
#include "services/authn/credential_verifier.h"
#include "services/authn/directory/directory_holder.h"
#include "services/authn/internal_tokens/minted_tokens.h"
#include "services/authn/vault/vault.h"

namespace countersign::authn {

// The Authenticator of this process: verifies credentials (credential_verifier.h) and mints the
// internal tokens of their principals. Never blocks the caller. Thread-safe.
//
// The constructor's arguments must outlive it. The destructor waits for outstanding calls.
class LocalAuthenticator final : public domain::Authenticator {
 public:
  struct Dependencies {
    CredentialVerifier& verifier;
    const directory::DirectoryHolder& directory;
    internal_tokens::MintedTokens& tokens;
    const vault::Vault& vault;
    const AuthnMetrics& metrics;
    const Clock& clock;
  };
  explicit LocalAuthenticator(Dependencies parts) : parts_(parts) {}
  ~LocalAuthenticator() override { parts_.verifier.WaitUntilIdle(); }

  // Reasons: those of domain::Authenticator, authn_errors.h, libs/jose/jwt.h and
  // saml/saml_names.h.
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
  absl::StatusOr<domain::Authenticated> Admit(domain::Principal principal);
  absl::StatusOr<domain::CredentialLease> Lease(const domain::Call& call,
                                                const std::string& connection,
                                                std::uint64_t connection_version) const;

  Dependencies parts_;
};

}  // namespace countersign::authn
