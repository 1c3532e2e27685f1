#pragma once

#include <string>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/base/random.h"
#include "services/authn/access_keys/access_key.h"
#include "services/authn/access_keys/key_store.h"

namespace countersign::authn::access_keys {

// Registers the value in a file as an access key of the built-in administrator, for installations
// that make their secrets before their services start. A value that was registered before stays as
// it is: a revoked key does not come back. Thread-safe. The constructor's arguments must outlive
// it.
class InitialAdminKey {
 public:
  InitialAdminKey(std::string path, KeyStore& store, const KeyHasher& hasher, const Clock& clock,
                  RandomSource& random)
      : path_(std::move(path)), store_(store), hasher_(hasher), clock_(clock), random_(random) {}

  // Reads the file and registers its key, unless `path` is empty. Blocking. Idempotent; call it
  // again after an error (UNAVAILABLE while the store is down). FAILED_PRECONDITION when the file
  // cannot be read, INVALID_ARGUMENT when its content cannot be an access key.
  absl::Status Ensure();

 private:
  const std::string path_;
  KeyStore& store_;
  const KeyHasher& hasher_;
  const Clock& clock_;
  RandomSource& random_;
  Mutex mutex_;
  bool ensured_ CS_GUARDED_BY(mutex_) = false;
};

}  // namespace countersign::authn::access_keys
