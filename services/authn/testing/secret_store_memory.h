#pragma once

#include <map>
#include <mutex>
#include <string>

#include "services/authn/secrets/secret_store.h"

namespace countersign::authn::testing {

// The in-memory fake. Thread-safe.
class MemorySecretStore final : public secrets::SecretStore {
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

}  // namespace countersign::authn::testing
