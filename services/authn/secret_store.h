#pragma once

#include <map>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/secret.h"

namespace countersign::authn {

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

// For tests.
class MemorySecretStore final : public SecretStore {
 public:
  absl::StatusOr<SecretString> Get(const std::string& name) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = secrets_.find(name);
    if (found == secrets_.end()) return absl::NotFoundError("no such secret");
    return found->second;
  }
  absl::Status Create(const std::string& name, const SecretString& value) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!secrets_.emplace(name, value).second) return absl::AlreadyExistsError("secret exists");
    return absl::OkStatus();
  }

 private:
  std::mutex mutex_;
  std::map<std::string, SecretString> secrets_;
};

}  // namespace countersign::authn
