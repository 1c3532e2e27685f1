#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/secret.h"

namespace countersign::authn::secrets {

// Stores an installation's master secrets, for example in a folder (secret_store_file.h). Names
// consist of lower-case letters, digits, '-' and '.'. Thread-safe, may block.
class SecretStore {
 public:
  virtual ~SecretStore() = default;
  // NOT_FOUND when it does not exist; FAILED_PRECONDITION when it exists but must not be used.
  virtual absl::StatusOr<SecretString> Get(const std::string& name) = 0;
  // Durable when it returns. ALREADY_EXISTS when it exists: a secret is never overwritten.
  virtual absl::Status Create(const std::string& name, const SecretString& value) = 0;
};

}  // namespace countersign::authn::secrets
