#pragma once

#include <string>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/base/random.h"
#include "services/authn/access_keys/access_key.h"
#include "services/authn/access_keys/key_store.h"

namespace countersign::authn::access_keys {

// Writes the built-in administrator's first access key to a file (the key and a newline, mode 0600)
// for the person who installs the gateway. Thread-safe. The constructor's arguments must outlive
// it.
class AdminKeyFile {
 public:
  AdminKeyFile(std::string path, KeyStore& store, const KeyHasher& hasher, const Clock& clock,
               RandomSource& random)
      : path_(std::move(path)), store_(store), hasher_(hasher), clock_(clock), random_(random) {}

  // Makes a key and writes the file, unless the file exists or `path` is empty. Blocking.
  // Idempotent; call it again after an error (UNAVAILABLE while the store is down).
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
