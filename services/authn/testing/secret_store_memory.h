#pragma once

#include <map>
#include <string>

#include "libs/base/mutex.h"
#include "services/authn/secrets/secret_store.h"

namespace countersign::authn::testing {

// The in-memory fake. Thread-safe.
class MemorySecretStore final : public secrets::SecretStore {
 public:
  absl::StatusOr<SecretString> Get(const std::string& name) override {
    const MutexLock lock(mutex_);
    const auto found = secrets_.find(name);
    if (found == secrets_.end()) return absl::NotFoundError("no such secret");
    return found->second;
  }
  absl::Status Create(const std::string& name, const SecretString& value) override {
    const MutexLock lock(mutex_);
    if (!secrets_.emplace(name, value).second) return absl::AlreadyExistsError("secret exists");
    return absl::OkStatus();
  }

 private:
  Mutex mutex_;
  std::map<std::string, SecretString> secrets_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::authn::testing
