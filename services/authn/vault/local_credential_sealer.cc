#include "services/authn/vault/local_credential_sealer.h"

#include "libs/crypto/hash.h"

namespace countersign::authn::vault {

void LocalCredentialSealer::Seal(const std::string& name, const SecretString& spec,
                                 const std::string& previous, absl::Time deadline,
                                 domain::Done<std::string> done) {
  (void)deadline;  // Nothing here waits.
  done(SealNow(name, spec, previous));
}

absl::StatusOr<std::string> LocalCredentialSealer::SealNow(const std::string& name,
                                                           const SecretString& spec,
                                                           const std::string& previous) const {
  if (!previous.empty()) {
    // A previous value that can no longer be opened is replaced by a newly sealed one.
    const auto stored = vault_.Open(name, previous);
    if (stored.ok() && crypto::ConstantTimeEquals(stored->Reveal(), spec.Reveal())) {
      return previous;
    }
  }
  return vault_.Seal(name, spec);
}

}  // namespace countersign::authn::vault
