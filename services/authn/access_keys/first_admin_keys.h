#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "libs/async/retry_loop.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/base/random.h"
#include "services/authn/access_keys/access_key.h"
#include "services/authn/access_keys/key_store.h"

namespace countersign::authn::access_keys {

// The built-in administrator's first access keys: one is made and written to a file (the key and a
// newline, mode 0600) for the person who installs the gateway; one is read from a file, for
// installations that make their secrets before their services start. Thread-safe. The constructor's
// arguments must outlive it.
class FirstAdminKeys {
 public:
  struct Files {  // either may be empty
    std::string write;
    std::string read;
  };
  FirstAdminKeys(Files files, KeyStore& store, const KeyHasher& hasher, const Clock& clock,
                 RandomSource& random)
      : files_(std::move(files)), store_(store), hasher_(hasher), clock_(clock), random_(random) {}

  // Registers the key that is read; one that was registered before stays as it is, so that a
  // revoked key does not come back. Makes the key that is written, unless its file exists.
  // Blocking. Idempotent; call it again after an error (UNAVAILABLE while the store is down).
  // FAILED_PRECONDITION when a file cannot be read, INVALID_ARGUMENT when its content cannot be an
  // access key.
  absl::Status Ensure();

  // Calls Ensure in the background, now and every few seconds until it has succeeded, so that the
  // keys do not depend on who asks whether the process is ready. At most once.
  void Start();

 private:
  absl::Status EnsureRead();
  absl::Status EnsureWritten();

  const Files files_;
  KeyStore& store_;
  const KeyHasher& hasher_;
  const Clock& clock_;
  RandomSource& random_;
  Mutex mutex_;
  bool ensured_ CS_GUARDED_BY(mutex_) = false;
  std::unique_ptr<async::RetryLoop> loop_;  // last, because it uses the others
};

}  // namespace countersign::authn::access_keys
