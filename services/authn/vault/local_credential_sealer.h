#pragma once

#include <string>

#include "libs/domain/credential_sealer.h"
#include "services/authn/vault/vault.h"

namespace countersign::authn::vault {

// The CredentialSealer of this process: calls `done` before it returns.
class LocalCredentialSealer final : public domain::CredentialSealer {
 public:
  explicit LocalCredentialSealer(const Vault& vault) : vault_(vault) {}

  void Seal(const std::string& name, const SecretString& spec, const std::string& previous,
            absl::Time deadline, domain::Done<std::string> done) override;

  absl::StatusOr<std::string> SealNow(const std::string& name, const SecretString& spec,
                                      const std::string& previous) const;

 private:
  const Vault& vault_;
};

}  // namespace countersign::authn::vault
