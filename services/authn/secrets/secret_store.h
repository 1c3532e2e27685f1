#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/secret.h"

namespace countersign::authn::secrets {

// Where the master secrets of an installation live: a folder of files (secret_store_file.h), later
// a KMS. Names are lower-case letters, digits, '-' and '.'. Thread-safe, may block.
class SecretStore {
 public:
  virtual ~SecretStore() = default;
  // NOT_FOUND when there is none; FAILED_PRECONDITION when there is one that must not be used.
  virtual absl::StatusOr<SecretString> Get(const std::string& name) = 0;
  // Durable when it returns. ALREADY_EXISTS when there is one: a secret is never overwritten.
  virtual absl::Status Create(const std::string& name, const SecretString& value) = 0;
};

}  // namespace countersign::authn::secrets
