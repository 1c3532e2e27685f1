#pragma once

#include <string>

#include "services/authn/secrets/secret_store.h"

namespace countersign::authn::secrets {

// One file per secret (libs/config/secret_file.h) in one folder, which Create makes with mode 0700
// if it is missing. A file that is readable by others than its owner and group, or writable by its
// group, is refused: its value must be considered leaked.
class FileSecretStore final : public SecretStore {
 public:
  explicit FileSecretStore(std::string directory) : directory_(std::move(directory)) {}

  absl::StatusOr<SecretString> Get(const std::string& name) override;
  absl::Status Create(const std::string& name, const SecretString& value) override;

 private:
  std::string directory_;
};

}  // namespace countersign::authn::secrets
